"""Early-stopping policies: what decides that a running trial is worse than others and is to stop.

Offered by the hook `sweeps_register_policies`. The rules around a policy are the same for all: when a trial is looked
at, and how many others there must be (`trainyard_sweeps.rules`). A policy answers for one look.

May be assumed. A policy is pure and keeps nothing: the same look gives the same answer, in whatever order the others
come, and a look is not changed. It is called in a thread and has `DEADLINE` seconds for all looks of one rule. What it
raises, and a deadline that it misses, stops no trial and is told in the progress of the sweep.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from trainyard.matrix.objective import Goal
from trainyard_sweeps.history import History

__all__ = ["DEADLINE", "Comparison", "Look", "OtherTrial", "StoppingPolicy"]

DEADLINE = 5.0


class OtherTrial(NamedTuple):
    """A trial that another one is compared with: its metric, whether it still runs, and whether it has succeeded."""

    history: History
    running: bool
    succeeded: bool


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A running trial at a step of its metric; and the others that can be compared with it: each has reached the step,
    or has succeeded before it. All have logged a value by then."""

    goal: Goal
    step: int
    trial: History
    others: Sequence[OtherTrial]

    @property
    def value(self) -> float:
        """The trial's value at the step: the last that it had logged by then."""
        return _value(self.trial, self.step)

    @property
    def values(self) -> list[float]:
        """Those of the others."""
        return [_value(other.history, self.step) for other in self.others]

    def best(self, values: Iterable[float]) -> float:
        """The best of some values. Raises ValueError when there is none."""
        return min(values) if self.goal is Goal.MINIMIZE else max(values)


class Comparison(NamedTuple):
    """Why a trial is to stop: its value, and what that was compared with."""

    value: float
    against: float


class StoppingPolicy(ABC):
    """One policy, by the kind that `policy` has in an operation file. `options` are its fields there, by the names of
    the file, as the policy's model in the entry point group `trainyard.policy` has checked them."""

    name: str

    def counts(self, other: OtherTrial, options: Mapping[str, object]) -> bool:
        """Whether a trial is compared with that other one; a rule asks for at least `minSamples` that are."""
        return True

    @abstractmethod
    def judge(self, look: Look, options: Mapping[str, object]) -> Comparison | None:
        """Why the trial is to stop; None when it goes on. There is at least one other."""

    def words(self, options: Mapping[str, object]) -> str:
        """The policy in a message to people."""
        return self.name


def _value(history: History, step: int) -> float:
    found = history.value(step)
    if found is None:
        raise ValueError(f"nothing was logged up to step {step}")
    return found
