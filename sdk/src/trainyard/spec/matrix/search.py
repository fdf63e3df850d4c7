"""The bases of kinds that search: params with shapes, and a metric to go by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import field_validator

from trainyard.matrix.objective import Objective
from trainyard.matrix.space import Choice, Normal, Ordered, Param, Uniform, Weighted
from trainyard.spec.matrix.base import Matrix
from trainyard.spec.matrix.metric import Metric
from trainyard.spec.matrix.number import Seed
from trainyard.spec.matrix.shapes import AnyShape
from trainyard.spec.model import Later, problem

__all__ = ["NO_TUNER", "MetricMatrix", "SeededMatrix", "SpaceMatrix", "values_only"]

NO_TUNER: Later = {"tuner": "remove it: the platform searches by itself; a tuner of your own is for kind `iterative`"}


class SpaceMatrix(Matrix):
    """A kind that takes its trials from a space."""

    params: dict[str, AnyShape]

    @field_validator("params", mode="after")
    @classmethod
    def _some(cls, value: dict[str, AnyShape]) -> dict[str, AnyShape]:
        if not value:
            raise problem("there are no params to search", "give at least one, such as `lr: {kind: uniform, ...}`")
        return value

    def space(self) -> Mapping[str, AnyShape]:
        return self.params


class SeededMatrix(SpaceMatrix):
    """A kind that draws from its space. Without `seed` one is drawn when the sweep is made."""

    seed: Seed | None = None


class MetricMatrix(SeededMatrix):
    """A kind that goes by a metric."""

    common: ClassVar[frozenset[str]] = SeededMatrix.common | {"metric"}

    metric: Metric

    def objectives(self) -> tuple[Objective, ...]:
        return (self.metric.objective(),)


def values_only(kind: str, param: Param) -> tuple[str, str] | None:
    """The refusal of a kind that takes each value of a param once."""
    match param:
        case Uniform() | Normal():
            return (
                f"a {kind} takes each value of a param, and a distribution has none to count",
                "write them out with `choice`, `range`, `linspace`, `logspace` or `geomspace`, or use kind `random`",
            )
        case Weighted():
            return f"a {kind} takes each value once, whatever its probability", "write the values as a `choice`"
        case Choice() | Ordered():
            return None
