"""Values in templates: their text form, their limits, and the error that all of the template code raises."""

from __future__ import annotations

import json
import math

from trainyard.spec.node import INT_LIMIT

__all__ = ["MAX_TEXT", "TemplateError", "bounded", "json_of", "number", "real", "text_of"]

MAX_TEXT = 128 * 1024
"""Characters of one value: the most that Linux takes as one argument of a command."""


class TemplateError(ValueError):
    """A template cannot be evaluated. `near` is the name in its text that is at fault, when there is one."""

    def __init__(self, message: str, fix: str | None, *, near: str | None = None) -> None:
        super().__init__(message)
        self.message, self.fix, self.near = message, fix, near


def text_of(value: object) -> str:
    """The text form of a value: text as it is, everything else as JSON (`true`, `0.1`, `[1,2]`).

    Raises TemplateError for no value, because `null` in a command line is hardly ever meant.
    """
    if isinstance(value, str):
        return value
    if value is None:
        raise TemplateError(
            "this has no value and cannot be text", "give it a value, or use `| default('...')` or `params.NAME.as_arg`"
        )
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, int | float) else json_of(value)


def json_of(value: object) -> str:
    """The value as JSON on one line. Raises TemplateError when it would be too large."""
    _measure(value, MAX_TEXT)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _measure(value: object, left: int) -> int:
    """What is left of a number of characters once `value` is written; stops as soon as nothing is."""
    if left < 0:
        bounded(MAX_TEXT + 1)
    if isinstance(value, str):
        return left - len(value) - 2
    if isinstance(value, dict):
        for key, item in value.items():
            left = _measure(item, left - len(key) - 4)
    elif isinstance(value, list):
        for item in value:
            left = _measure(item, left - 1)
    return left - 2


def bounded(size: int) -> None:
    """Raises TemplateError for text that would be too large, before it is made."""
    if size > MAX_TEXT:
        raise TemplateError(f"the text would be longer than {MAX_TEXT} characters", "pass large data as a file")


def real(value: object) -> int | float:
    """`value`, if it is a number; true and false are none. Raises TemplateError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TemplateError("this needs a number", "convert text with `| int` or `| float`")
    return value


def number(value: object) -> int | float:
    """`value`, if it is a number that JSON can carry: finite, whole ones within 64 bits. Raises TemplateError."""
    if isinstance(value, int) and -INT_LIMIT <= value < INT_LIMIT:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise TemplateError("the result is not a number of 64 bits", None)
