"""Params that are one of some numbers that rise: `range`, `linspace`, `logspace`, `geomspace`.

`range` leaves its `stop` out, the others include it. What can be exact is: bounds and steps are taken as the decimal
numbers that they are written as, so that a range by 0.1 holds 0.3. `logspace` and `geomspace` are rounded to 12 digits.
"""

from __future__ import annotations

import math
from fractions import Fraction

from trainyard.matrix.space import MOST_VALUES, Ordered
from trainyard.spec.matrix.number import Finite, Natural, Positive
from trainyard.spec.matrix.shape import Parts, Shape

__all__ = ["Geomspace", "Linspace", "Logspace", "Range", "count_within", "rising"]

_DIGITS = 12


class StartStopStep(Parts):
    start: Finite
    stop: Finite
    step: Positive


class StartStopNum(Parts):
    start: Finite
    stop: Finite
    num: Natural


class StartStopNumBase(StartStopNum):
    base: Positive = 10


class Range(Shape):
    value: StartStopStep

    def param(self, *, integer: bool) -> Ordered:
        start, stop, step = (_exact(part) for part in (self.value.start, self.value.stop, self.value.step))
        rising(self.value.start, self.value.stop)
        count = count_within(math.ceil((stop - start) / step))
        return _spaced(start, step, count)


class Linspace(Shape):
    value: StartStopNum

    def param(self, *, integer: bool) -> Ordered:
        start, step, count = _between(self.value)
        return _spaced(start, step, count)


class Logspace(Shape):
    """`start` and `stop` are exponents of `base`: `-4:-1:4` is 0.0001, 0.001, 0.01, 0.1."""

    value: StartStopNumBase

    def param(self, *, integer: bool) -> Ordered:
        base = self.value.base
        if base <= 1:
            raise ValueError(f"base {base:g} is not above 1; write `base: 10`, or leave it out")
        start, step, count = _between(self.value)
        return _ordered([_power(base, float(start + index * step)) for index in range(count)])


class Geomspace(Shape):
    """`start` and `stop` are values; from one to the next is always the same factor."""

    value: StartStopNum

    def param(self, *, integer: bool) -> Ordered:
        start, stop = self.value.start, self.value.stop
        if start <= 0:
            raise ValueError(f"start {start:g} has no logarithm; raise it above 0, or use `linspace`")
        rising(start, stop)
        last = max(1, count_within(self.value.num) - 1)
        factor = math.log(stop / start) / last
        return _ordered([_rounded(start * math.exp(factor * index)) for index in range(self.value.num)])


def rising(start: float, stop: float) -> None:
    """Raises ValueError for bounds that leave nothing between them."""
    if start >= stop:
        raise ValueError(f"start {start:g} is not below stop {stop:g}; exchange them, or use a `choice` of one value")


def count_within(count: int) -> int:
    """The count. Raises ValueError when so many values may not be written out."""
    if count > MOST_VALUES:
        raise ValueError(
            f"these are {count} values and {MOST_VALUES} are the most; take larger steps, or `quniform` with a `q`"
        )
    return count


def _between(value: StartStopNum) -> tuple[Fraction, Fraction, int]:
    """Start, step and count, of which the last is the stop."""
    rising(value.start, value.stop)
    start, stop = _exact(value.start), _exact(value.stop)
    return start, (stop - start) / max(1, count_within(value.num) - 1), value.num


def _spaced(start: Fraction, step: Fraction, count: int) -> Ordered:
    """Numbers a step apart, each the nearest that there is to the exact one."""
    unit = math.lcm(start.denominator, step.denominator)
    first, by = int(start * unit), int(step * unit)
    if unit == 1:
        return Ordered(values=tuple(range(first, first + count * by, by)))
    return Ordered(values=tuple((first + index * by) / unit for index in range(count)))


def _exact(number: float) -> Fraction:
    return Fraction(repr(number))


def _power(base: float, exponent: float) -> float:
    try:
        return _rounded(base**exponent)
    except OverflowError:
        raise ValueError(
            f"{base:g} to the power of {exponent:g} is too large; `start` and `stop` are exponents, "
            f"use `geomspace` to write values"
        ) from None


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


def _ordered(values: list[float]) -> Ordered:
    """Whole numbers where all are whole, as the language's inputs take them."""
    if all(value.is_integer() for value in values):
        return Ordered(values=tuple(map(int, values)))
    return Ordered(values=tuple(values))
