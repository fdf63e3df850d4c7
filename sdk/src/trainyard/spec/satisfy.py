"""The validation keys of inputs: what a converted value must satisfy, and what to say when it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation

from pydantic import JsonValue, ValidationError

from trainyard.spec.io import Validation, pattern

__all__ = ["satisfies"]


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
