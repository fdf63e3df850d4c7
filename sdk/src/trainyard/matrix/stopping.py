"""Rules that end a sweep, or one trial of it, before its time: the file's `earlyStopping`.

`interval` and `begin` are steps of the metric as the program logs them: a rule looks at a trial when its step has
passed another `interval`, and not before it has reached `begin`.
"""

from __future__ import annotations

import msgspec

from trainyard.matrix.objective import Goal

__all__ = [
    "DifferenceRule",
    "FailureShare",
    "MedianRule",
    "PolicyRule",
    "Rule",
    "TargetReached",
    "TrialRule",
    "TruncationRule",
]


class _Rule(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="rule"
):
    """The shape that all rules share: one JSON object, told apart by `rule`."""


class FailureShare(_Rule, frozen=True, tag="failure"):
    """The sweep fails once at least so many percent of all its trials have failed."""

    percent: float


class TargetReached(_Rule, frozen=True, tag="metric"):
    """The sweep succeeds once any trial's metric is as good as `value`."""

    metric: str
    goal: Goal
    value: float


class _TrialRule(_Rule, frozen=True):
    """What the rules share that end single trials."""

    metric: str
    goal: Goal
    interval: int = 1
    begin: int = 0


class MedianRule(_TrialRule, frozen=True, kw_only=True, tag="median"):
    """A trial ends whose best value so far is worse than the median, over at least `samples` other trials, of their
    running averages up to the same step (the median stopping rule of Golovin et al., Google Vizier, KDD 2017)."""

    samples: int = 1


class TruncationRule(_TrialRule, frozen=True, kw_only=True, tag="truncation"):
    """A trial ends that is among the worst `percent` of those that have a value at its step; `succeeded` counts
    those that have ended well, too."""

    percent: float
    succeeded: bool = True
    samples: int = 1


class DifferenceRule(_TrialRule, frozen=True, kw_only=True, tag="diff"):
    """A trial ends whose value is worse than the best of the others at the same step by more than `percent` of that
    one's size."""

    percent: float
    samples: int = 1


class PolicyRule(_TrialRule, frozen=True, kw_only=True, tag="policy"):
    """A trial ends when the policy that a plugin offers by the name `policy` says so; `options` are the policy's own
    fields."""

    policy: str
    samples: int = 1
    options: dict[str, object] = {}


TrialRule = MedianRule | TruncationRule | DifferenceRule | PolicyRule
Rule = FailureShare | TargetReached | TrialRule
