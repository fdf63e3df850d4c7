"""What a sweep has told so far, which is all the state there is.

Every answer is made from it anew: rebuilding Ax's experiment takes some hundredths of a second, so neither Ax's own
format nor a cache is needed, and the same state gives the same answer in any process. What does not fit into the space
(a warm start from a wider one) is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from trainyard.matrix.space import misfit
from trainyard_core.contracts.optimizer import StateUnreadable, Study, Trial, TrialPhase
from trainyard_optimizer_ax.encoding import Encoding, point_of
from trainyard_optimizer_ax.halton import text

__all__ = ["History", "Observation", "read", "take", "written"]

VERSION = 1
EARLY_STOPPED = "early_stopped"


class Observation(msgspec.Struct, array_like=True, frozen=True):
    """One trial: the values of its params in the space's order, and `scores`, its metrics as far as they are known.

    A trial that was stopped early counts with its last scores: they are no better than what it would have come to.
    One that was stopped for another reason, or failed, is a point to stay away from."""

    params: tuple[object, ...]
    phase: TrialPhase
    scores: dict[str, float] = {}
    reason: str = ""

    @property
    def counts(self) -> bool:
        """Whether its scores may be learned from."""
        early = self.phase is TrialPhase.STOPPED and self.reason == EARLY_STOPPED
        return early or self.phase is TrialPhase.SUCCEEDED

    @property
    def pending(self) -> bool:
        """Whether it was suggested and has not ended."""
        return self.phase in (TrialPhase.PENDING, TrialPhase.RUNNING)


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The trials by key; how many were `suggested`; how far the even sequence was used (`drawn`); and how often the
    model was `late`, which makes it try less hard."""

    trials: dict[str, Observation] = {}
    suggested: int = 0
    drawn: int = 0
    late: int = 0

    def seen(self) -> set[str]:
        """The fingerprints of all params that were tried or are being tried."""
        return {text(each.params) for each in self.trials.values()}

    def observed(self, chart: Encoding) -> int:
        """How many trials the model can learn from."""
        return sum(each.counts and chart.row(each.scores) is not None for each in self.trials.values())

    def begun(self) -> int:
        """How many trials run, or have ended with something to learn from."""
        return sum(each.pending or each.counts for each in self.trials.values())


class _Written(msgspec.Struct, frozen=True, array_like=True):
    version: int
    history: History


def read(state: bytes) -> History:
    """The history of a state, which is empty at first. Raises StateUnreadable."""
    if not state:
        return History()
    try:
        version = msgspec.msgpack.decode(state, type=tuple[int, msgspec.Raw])[0]
        if version == VERSION:
            return msgspec.msgpack.decode(state, type=_Written).history
    except (msgspec.DecodeError, ValueError) as error:
        raise StateUnreadable(f"this is no state of trainyard-optimizer-ax ({error}); start the sweep again") from error
    raise StateUnreadable(
        f"the state has version {version}, this trainyard-optimizer-ax reads {VERSION}; install the newer one"
    )


def written(history: History) -> bytes:
    """The state of a history."""
    return msgspec.msgpack.encode(_Written(VERSION, history))


def take(history: History, study: Study, changed: Iterable[Trial]) -> History:
    """The history with what changed in it. Idempotent by (key, what is told)."""
    trials = dict(history.trials)
    for trial in changed:
        params = {name: value for name, value in trial.params.items() if name in study.space.params}
        if _fits(study, params):
            values = tuple(params[name] for name in study.space.params)
            trials[trial.key] = Observation(values, trial.phase, _scores(trials.get(trial.key), trial), trial.reason)
    return msgspec.structs.replace(history, trials=trials)


def _fits(study: Study, params: dict[str, object]) -> bool:
    if misfit(study.space, params):
        return False
    try:
        point_of(study.space, params)
    except ValueError:
        return False  # a value of weight 0: allowed, and without a place for the model
    return True


def _scores(before: Observation | None, trial: Trial) -> dict[str, float]:
    latest = {each.name: each.value for each in trial.intermediate}
    scores = {**(before.scores if before else {}), **latest, **trial.values}
    return {name: value for name, value in scores.items() if math.isfinite(value)}
