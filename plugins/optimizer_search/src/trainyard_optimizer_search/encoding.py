"""The coordinates in which the model of TPE sees a space: a number for each param. Lists are numbered by place, steps
counted, and a normal distribution is spread evenly by its share, which makes it the model's prior.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from trainyard.matrix.space import Choice, Normal, Ordered, Param, Space, Uniform, Weighted, misfit
from trainyard_optimizer_search import distribution
from trainyard_optimizer_search.sequence import token

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

__all__ = ["Encoding"]

EDGE = 1e-9
"""The least share of a normal distribution on either side."""


class Encoding:
    """One space. Making one is cheap; what takes long is done with the first use and kept."""

    def __init__(self, space: Space) -> None:
        self.space = space

    def point(self, params: Mapping[str, object]) -> list[float] | None:
        """The coordinates of params; None when they are not in the space."""
        own = {name: params[name] for name in self.space.params if name in params}
        if misfit(self.space, own):
            return None
        return [self._coordinate(name, param, own[name]) for name, param in self.space.params.items()]

    def params(self, point: list[float]) -> dict[str, object]:
        """The params at these coordinates."""
        return {
            name: _value(param, coordinate)
            for (name, param), coordinate in zip(self.space.params.items(), point, strict=True)
        }

    def distributions(self) -> dict[str, BaseDistribution]:
        """What the model is told of each param."""
        return {name: _distribution(param) for name, param in self.space.params.items()}

    def _coordinate(self, name: str, param: Param, value: object) -> float:
        if isinstance(param, Choice | Ordered | Weighted):
            return self._places[name][token({"": value})]
        if not isinstance(value, int | float):
            raise TypeError(f"param '{name}' is a number, not {value!r}")
        if isinstance(param, Normal):
            return min(max(distribution.share(param, value), EDGE), 1 - EDGE)
        by = distribution.grain(param)
        return round(value / float(by)) if by else float(value)

    @cached_property
    def _places(self) -> dict[str, dict[bytes, int]]:
        listed = {n: p for n, p in self.space.params.items() if isinstance(p, Choice | Ordered | Weighted)}
        return {n: {token({"": value}): place for place, value in enumerate(p.values)} for n, p in listed.items()}


def _value(param: Param, coordinate: float) -> object:
    match param:
        case Choice() | Ordered() | Weighted():
            return param.values[int(coordinate)]
        case Normal():
            return distribution.quantile(param, coordinate)
        case Uniform():
            if not distribution.grain(param):
                return min(max(coordinate, param.low), param.high)
            return distribution.at(param, int(coordinate) - distribution.multiples(param)[0])


def _distribution(param: Param) -> BaseDistribution:
    from optuna import distributions as of

    match param:
        case Choice() | Weighted():
            return of.CategoricalDistribution(range(len(param.values)))
        case Ordered():
            return of.IntDistribution(0, len(param.values) - 1)
        case Normal():
            return of.FloatDistribution(EDGE, 1 - EDGE)
        case Uniform():
            if not distribution.grain(param):
                return of.FloatDistribution(param.low, param.high, log=param.log)
            return of.IntDistribution(*distribution.multiples(param), log=param.log)
