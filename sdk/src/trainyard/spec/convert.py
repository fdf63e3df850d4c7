"""Values by the types of the language: conversion and validation.

A value comes from a file with a type of its own, or as text from a command line; both end as the same plain JSON value.
Text is read by the declared type (`"3"` is 3 for an int and `"3"` for a str). Nothing is rounded, cut or guessed:
what does not fit is refused.
"""

from __future__ import annotations

import datetime
import math
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

import msgspec
from pydantic import JsonValue, TypeAdapter, ValidationError

from trainyard.spec.io import Input, Output, TypeName, Validation, pattern
from trainyard.spec.model import described
from trainyard.spec.node import INT_LIMIT, MAX_DEPTH

__all__ = ["convert", "satisfies"]

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_DURATION: TypeAdapter[datetime.timedelta] = TypeAdapter(datetime.timedelta)


def convert(value: object, io: Input | Output, *, text: bool = False) -> JsonValue:
    """`value` as the declared type wants it; `text` says that it is text from a command line.

    Dates are ISO 8601 text, a timedelta is ISO 8601 text too. Raises ValueError whose message says what was expected.
    """
    if io.is_list:
        return _list_of(value, io.type)
    if io.type == "any" and text and isinstance(value, str):
        return _any(_json_or_text(value))
    return _CONVERTERS[io.type](value)


def satisfies(value: JsonValue, validation: Validation) -> Iterator[str]:
    """What of `validation` the value breaks, in words. A list and the values of a dict are checked one by one."""
    if isinstance(value, list | dict):
        yield from _collection(value, validation)
    elements = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    for element in elements:
        for check in _CHECKS:
            said = check(element, validation)
            if said:
                yield said


def _list_of(value: object, kind: TypeName) -> JsonValue:
    items = _list(value)
    assert isinstance(items, list)
    if kind == "any":
        return items
    return [_CONVERTERS[kind](item) for item in items]


def _json_or_text(value: str) -> object:
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value


def _parsed(value: object, expected: str) -> object:
    """Text as the JSON it holds; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value.strip())
    except (msgspec.DecodeError, RecursionError):
        raise _misfit(value, expected) from None


def _any(value: object, depth: int = 0) -> JsonValue:
    """A JSON value, copied; numbers must be finite and within 64 bits, nesting as in a document."""
    if depth > MAX_DEPTH:
        raise ValueError(f"a value must not be nested deeper than {MAX_DEPTH} levels")
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return _int(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, list | tuple):
        return [_any(item, depth + 1) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _any(item, depth + 1) for key, item in value.items()}
    raise ValueError(f"a value is plain data, not {described(value)}")


def _str(value: object) -> JsonValue:
    if isinstance(value, str):
        return value
    raise ValueError(f"expected text, not {described(value)}; put it in quotes")


def _int(value: object) -> int:
    number = _parsed(value, "a whole number such as `3`")
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        raise _misfit(value, "a whole number such as `3`")
    if not -INT_LIMIT <= number < INT_LIMIT:
        raise ValueError("a whole number must fit in 64 bits")
    return number


def _float(value: object) -> float:
    number = _number_text(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise _misfit(value, "a number such as `0.1` or `1e-4`")
    try:
        result = float(number)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise ValueError("a number must be finite")
    return result


def _number_text(value: str) -> object:
    """`.5` and `1.` are numbers for people and not for JSON."""
    return float(value) if re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", value, re.ASCII) else value


def _bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise _misfit(value, "true or false")


def _dict(value: object) -> JsonValue:
    found = _parsed(value, 'a mapping such as `{"a": 1}`')
    if not isinstance(found, Mapping):
        raise _misfit(value, 'a mapping such as `{"a": 1}`')
    return _any(found)


def _list(value: object) -> JsonValue:
    found = _parsed(value, 'a list such as `["a", "b"]`')
    if not isinstance(found, list | tuple):
        raise _misfit(value, 'a list such as `["a", "b"]`')
    return _any(found)


def _uri(value: object) -> JsonValue:
    if isinstance(value, str) and not re.search(r"\s", value):
        try:
            if urlsplit(value).scheme:
                return value
        except ValueError:
            raise _misfit(value, "a URI such as `https://example.org/data`") from None
    raise _misfit(value, "a URI such as `https://example.org/data`")


def _email(value: object) -> JsonValue:
    if isinstance(value, str) and len(value) <= 320 and _EMAIL.fullmatch(value):
        return value
    raise _misfit(value, "an address such as `ada@example.org`")


def _uuid(value: object) -> JsonValue:
    try:
        return str(uuid.UUID(_as_text(value)))
    except ValueError:
        raise _misfit(value, "a UUID") from None


def _date(value: object) -> JsonValue:
    try:
        return datetime.date.fromisoformat(_as_text(value)).isoformat()
    except ValueError:
        raise _misfit(value, "a date such as `2030-12-31`") from None


def _datetime(value: object) -> JsonValue:
    try:
        return datetime.datetime.fromisoformat(_as_text(value)).isoformat()
    except ValueError:
        raise _misfit(value, "a time such as `2030-12-31T08:00:00Z`") from None


def _timedelta(value: object) -> JsonValue:
    expected = "a duration in seconds, or such as `PT1H30M` or `01:30:00`"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _misfit(value, expected)
    try:
        delta = _DURATION.validate_python(float(value) if not isinstance(value, str) else value)
    except (ValidationError, OverflowError):
        raise _misfit(value, expected) from None
    iso = _DURATION.dump_python(delta, mode="json")
    assert isinstance(iso, str)
    return iso


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _misfit(value: object, expected: str) -> ValueError:
    shown = f'"{value[:40]}"' if isinstance(value, str) else described(value)
    return ValueError(f"expected {expected}, not {shown}")


_CONVERTERS: dict[TypeName, Callable[[object], JsonValue]] = {
    "any": _any,
    "str": _str,
    "path": _str,
    "int": _int,
    "float": _float,
    "metric": _float,
    "bool": _bool,
    "dict": _dict,
    "list": _list,
    "uri": _uri,
    "email": _email,
    "uuid": _uuid,
    "date": _date,
    "datetime": _datetime,
    "timedelta": _timedelta,
}


def _collection(value: list[JsonValue] | dict[str, JsonValue], rule: Validation) -> Iterator[str]:
    if rule.min_items is not None and len(value) < rule.min_items:
        yield f"must have {rule.min_items} items or more"
    if rule.max_items is not None and len(value) > rule.max_items:
        yield f"must have {rule.max_items} items or fewer"
    if isinstance(value, dict):
        yield from _keys(value, rule)


def _keys(value: dict[str, JsonValue], rule: Validation) -> Iterator[str]:
    if rule.keys is not None and set(value) != set(rule.keys):
        yield f"must have exactly the keys {_listed(rule.keys)}"
    missing = [key for key in rule.contains_keys or () if key not in value]
    if missing:
        yield f"lacks {_listed(missing)}"
    extra = [key for key in rule.excludes_keys or () if key in value]
    if extra:
        yield f"must not have {_listed(extra)}"


def _order(value: JsonValue, rule: Validation) -> str | None:
    bounds = {"more than": rule.gt, "at least": rule.ge, "less than": rule.lt, "at most": rule.le}
    set_bounds = {words: bound for words, bound in bounds.items() if bound is not None}
    if not set_bounds:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"must be a number to be {' and '.join(f'{word} {bound}' for word, bound in set_bounds.items())}"
    for words, bound in set_bounds.items():
        if not _ORDER[words](value, bound):
            return f"must be {words} {bound}"
    return None


_ORDER: dict[str, Callable[[float, float], bool]] = {
    "more than": lambda value, bound: value > bound,
    "at least": lambda value, bound: value >= bound,
    "less than": lambda value, bound: value < bound,
    "at most": lambda value, bound: value <= bound,
}


def _digits(value: JsonValue, rule: Validation) -> str | None:
    if rule.multiple_of is rule.min_digits is rule.max_digits is rule.decimal_places is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number"
    number = Decimal(repr(value))
    if rule.multiple_of and not _is_multiple(number, Decimal(repr(rule.multiple_of))):
        return f"must be a multiple of {rule.multiple_of}"
    _, digits, exponent = number.normalize().as_tuple()
    places = max(0, -int(exponent))
    count = max(len(digits) + max(0, int(exponent)), places)
    if rule.min_digits is not None and count < rule.min_digits:
        return f"must have {rule.min_digits} digits or more"
    if rule.max_digits is not None and count > rule.max_digits:
        return f"must have {rule.max_digits} digits or fewer"
    if rule.decimal_places is not None and places > rule.decimal_places:
        return f"must have {rule.decimal_places} decimal places or fewer"
    return None


def _is_multiple(number: Decimal, unit: Decimal) -> bool:
    try:
        return number % unit == 0
    except InvalidOperation:
        return False  # the quotient has more digits than a number of a file can have


def _length(value: JsonValue, rule: Validation) -> str | None:
    if rule.min_length is None and rule.max_length is None:
        return None
    if not isinstance(value, str):
        return "must be text to have a length"
    if rule.min_length is not None and len(value) < rule.min_length:
        return f"must have {rule.min_length} characters or more"
    if rule.max_length is not None and len(value) > rule.max_length:
        return f"must have {rule.max_length} characters or fewer"
    return None


def _regex(value: JsonValue, rule: Validation) -> str | None:
    if rule.regex is None:
        return None
    try:
        pattern(rule.regex).validate_python(value, strict=True)
    except ValidationError:
        return f"must match `{rule.regex}`"
    return None


def _content(value: JsonValue, rule: Validation) -> str | None:
    if rule.contains is not None and not _within(rule.contains, value):
        return f"must contain {rule.contains!r}"
    if rule.excludes is not None and _within(rule.excludes, value):
        return f"must not contain {rule.excludes!r}"
    if rule.options is not None and not any(_same(value, option) for option in rule.options):
        return f"must be one of {_listed(rule.options)}"
    return None


def _within(part: JsonValue, value: JsonValue) -> bool:
    if isinstance(value, str):
        return isinstance(part, str) and part in value
    return isinstance(value, list | dict) and part in value


def _same(value: JsonValue, option: JsonValue) -> bool:
    return value == option and isinstance(value, bool) == isinstance(option, bool)


def _listed(names: Iterable[object]) -> str:
    return ", ".join(f"`{name}`" for name in names)


_CHECKS = (_order, _digits, _length, _regex, _content)
