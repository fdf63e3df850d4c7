"""Values by the types of the language: conversion.

A value comes from a file with a type of its own, or as text from a command line; both end as the same plain JSON value.
Text is read by the declared type (`"3"` is 3 for an int and `"3"` for a str). Nothing is rounded, cut or guessed:
what does not fit is refused. The validation keys are in `satisfy.py`.
"""

from __future__ import annotations

import datetime
import math
import re
import uuid
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import msgspec
from pydantic import JsonValue, TypeAdapter, ValidationError

from trainyard.spec.io import Input, Output, TypeName
from trainyard.spec.model import described
from trainyard.spec.node import INT_LIMIT, MAX_DEPTH

__all__ = ["convert"]

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_TOO_DEEP = f"a value must not be nested deeper than {MAX_DEPTH} levels"
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


def _list_of(value: object, kind: TypeName) -> JsonValue:
    items = _list(value)
    assert isinstance(items, list)
    if kind == "any":
        return items
    return [_CONVERTERS[kind](item) for item in items]


def _json_or_text(value: str) -> object:
    try:
        return _decoded(value)
    except msgspec.DecodeError:
        return value


def _decoded(text: str) -> object:
    """The JSON value of a text. What is nested deeper than the library reads is far deeper than we allow."""
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def _parsed(value: object, expected: str) -> object:
    """Text as the JSON it holds; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return _decoded(value.strip())
    except msgspec.DecodeError:
        raise _misfit(value, expected) from None


def _any(value: object, depth: int = 0) -> JsonValue:
    """A JSON value, copied; numbers must be finite and within 64 bits, nesting as in a document."""
    if depth > MAX_DEPTH:
        raise ValueError(_TOO_DEEP)
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
