"""One parameter as the model sees it: a coordinate on an axis, and back.

A model knows three kinds of axis: real numbers, whole numbers, and labels without an order. Steps are counted, ordered
values go by their place (so a logspace is even for the model), and choices by a label, so that dates, lists and mixed
types cost nothing. A parameter with a single value has no axis. Names never reach the model.
"""

from __future__ import annotations

import json
import math
from typing import Literal

import msgspec

from trainyard.matrix.space import Choice, Normal, Ordered, Param, Uniform, Weighted

__all__ = ["Dimension", "Line", "axis_of", "coordinate", "line_of", "listed", "place", "size", "value_at"]

CLOSE = 1e-9


class Dimension(msgspec.Struct, frozen=True, array_like=True):
    """From `low` to `high`, both included. A label's coordinates are whole numbers, too."""

    kind: Literal["real", "whole", "label"]
    low: float
    high: float
    log: bool = False


class Line(msgspec.Struct, frozen=True):
    """How a value follows from its coordinate: `offset + scale * coordinate`."""

    offset: float
    scale: float


def axis_of(param: Param) -> Dimension | None:
    """The axis of a parameter, None when it has one value only. Raises TypeError for a normal distribution."""
    if isinstance(param, Uniform) and not _grain(param):
        return Dimension("real", param.low, param.high, param.log)
    low, high = _whole_bounds(param)
    if low == high:
        return None
    if isinstance(param, Uniform):
        return Dimension("whole", low, high, param.log and low > 0)
    return Dimension("whole" if isinstance(param, Ordered) else "label", low, high)


def size(param: Param) -> int | None:
    """How many values a parameter has, None for as good as infinitely many."""
    if isinstance(param, Uniform) and not _grain(param):
        return None
    low, high = _whole_bounds(param)
    return high - low + 1


def listed(param: Param) -> list[object]:
    """All values of a parameter that has a `size`, in order."""
    low, high = _whole_bounds(param)
    return [value_at(param, number) for number in range(low, high + 1)]


def coordinate(param: Param, value: object) -> float:
    """Where an allowed value lies on the axis. Raises ValueError for a value without a place, as one of weight 0."""
    if isinstance(param, Uniform):
        number = float(value)  # type: ignore[arg-type]  # an allowed value of a Uniform is a number
        return number if not _grain(param) else float(round(number / _grain(param)))
    return float([_text(each) for each in _values(param)].index(_text(value)))


def value_at(param: Param, coordinate: float) -> object:
    """The value at a coordinate; a model's rounding errors do not leave the parameter."""
    if not isinstance(param, Uniform):
        values = _values(param)
        return values[min(max(round(coordinate), 0), len(values) - 1)]
    grain = _grain(param)
    if not grain:
        return min(max(float(coordinate), float(param.low)), float(param.high))
    low, high = _whole_bounds(param)
    number = min(max(round(coordinate), low), high) * grain
    return round(number) if param.integer else min(max(float(f"{number:.12g}"), param.low), param.high)


def place(param: Param, share: float) -> object:
    """The value at a share (from 0 to 1) of all the parameter's probability."""
    if isinstance(param, Weighted):
        return _weighted_value(param, share)
    if isinstance(param, Uniform) and not _grain(param):
        return value_at(param, _between(param.low, param.high, share, log=param.log))
    low, high = _whole_bounds(param)
    if isinstance(param, Uniform) and param.log and low > 0:
        return value_at(param, round(_between(low - 0.5, high + 0.5, share, log=True)))
    return value_at(param, min(low + math.floor(share * (high - low + 1)), high))


def line_of(param: Param) -> Line | None:
    """How values follow from coordinates, None where no line says it: for logarithms and uneven values."""
    if isinstance(param, Uniform):
        return None if param.log else Line(0.0, _grain(param) or 1.0)
    if isinstance(param, Ordered) and all(isinstance(value, int | float) for value in param.values):
        return _even([float(value) for value in param.values])
    return None


def _even(values: list[float]) -> Line | None:
    step = values[1] - values[0] if len(values) > 1 else 0.0
    expected = [values[0] + step * index for index in range(len(values))]
    span = abs(values[-1] - values[0]) or 1.0
    even = all(math.isclose(one, two, abs_tol=CLOSE * span) for one, two in zip(values, expected, strict=True))
    return Line(values[0], step) if even else None


def _between(low: float, high: float, share: float, *, log: bool) -> float:
    if log:
        return math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
    return low + share * (high - low)


def _weighted_value(param: Weighted, share: float) -> object:
    total = 0.0
    possible = [(value, weight) for value, weight in zip(param.values, param.weights, strict=True) if weight > 0]
    for value, weight in possible:
        total += weight
        if share < total:
            return value
    return possible[-1][0]


def _whole_bounds(param: Param) -> tuple[int, int]:
    if isinstance(param, Normal):
        raise TypeError("a normal distribution has no bounds")
    if not isinstance(param, Uniform):
        return 0, len(_values(param)) - 1
    grain = _grain(param)
    return math.ceil(param.low / grain - CLOSE), math.floor(param.high / grain + CLOSE)


def _values(param: Param) -> tuple[object, ...]:
    if isinstance(param, Weighted):
        return tuple(value for value, weight in zip(param.values, param.weights, strict=True) if weight > 0)
    return param.values if isinstance(param, Choice | Ordered) else ()


def _grain(param: Uniform) -> float:
    return param.step or float(param.integer)


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)
