"""The filters and tests that templates may use: small, pure, and bounded before they make anything large."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trainyard.compile.value import TemplateError, bounded, json_of, number, real, text_of

__all__ = ["FILTERS", "TESTS", "Filter"]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter, the least and most values it takes after the one it is applied to, and what it does, for the docs."""

    apply: Callable[..., object]
    least: int
    most: int
    does: str


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TemplateError("this filter is for text", "use `| string` before it")
    return value


def _items(value: object) -> list[object]:
    if not isinstance(value, list) or not value:
        raise TemplateError("this filter is for a list that is not empty", None)
    return value


def _default(value: object, other: object) -> object:
    return other if value is None else value


def _join(value: object, separator: object = "") -> str:
    if not isinstance(value, list):
        raise TemplateError("`join` is for a list", None)
    texts = [text_of(item) for item in value]
    bounded(sum(map(len, texts)) + len(_text(separator)) * len(texts))
    return _text(separator).join(texts)


def _replace(value: object, old: object, new: object) -> str:
    text, before, after = _text(value), _text(old), _text(new)
    if not before:
        raise TemplateError("`replace` needs the text to look for", None)
    bounded(len(text) + text.count(before) * max(0, len(after) - len(before)))
    return text.replace(before, after)


def _length(value: object) -> int:
    if isinstance(value, str | list | Mapping):
        return len(value)
    raise TemplateError("`length` is for text, a list or a mapping", None)


def _int(value: object) -> int:
    if isinstance(value, str):
        value = _parsed(value, int)
    return number(int(real(value)))  # type: ignore[return-value] # an int stays one


def _float(value: object) -> float:
    return float(real(_parsed(value, float) if isinstance(value, str) else value))


def _parsed(text: str, kind: Callable[[str], int | float]) -> int | float:
    try:
        return kind(text) if len(text) <= 64 else kind("")
    except ValueError:
        raise TemplateError("this text is not a number", None) from None


def _round(value: object, digits: object = 0) -> int | float:
    places = real(digits)
    if not isinstance(places, int) or abs(places) > 20:
        raise TemplateError("`round` takes a number of digits up to 20", None)
    return number(round(real(value), places) if places else float(round(real(value))))


def _best(choose: Callable[..., object]) -> Callable[[object], object]:
    def apply(value: object) -> object:
        try:
            return choose(_items(value))
        except TypeError:
            raise TemplateError("these values have no order", None) from None

    return apply


FILTERS: dict[str, Filter] = {
    "abs": Filter(lambda value: number(abs(real(value))), 0, 0, "the number without its sign"),
    "d": Filter(_default, 1, 1, "short for `default`"),
    "default": Filter(_default, 1, 1, "the argument when there is no value"),
    "first": Filter(lambda value: _items(value)[0], 0, 0, "the first of a list"),
    "float": Filter(_float, 0, 0, "as a number with a fraction"),
    "int": Filter(_int, 0, 0, "as a whole number, cut towards 0"),
    "join": Filter(_join, 0, 1, "the items of a list as one text, with the argument between them"),
    "json": Filter(json_of, 0, 0, "as JSON, on one line"),
    "last": Filter(lambda value: _items(value)[-1], 0, 0, "the last of a list"),
    "length": Filter(_length, 0, 0, "how many characters or items"),
    "lower": Filter(lambda value: _text(value).lower(), 0, 0, "in small letters"),
    "max": Filter(_best(max), 0, 0, "the largest of a list"),
    "min": Filter(_best(min), 0, 0, "the smallest of a list"),
    "quote": Filter(lambda value: shlex.quote(text_of(value)), 0, 0, "as one word for a shell"),
    "replace": Filter(_replace, 2, 2, "with the first argument replaced by the second"),
    "round": Filter(_round, 0, 1, "rounded to the given digits after the point, 0 if none are given"),
    "string": Filter(text_of, 0, 0, "as text"),
    "tojson": Filter(json_of, 0, 0, "same as `json`"),
    "trim": Filter(lambda value: _text(value).strip(), 0, 0, "without blanks at its ends"),
    "upper": Filter(lambda value: _text(value).upper(), 0, 0, "in capital letters"),
}

TESTS: dict[str, Callable[[object], bool]] = {"none": lambda value: value is None}
