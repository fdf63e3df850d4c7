"""Numbers and choices of one word in a matrix, each refused in words when it is out of its range. None of them may be
a template: a matrix is read before a trial exists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import BeforeValidator

from trainyard.spec.model import described, is_template, problem
from trainyard.spec.node import INT_LIMIT

__all__ = ["Count", "Finite", "Natural", "Percent", "Positive", "Seed", "one_of"]

_NO_TEMPLATE = "templates are not evaluated in a matrix", "write the value out"


def _whole_from(least: int) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int):
            raise _misfit(value, "a whole number", "write digits without quotes, such as `10`")
        if not least <= value < INT_LIMIT:
            raise problem(f"must be {least} or more, not {value}", f"write {least} or more")
        return value

    return check


def _finite(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _misfit(value, "a number", "write digits without quotes, such as `0.1`")
    return value


def _positive(value: object) -> object:
    _finite(value)
    assert isinstance(value, int | float)
    if value <= 0:
        raise problem(f"must be more than 0, not {value:g}", "write a number above 0")
    return value


def _percent(value: object) -> object:
    _finite(value)
    assert isinstance(value, int | float)
    if not 0 < value <= 100:
        raise problem(f"must be a percentage above 0 and up to 100, not {value:g}", "write a number such as `50`")
    return value


def one_of(*words: str) -> BeforeValidator:
    """A validator for a field that holds one of a few words."""

    def check(value: object) -> object:
        if value not in words:
            shown = f"`{value[:40]}`" if isinstance(value, str) else described(value)
            raise problem(f"{shown} is not one of the words for this", f"choose from {', '.join(words)}")
        return value

    return BeforeValidator(check)


def _misfit(value: object, expected: str, fix: str) -> Exception:
    if is_template(value):
        return problem(*_NO_TEMPLATE)
    return problem(f"must be {expected}, not {described(value)}", fix)


Natural = Annotated[int, BeforeValidator(_whole_from(1), json_schema_input_type=int)]
"""A whole number of 1 or more."""
Count = Annotated[int, BeforeValidator(_whole_from(0), json_schema_input_type=int)]
"""A whole number of 0 or more."""
Seed = Count
Finite = Annotated[int | float, BeforeValidator(_finite, json_schema_input_type=int | float)]
Positive = Annotated[int | float, BeforeValidator(_positive, json_schema_input_type=int | float)]
Percent = Annotated[int | float, BeforeValidator(_percent, json_schema_input_type=int | float)]
