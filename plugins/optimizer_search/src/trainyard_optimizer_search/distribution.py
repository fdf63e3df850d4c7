"""One param of a space as an optimizer sees it: how many values it has, which is the n-th, and which stands at a given
share of its distribution. Exact: multiples of a step are counted in fractions, so 0.1 to 0.3 by 0.1 are three.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from statistics import NormalDist

from trainyard.matrix.space import Choice, Normal, Ordered, Param, Uniform, Weighted

__all__ = ["at", "grain", "is_discrete", "multiples", "quantile", "share", "size"]

FARTHEST = 1e300
"""No drawn number is larger: the tail of a distribution ends in no infinity."""
LARGEST_EXPONENT = 690.0
STANDARD = NormalDist()


def size(param: Param) -> int | None:
    """How many values can be drawn. None: more than can be counted."""
    if isinstance(param, Uniform):
        if not grain(param):
            return None
        first, last = multiples(param)
        return last - first + 1
    return None if isinstance(param, Normal) else len(_possible(param))


def is_discrete(param: Param) -> bool:
    """Whether a value can come twice."""
    return not isinstance(param, Uniform | Normal) or grain(param) > 0


def at(param: Param, index: int) -> object:
    """The value of that number, from 0, of a param that has a size."""
    if isinstance(param, Uniform):
        return _multiple(param, multiples(param)[0] + index)
    if isinstance(param, Normal):
        raise ValueError("the values of a normal distribution have no numbers")
    return _possible(param)[index]


def quantile(param: Param, u: float) -> object:
    """The value below which a share `u`, between 0 and 1, of the distribution lies."""
    match param:
        case Choice() | Ordered():
            return param.values[min(int(u * len(param.values)), len(param.values) - 1)]
        case Weighted():
            return _weighted(param, u)
        case Uniform():
            return _uniform(param, u)
        case Normal():
            return _normal(param, u)


def share(param: Normal, value: float) -> float:
    """The share of the distribution below the value: what `quantile` is the inverse of."""
    return NormalDist(param.loc, param.scale).cdf(math.log(max(value, 5e-324)) if param.log else value)


@lru_cache(maxsize=1024)
def grain(param: Uniform | Normal) -> Fraction:
    """What every value is a multiple of; 0 when any number will do."""
    step = Fraction(repr(param.step))
    if not param.integer:
        return step
    return Fraction(step.numerator) if step else Fraction(1)


@lru_cache(maxsize=1024)
def multiples(param: Uniform) -> tuple[int, int]:
    """The lowest and highest multiple of the grain between the bounds. Raises ValueError when there is none."""
    by = grain(param)
    first, last = math.ceil(Fraction(repr(param.low)) / by), math.floor(Fraction(repr(param.high)) / by)
    if first > last:
        raise ValueError(f"no multiple of {float(by):g} lies from {param.low:g} to {param.high:g}")
    return first, last


def _possible(param: Choice | Ordered | Weighted) -> tuple[object, ...]:
    """The values that can be drawn: one of weight 0 never is."""
    if isinstance(param, Weighted):
        return tuple(value for value, weight in zip(param.values, param.weights, strict=True) if weight > 0)
    return param.values


def _weighted(param: Weighted, u: float) -> object:
    values, sums = _possible(param), list(accumulate(weight for weight in param.weights if weight > 0))
    return values[min(bisect_right(sums, u * sums[-1]), len(values) - 1)]


def _uniform(param: Uniform, u: float) -> int | float:
    by = grain(param)
    if not by:
        return min(max(_between(param.low, param.high, u, log=param.log), param.low), param.high)
    first, last = multiples(param)
    number = round(_between(first - 0.5, last + 0.5, u, log=True)) if param.log else first + int(u * (last - first + 1))
    return _multiple(param, min(max(number, first), last))


def _between(low: float, high: float, u: float, *, log: bool) -> float:
    if log:
        return math.exp(math.log(low) * (1 - u) + math.log(high) * u)
    return low * (1 - u) + high * u


def _normal(param: Normal, u: float) -> int | float:
    value = param.loc + param.scale * STANDARD.inv_cdf(u)
    if param.log:
        value = math.exp(min(max(value, -LARGEST_EXPONENT), LARGEST_EXPONENT))
    value = min(max(value, -FARTHEST), FARTHEST)
    by = grain(param)
    if not by:
        return value
    largest = 2**53 if param.integer else FARTHEST  # beyond it JSON's readers lose the last digits
    return _multiple(param, round(min(max(value, -largest), largest) / by))


def _multiple(param: Uniform | Normal, number: int) -> int | float:
    value = number * grain(param)
    return int(value) if param.integer else float(value)
