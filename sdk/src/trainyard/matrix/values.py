"""What can be said of the values of a space without drawing any."""

from __future__ import annotations

import math

from pydantic import JsonValue

from trainyard.matrix.space import Normal, Param, Space, Uniform

__all__ = ["combinations", "count", "example", "extremes"]


def example(param: Param) -> JsonValue:
    """One value of a param: the first, the lowest, or the middle of a normal one."""
    if isinstance(param, Uniform | Normal):
        return extremes(param)[0]
    return param.values[0]  # type: ignore[return-value] # plain data, by what the struct says of itself


def extremes(param: Uniform | Normal) -> tuple[int | float, ...]:
    """The lowest and the highest value; the middle alone of a normal param, which has no ends."""
    grain = param.step or float(param.integer)
    if isinstance(param, Normal):
        middle = math.exp(param.loc) if param.log else param.loc
        return (_typed(round(middle / grain) * grain if grain else middle, integer=param.integer),)
    low, high = param.low, param.high
    if grain:
        low, high = math.ceil(low / grain) * grain, math.floor(high / grain) * grain
    return _typed(low, integer=param.integer), _typed(high, integer=param.integer)


def count(param: Param) -> int | None:
    """How many values a param has; None when there is no end of them."""
    if isinstance(param, Normal):
        return None
    if isinstance(param, Uniform):
        grain = param.step or float(param.integer)
        return math.floor(param.high / grain) - math.ceil(param.low / grain) + 1 if grain else None
    return len(param.values)


def combinations(space: Space) -> int | None:
    """How many sets of params a space has, its constraints apart; None when there is no end of them."""
    total = 1
    for param in space.params.values():
        found = count(param)
        if found is None:
            return None
        total *= found
    return total


def _typed(value: float, *, integer: bool) -> int | float:
    return int(value) if integer else float(value)
