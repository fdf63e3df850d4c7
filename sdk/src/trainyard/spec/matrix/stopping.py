"""`earlyStopping`: rules that end a sweep, or single trials of it, before their time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, ClassVar, Self

from pydantic import SerializeAsAny, model_validator

from trainyard.matrix.objective import Goal
from trainyard.matrix.stopping import (
    DifferenceRule,
    FailureShare,
    MedianRule,
    PolicyRule,
    Rule,
    TargetReached,
    TrialRule,
    TruncationRule,
)
from trainyard.spec.family import Family, by_kind
from trainyard.spec.matrix.metric import Direction, MetricName
from trainyard.spec.matrix.number import Count, Finite, Natural, Percent, Positive
from trainyard.spec.model import Boolean, Model, problem

__all__ = [
    "STOPPINGS",
    "AnyStopping",
    "DiffPolicy",
    "FailureStopping",
    "MedianPolicy",
    "MetricStopping",
    "Policy",
    "Stopping",
]


class Policy(Family):
    """When a trial ends for being worse than the others. A trial is looked at each `evaluationInterval` steps from
    step `minInterval` on, once at least `minSamples` others can be compared with. A plugin adds a policy by a subclass
    that has the policy's own fields, named in the entry point group `trainyard.policy` by its kind."""

    noun: ClassVar[str] = "policy"
    elsewhere: ClassVar[str] = "or install the plugin that offers it"
    common: ClassVar[frozenset[str]] = frozenset({"kind", "evaluation_interval", "min_interval", "min_samples"})
    """Fields that all policies have."""

    evaluation_interval: Natural = 1
    min_interval: Count = 0
    min_samples: Natural = 1

    @classmethod
    def members(cls) -> Iterable[str]:
        from trainyard.spec.matrix import installed

        return installed.POLICIES.names()

    @classmethod
    def member(cls, kind: str) -> type[Model] | None:
        from trainyard.spec.matrix import installed

        return installed.POLICIES.find(kind)

    def rule(self, metric: str, goal: Goal) -> TrialRule:
        """What it comes to. A policy that a plugin offers is told its own fields, by the names of the file."""
        return PolicyRule(
            metric=metric,
            goal=goal,
            interval=self.evaluation_interval,
            begin=self.min_interval,
            samples=self.min_samples,
            policy=self.kind,
            options=self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(self.common)),
        )


class MedianPolicy(Policy):
    def rule(self, metric: str, goal: Goal) -> MedianRule:
        return MedianRule(
            metric=metric,
            goal=goal,
            interval=self.evaluation_interval,
            begin=self.min_interval,
            samples=self.min_samples,
        )


class TruncationPolicy(Policy):
    percent: Percent
    include_succeeded: Boolean = True

    def rule(self, metric: str, goal: Goal) -> TruncationRule:
        return TruncationRule(
            metric=metric,
            goal=goal,
            interval=self.evaluation_interval,
            begin=self.min_interval,
            samples=self.min_samples,
            percent=float(self.percent),
            succeeded=self.include_succeeded,
        )


class DiffPolicy(Policy):
    percent: Positive

    def rule(self, metric: str, goal: Goal) -> DifferenceRule:
        return DifferenceRule(
            metric=metric,
            goal=goal,
            interval=self.evaluation_interval,
            begin=self.min_interval,
            samples=self.min_samples,
            percent=float(self.percent),
        )


class Stopping(Family):
    """One entry of `earlyStopping`."""

    noun: ClassVar[str] = "early stopping"

    @classmethod
    def members(cls) -> Iterable[str]:
        return STOPPINGS

    @classmethod
    def member(cls, kind: str) -> type[Model] | None:
        return STOPPINGS.get(kind)

    def rules(self) -> Iterator[Rule]:
        """What it comes to."""
        raise NotImplementedError


class FailureStopping(Stopping):
    percent: Percent

    def rules(self) -> Iterator[Rule]:
        yield FailureShare(percent=float(self.percent))


class MetricStopping(Stopping):
    """With a `value` the sweep ends well once a trial is as good; with a `policy` trials end that are worse than the
    others; with both, both."""

    metric: MetricName
    optimization: Direction
    value: Finite | None = None
    policy: Annotated[SerializeAsAny[Policy], by_kind(Policy)] | None = None

    @model_validator(mode="after")
    def _acts(self) -> Self:
        if self.value is None and self.policy is None:
            raise problem("this stops nothing: it has no `value` and no `policy`", "give one of the two")
        return self

    def rules(self) -> Iterator[Rule]:
        goal = Goal(self.optimization)
        if self.value is not None:
            yield TargetReached(metric=self.metric, goal=goal, value=float(self.value))
        if self.policy is not None:
            yield self.policy.rule(self.metric, goal)


STOPPINGS: Mapping[str, type[Stopping]] = {
    "failure_early_stopping": FailureStopping,
    "metric_early_stopping": MetricStopping,
}
AnyStopping = Annotated[SerializeAsAny[Stopping], by_kind(Stopping)]
