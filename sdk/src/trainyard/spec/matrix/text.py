"""Limits that are written as one line of text: `n + 2*m <= 100` on params, `memory <= 8` on a metric.

The grammar: a sum of numbers, names and products of a number with a name, on both sides of `<=` or `>=`. Names may hold
`-`, `.` and `/`, so a minus stands between blanks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator

from trainyard.matrix.objective import Limit
from trainyard.matrix.space import Linear
from trainyard.spec.model import problem

__all__ = ["ConstraintText", "LimitText", "limit", "linear"]

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NAME = r"[A-Za-z_][A-Za-z0-9_./]*(?:-[A-Za-z0-9_./]+)*"
_TERM = re.compile(
    rf"\s*(?P<sign>[-+]?)\s*(?:(?P<factor>{_NUMBER})\s*(?:\*\s*(?P<scaled>{_NAME}))?"
    rf"|(?P<name>{_NAME})(?:\s*\*\s*(?P<after>{_NUMBER}))?)\s*(?=[-+]|$)"
)
_RELATION = re.compile(r"<=|>=|<|>|==|=")
_LINEAR = "write a sum such as `n + 2*m <= 100`"
_LIMIT = "write a metric and its bound, such as `memory <= 8`"


def linear(text: str) -> Linear:
    """The constraint that a text says. Raises ValueError, parted by `; ` into what is wrong and what to do."""
    terms, rest = _compared(text, _LINEAR)
    terms = {name: factor for name, factor in terms.items() if factor}
    if not terms:
        raise ValueError(f"no param is in it; {_LINEAR}")
    return Linear(terms=terms, at_most=rest)


def limit(text: str) -> Limit:
    """The limit that a text says. Raises ValueError, parted by `; ` into what is wrong and what to do."""
    terms, rest = _compared(text, _LIMIT)
    if len(terms) != 1 or abs(next(iter(terms.values()))) != 1:
        raise ValueError(f"a limit is on one metric, as it is; {_LIMIT}")
    (name, factor), *_ = terms.items()
    return Limit(name=name, at_most=rest) if factor > 0 else Limit(name=name, at_least=0.0 - rest)


def _compared(text: str, fix: str) -> tuple[dict[str, float], float]:
    """Terms and the number that their sum is not above."""
    relations = _RELATION.findall(text)
    if len(relations) != 1 or relations[0] not in ("<=", ">="):
        raise ValueError(f"there is no single `<=` or `>=` in it; {fix}")
    left, right = (_sum(side, fix) for side in _RELATION.split(text))
    smaller, larger = (left, right) if relations[0] == "<=" else (right, left)
    names = dict.fromkeys((*left, *right))
    terms = {name: smaller.get(name, 0.0) - larger.get(name, 0.0) for name in names}
    return {name: factor for name, factor in terms.items() if name}, -terms.get("", 0.0) + 0.0


def _sum(side: str, fix: str) -> dict[str, float]:
    """Factors by name; the sum of the plain numbers is under the empty name."""
    factors: dict[str, float] = {}
    at = 0
    while at < len(side) or not at:
        found = _TERM.match(side, at)
        if found is None or (at and not found["sign"]):
            raise ValueError(f"`{side[at:].strip()[:40]}` is not a sum of numbers and names; {fix}")
        number = float(found["factor"] or found["after"] or 1) * (-1 if found["sign"] == "-" else 1)
        name = found["scaled"] or found["name"] or ""
        factors[name] = factors.get(name, 0.0) + number
        at = found.end()
    return factors


def _checked(read: Callable[[str], object]) -> AfterValidator:
    def check(text: str) -> str:
        try:
            read(text)
        except ValueError as error:
            said, _, fix = str(error).partition("; ")
            raise problem(said, fix) from None
        return text

    return AfterValidator(check)


ConstraintText = Annotated[str, _checked(linear)]
"""A text that `linear` can read."""
LimitText = Annotated[str, _checked(limit)]
"""A text that `limit` can read."""
