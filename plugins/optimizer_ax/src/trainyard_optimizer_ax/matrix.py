"""How a matrix of kind `ax` is written. Imports nothing of Ax."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from trainyard.matrix.objective import Limit, Objective
from trainyard.matrix.space import Linear, Normal, Param
from trainyard.spec.matrix.metric import Metric
from trainyard.spec.matrix.number import Natural, one_of
from trainyard.spec.matrix.search import SeededMatrix
from trainyard.spec.matrix.text import ConstraintText, LimitText, limit, linear
from trainyard.spec.model import Later, problem

__all__ = ["AxMatrix"]


class AxMatrix(SeededMatrix):
    """Bayesian search with Ax: one metric or several that are traded off against each other, limits on what trials come
    to (`outcomes`), and constraints between params. `warmStart` names runs to learn from: earlier sweeps or trials."""

    common: ClassVar[frozenset[str]] = SeededMatrix.common | {"metrics", "outcomes", "between"}
    later: ClassVar[Later] = {
        "metric": "write `metrics`, a list, also for a single one",
        "numRuns": "write `numTrials`",
        "tuner": "remove it: the platform searches by itself; a tuner of your own is for kind `iterative`",
    }

    metrics: tuple[Metric, ...]
    outcomes: tuple[LimitText, ...] = ()
    between: tuple[ConstraintText, ...] = Field(default=(), alias="constraints")
    num_trials: Natural
    method: Annotated[Literal["fast", "quality", "random_search"], one_of("fast", "quality", "random_search")] = "fast"
    warm_start: tuple[str, ...] = ()

    @field_validator("metrics", mode="after")
    @classmethod
    def _different(cls, value: tuple[Metric, ...]) -> tuple[Metric, ...]:
        names = [metric.name for metric in value]
        if not names:
            raise problem("there is no metric to go by", "give at least one, such as `- {name: loss, ...}`")
        if twice := next((name for name in names if names.count(name) > 1), ""):
            raise problem(f"the metric `{twice[:40]}` is there twice", "leave one of them out")
        return value

    def refusal(self, param: Param) -> tuple[str, str] | None:
        if isinstance(param, Normal):
            return "`ax` searches between bounds, and this distribution has none", "write a `uniform`"
        return None

    def objectives(self) -> tuple[Objective, ...]:
        return tuple(metric.objective() for metric in self.metrics)

    def limits(self) -> tuple[Limit, ...]:
        return tuple(limit(text) for text in self.outcomes)

    def constraints(self) -> tuple[Linear, ...]:
        return tuple(linear(text) for text in self.between)
