"""The `Optimizer` contract: suggests the params of a sweep's trials.

Ownership. Core owns the sweep: it turns suggestions into runs, counts them, limits concurrency, and stores the state.
An optimizer owns the mathematics. It keeps no important state in memory; it may have a cache keyed by the state's
bytes. Core also owns the budget of trials, as `outline` states it: `count` is never more than the rest of it.

State is bytes, empty at first, and belongs to the optimizer alone. It is passed back unchanged, to any instance in any
process, also of a newer version of the plugin, which reads older states or raises `StateUnreadable`. Core stores it in
the sweep's row when it is small and as an artifact named by its digest otherwise; the optimizer cannot tell which. New
state, new trials and the record of what was consumed are one transaction.

Concurrency. One `suggest` or `judge` of a sweep is in progress at a time; calls for several overlap. Calls come
from an event loop, so blocking or long work is done in a thread or a process inside the implementation.

Idempotence. An answer counts once it is committed. A call whose answer was lost is repeated with the same arguments;
the same study, trials, count, seed and state give the same answer, except where a deadline within the implementation
made it use a simpler method, which the suggestion's `note` then says.

What may be assumed. `changed` contains each trial that changed since the state was written, once, by key. A trial
appears again when it changes again, and replaces what was passed before (`intermediate` continues it). The optimizer
learns also from trials that it has never suggested (of a warm start, or run by hand). A trial has succeeded only when
its run has drained and every objective has a finite value in it; otherwise it has failed with a reason. Failed, stopped
and pending trials are passed too, and never break a call.

Raises. `StateUnreadable` ends the sweep. Any other exception means a temporary problem: the call is repeated with
back-off. What cannot be searched at all is reported by `check` beforehand.

Tuners. An algorithm that leaves the search to a program of the user (`iterative`) suggests a run of that program,
`Suggestion.tuner`. The run is made from `study.options["tuner"]`, uses nothing of the budget and of the concurrency,
and comes back as a `Trial` with its `outputs`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

import msgspec

from trainyard.client.models import FieldProblem
from trainyard.matrix.objective import Limit, Objective
from trainyard.matrix.space import Space

__all__ = [
    "IntermediateValue",
    "Judgement",
    "Optimizer",
    "Outline",
    "Prediction",
    "StateUnreadable",
    "StopTrial",
    "Study",
    "Suggestion",
    "Suggestions",
    "SupportsEarlyStopping",
    "SupportsPrediction",
    "Trial",
    "TrialPhase",
]


class StateUnreadable(Exception):
    """This optimizer cannot read the state. `str()` says which version wrote it, and what to install."""


class Study(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is searched, and for which objectives. It stays the same for the whole sweep. `options` are the algorithm's
    own fields, by their names in the file; several `objectives` are traded off against each other, and there may be
    none for a plain list of trials."""

    space: Space
    objectives: tuple[Objective, ...] = ()
    limits: tuple[Limit, ...] = ()
    options: dict[str, object] = {}


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """What core should know of a study before it begins: the most `trials` there can be (None: the algorithm ends by
    itself), how many go on at once unless the file says so, and how many more to ask for `ahead`, which wait for a
    slot. What is asked ahead is asked without knowing what the trials that go on will bring."""

    trials: int | None
    concurrency: int
    prefetch: int = 0


class TrialPhase(StrEnum):
    """How far a trial is. `PENDING` was suggested and has not begun."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"


class IntermediateValue(msgspec.Struct, frozen=True, array_like=True):
    """A metric's value at a step, while the trial runs."""

    name: str
    step: int
    value: float


class Trial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One trial as it is known now. Numbers are finite: others are left out, with the reason said.

    `values` are the final ones, by name; `intermediate` those of objectives on the way, in step order, the newest part
    that was not told before. `reason` is the run's own, `early_stopped` for a trial that a `StopTrial` ended.
    `outputs` are the outputs of a tuner's run, of which `params` is what it was given.
    """

    key: str
    params: dict[str, object]
    phase: TrialPhase
    values: dict[str, float] = {}
    intermediate: tuple[IntermediateValue, ...] = ()
    reason: str = ""
    outputs: dict[str, object] = {}


class Suggestion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One trial to run. `params` has every param of the space, as plain data (no library's own numbers), and what the
    algorithm adds, such as Hyperband's resource.

    A `key` is unique in the sweep and never used again; empty, core takes the next number. `continues` is the key of a
    trial from whose outputs this one goes on. `note` is a sentence for the person who reads the run. `tuner`: no trial,
    but a run of the user's own tuner with these params; it needs a key.
    """

    params: dict[str, object]
    key: str = ""
    continues: str = ""
    note: str = ""
    tuner: bool = False


class Suggestions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer of `suggest`, never more than were asked for. Fewer, and not `exhausted`: ask again when trials have
    changed. `exhausted`: nothing will be suggested any more, whatever they bring. `failure`: why the sweep cannot go
    on, in words that say what to change (a tuner that failed, an output of it that is not in the space); with it comes
    nothing else but the state, and the sweep fails with it as its reason once the trials that go on have ended."""

    suggestions: tuple[Suggestion, ...] = ()
    state: bytes = b""
    exhausted: bool = False
    failure: str = ""


class StopTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A running trial that is not worth its slot: the `rule` that says so, the `value` that it judged and `against`
    what. All three are in the run's reason."""

    key: str
    rule: str
    value: float
    against: float


class Judgement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer of `judge`."""

    stops: tuple[StopTrial, ...] = ()
    state: bytes = b""


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What a model expects of params: mean and standard deviation for each objective, by name."""

    mean: dict[str, float]
    deviation: dict[str, float]


class Optimizer(ABC):
    """Suggests trials. The module's docstring says what every method may assume."""

    name: str

    @abstractmethod
    def check(self, study: Study) -> list[FieldProblem]:
        """Everything that prevents this study from being searched here: distributions, objectives, options. Pure, fast,
        and imports no library, because it runs where files are linted."""

    @abstractmethod
    def outline(self, study: Study) -> Outline:
        """The size of a study that `check` accepts. Pure and fast like `check`."""

    @abstractmethod
    async def suggest(
        self, study: Study, *, changed: Sequence[Trial], count: int, seed: int, state: bytes
    ) -> Suggestions:
        """At most `count` trials to run now, taking the changed trials into the state. With a count of 0 it only does
        the latter. `seed` is the sweep's own, the same in each call: all randomness comes from it and the state."""

    @abstractmethod
    async def aclose(self) -> None:
        """Free this instance's own resources."""


@runtime_checkable
class SupportsEarlyStopping(Protocol):
    """Decides by itself which running trials to stop; the `earlyStopping` rules of the file are applied by core."""

    async def judge(self, study: Study, *, changed: Sequence[Trial], seed: int, state: bytes) -> Judgement:
        """The running trials to stop, decided as their metrics arrive, and the state with the changed trials in it:
        they are not passed to `suggest` again. Naming a trial that has ended has no effect."""


@runtime_checkable
class SupportsPrediction(Protocol):
    """Has a model of the objectives."""

    async def predict(
        self, study: Study, *, points: Sequence[dict[str, object]], state: bytes
    ) -> list[Prediction | None]:
        """One prediction for each point, in order; None where the model has none yet."""
