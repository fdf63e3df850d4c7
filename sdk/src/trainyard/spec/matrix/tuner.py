"""`iterative`: a program of the user's own proposes the trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field, model_validator

from trainyard.spec.matrix.base import Matrix
from trainyard.spec.matrix.number import Natural, Seed
from trainyard.spec.matrix.shapes import AnyShape
from trainyard.spec.model import Later, problem
from trainyard.spec.operation import Body, Component, Param

__all__ = ["IterativeMatrix", "Tuner"]


class Tuner(Body):
    """The operation that proposes, without its head. It is given what the trials have brought as params, and its output
    `suggestions` is a list of mappings of params."""

    later: ClassVar[Later] = {"namespace": "remove it; `queue` chooses where the tuner runs"}

    params: dict[str, Param] = Field(default_factory=dict)
    component: Component | None = None
    hub_ref: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.component is not None and self.hub_ref is not None:
            raise problem("a tuner has one component, and two are given", "remove `hubRef` or `component`")
        if self.component is None and self.hub_ref is None and not self.cmd and self.run is None:
            raise problem(
                "there is no program in this tuner", "add `hubRef: NAME`, or a `component` that is written out"
            )
        return self


class IterativeMatrix(Matrix):
    """The tuner is run at most `maxIterations` times. Without `params` it may propose values of any input."""

    max_iterations: Natural
    tuner: Tuner
    params: dict[str, AnyShape] = Field(default_factory=dict)
    seed: Seed | None = None

    def proposes_any(self) -> bool:
        return not self.params

    def refers(self) -> bool:
        inner = self.tuner.component
        return bool(self.tuner.hub_ref or self.tuner.presets or (inner is not None and inner.presets))

    def space(self) -> Mapping[str, AnyShape]:
        return self.params
