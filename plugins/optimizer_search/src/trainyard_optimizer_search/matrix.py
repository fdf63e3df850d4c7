"""How a matrix of kind `asha` is written. The other kinds are the language's own."""

from __future__ import annotations

from typing import ClassVar

from pydantic import field_validator, model_validator

from trainyard.spec.matrix.number import Natural, Positive
from trainyard.spec.matrix.search import MetricMatrix
from trainyard.spec.model import Later, problem

__all__ = ["AshaMatrix"]


class AshaMatrix(MetricMatrix):
    """Random trials that are compared while they run: at the steps `minIterations`, `minIterations` times `eta` and so
    on, below `maxIterations`, those that are not among the best one in `eta` are stopped (Li et al., A System for
    Massively Parallel Hyperparameter Tuning, MLSys 2020)."""

    later: ClassVar[Later] = {
        "resource": "remove it: steps are those that the program logs the metric with",
        "tuner": "remove it: the platform searches by itself; a tuner of your own is for kind `iterative`",
    }

    num_runs: Natural
    max_iterations: Natural
    min_iterations: Natural = 1
    eta: Positive = 3

    @field_validator("eta", mode="after")
    @classmethod
    def _parts(cls, value: float) -> float:
        if value <= 1:
            raise problem(f"must be more than 1, not {value:g}: one trial in so many goes on", "write 3")
        return value

    @model_validator(mode="after")
    def _compared(self) -> AshaMatrix:
        if self.min_iterations >= self.max_iterations:
            said = f"minIterations {self.min_iterations} is not below maxIterations {self.max_iterations}"
            raise problem(f"{said}, so no trial would ever be compared", "lower minIterations; 1 is usual")
        return self
