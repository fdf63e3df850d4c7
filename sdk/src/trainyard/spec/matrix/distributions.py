"""Params that are spread by a distribution: uniform and normal, each plain, in steps of `q`, and with a logarithm.

As Polyaxon reads them, the parts of the four with a logarithm are of the *logarithm*: `loguniform` draws a number
between `low` and `high` and takes e to the power of it. So values from 0.0001 to 0.1 are `loguniform` from -9.21 to
-2.303. What comes out of here has bounds of the value itself, as all of `trainyard.matrix` has.
"""

from __future__ import annotations

import math
import sys

from trainyard.matrix.space import Normal, Uniform
from trainyard.spec.matrix.number import Finite, Positive
from trainyard.spec.matrix.shape import Parts, Shape

__all__ = [
    "LogNormalShape",
    "LogUniformShape",
    "NormalShape",
    "QLogNormalShape",
    "QLogUniformShape",
    "QNormalShape",
    "QUniformShape",
    "UniformShape",
]

_OVER = 1000.0
"""An exponent whose power no float holds."""


class LowHigh(Parts):
    low: Finite
    high: Finite


class LowHighStep(LowHigh):
    q: Positive


class LocScale(Parts):
    loc: Finite
    scale: Positive


class LocScaleStep(LocScale):
    q: Positive


class UniformShape(Shape):
    value: LowHigh

    def param(self, *, integer: bool) -> Uniform:
        return Uniform(low=float(self.value.low), high=float(self.value.high), integer=integer)


class QUniformShape(Shape):
    value: LowHighStep

    def param(self, *, integer: bool) -> Uniform:
        step = _step(self.value.q, integer=integer)
        return Uniform(low=float(self.value.low), high=float(self.value.high), step=step, integer=integer)


class LogUniformShape(Shape):
    value: LowHigh

    def param(self, *, integer: bool) -> Uniform:
        low, high = _powers(self.value)
        return Uniform(low=low, high=high, log=True, integer=integer)

    def caution(self) -> str:
        return _caution(self.kind, self.value)


class QLogUniformShape(Shape):
    value: LowHighStep

    def param(self, *, integer: bool) -> Uniform:
        low, high = _powers(self.value)
        return Uniform(low=low, high=high, log=True, step=_step(self.value.q, integer=integer), integer=integer)

    def caution(self) -> str:
        return _caution(self.kind, self.value)


class NormalShape(Shape):
    value: LocScale

    def param(self, *, integer: bool) -> Normal:
        return Normal(loc=float(self.value.loc), scale=float(self.value.scale), integer=integer)


class QNormalShape(Shape):
    value: LocScaleStep

    def param(self, *, integer: bool) -> Normal:
        step = _step(self.value.q, integer=integer)
        return Normal(loc=float(self.value.loc), scale=float(self.value.scale), step=step, integer=integer)


class LogNormalShape(Shape):
    value: LocScale

    def param(self, *, integer: bool) -> Normal:
        return Normal(loc=_centre(self.value), scale=float(self.value.scale), log=True, integer=integer)


class QLogNormalShape(Shape):
    value: LocScaleStep

    def param(self, *, integer: bool) -> Normal:
        step = _step(self.value.q, integer=integer)
        return Normal(loc=_centre(self.value), scale=float(self.value.scale), log=True, step=step, integer=integer)


def _step(q: float, *, integer: bool) -> float:
    if integer and not float(q).is_integer():
        raise ValueError(
            f"steps of {q:g} lead to fractions, and the input takes whole numbers; "
            f"write a whole `q`, or declare the input as `float`"
        )
    return float(q)


def _powers(value: LowHigh) -> tuple[float, float]:
    """The bounds of the value, of those of its logarithm."""
    if value.low >= value.high:
        raise ValueError(f"low {value.low:g} is not below high {value.high:g}; exchange them, or give one value")
    low, high = _power(value.low), _power(value.high)
    if not 0 < low < high:
        raise ValueError(f"e to the power of {value.low:g} is no number above 0; raise `low`")
    return low, high


def _power(exponent: float) -> float:
    try:
        return math.exp(min(exponent, _OVER))
    except OverflowError:
        raise ValueError(
            f"e to the power of {exponent:g} is too large; the bounds are logarithms: "
            f"for values up to {exponent:g} write {math.log(min(exponent, sys.float_info.max)):.6g}"
        ) from None


def _centre(value: LocScale) -> float:
    _power(value.loc + value.scale)
    return float(value.loc)


def _caution(kind: str, value: LowHigh) -> str:
    """Both bounds in (0, 1] are mostly those of a learning rate, which nobody wants to be between 1 and e."""
    if not 0 < value.low < value.high <= 1:
        return ""
    return (
        f"the bounds of `{kind}` are logarithms, so this is a value from {math.exp(value.low):.4g} to "
        f"{math.exp(value.high):.4g}; for one from {value.low:g} to {value.high:g} write "
        f"`{math.log(value.low):.4g}:{math.log(value.high):.4g}`"
    )
