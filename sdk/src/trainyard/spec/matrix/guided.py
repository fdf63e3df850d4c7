"""The kinds that learn from a metric while they search: `hyperband`, `bayes`, `tpe` and `hyperopt`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator

from trainyard.matrix.space import Normal, Param, Weighted
from trainyard.spec.matrix.number import Count, Finite, Natural, Positive, one_of
from trainyard.spec.matrix.search import NO_TUNER, MetricMatrix
from trainyard.spec.model import Boolean, Later, Model, Name, problem

__all__ = ["BayesMatrix", "HyperbandMatrix", "HyperoptMatrix", "TpeMatrix"]

_ALGORITHMS = {"tpe": "tpe", "rand": "random", "random": "random"}


class Resource(Model):
    """The input that says how long a trial of Hyperband runs, such as a number of epochs."""

    name: Name
    type: Annotated[Literal["int", "float"], one_of("int", "float")] = "int"


class HyperbandMatrix(MetricMatrix):
    """Many short trials, of which the better part goes on longer (Li et al., Hyperband, JMLR 2018). A trial has at most
    `maxIterations` of the resource, and one in `eta` goes on."""

    later: ClassVar[Later] = NO_TUNER
    max_iterations: Natural
    eta: Positive = 3
    resource: Resource
    resume: Boolean = False

    @field_validator("eta", mode="after")
    @classmethod
    def _parts(cls, value: float) -> float:
        if value <= 1:
            raise problem(f"must be more than 1, not {value:g}: one trial in so many goes on", "write 3")
        return value

    def added(self) -> Mapping[str, int | float]:
        most = self.max_iterations
        return {self.resource.name: most if self.resource.type == "int" else float(most)}


class GaussianProcess(Model):
    kernel: Annotated[Literal["rbf", "matern"], one_of("rbf", "matern")] = "matern"
    length_scale: Positive = 1.0
    nu: Positive = 1.5
    num_restarts_optimizer: Count = 0


class UtilityFunction(Model):
    acquisition_function: Annotated[Literal["ucb", "ei", "poi"], one_of("ucb", "ei", "poi")] | None = None
    gaussian_process: GaussianProcess | None = None
    kappa: Finite | None = None
    eps: Finite | None = None
    num_warmup: Natural | None = None
    num_iterations: Natural | None = None


class BayesMatrix(MetricMatrix):
    """A model of the metric says where to look next: `numInitialRuns` trials without it, then `maxIterations` with."""

    later: ClassVar[Later] = NO_TUNER

    num_initial_runs: Natural
    max_iterations: Natural
    utility_function: UtilityFunction | None = None

    def refusal(self, param: Param) -> tuple[str, str] | None:
        match param:
            case Normal():
                return "`bayes` searches between bounds, and this distribution has none", "write a `uniform`"
            case Weighted():
                return "`bayes` learns probabilities by itself", "write the values as a `choice`"
            case _:
                return None


class TpeMatrix(MetricMatrix):
    """Tree-structured Parzen estimators (Bergstra et al., NeurIPS 2011)."""

    later: ClassVar[Later] = NO_TUNER

    num_runs: Natural
    max_iterations: Natural | None = None


def _hyperopt(value: object) -> object:
    if value == "anneal":
        raise problem("annealing is not offered", "write `algorithm: tpe`")
    if not isinstance(value, str) or value not in _ALGORITHMS:
        raise problem("there is no such algorithm of `hyperopt`", "choose from tpe, rand")
    return value


class HyperoptMatrix(TpeMatrix):
    """What Polyaxon up to 2.16 calls `tpe` and `random`."""

    common: ClassVar[frozenset[str]] = TpeMatrix.common | {"wrapped"}

    wrapped: Annotated[str, BeforeValidator(_hyperopt, json_schema_input_type=Literal["tpe", "rand"])] = Field(
        alias="algorithm"
    )

    def algorithm(self) -> str:
        return _ALGORITHMS[self.wrapped]
