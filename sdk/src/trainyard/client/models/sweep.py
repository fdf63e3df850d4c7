"""Sweeps: how far one is, its trials, and the best of them."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["Front", "SweepLimit", "SweepObjective", "SweepRecord", "TrialPage", "TrialRecord"]


class SweepObjective(msgspec.Struct, frozen=True, kw_only=True):
    """A metric or output that a trial is judged by. `goal` is `minimize` or `maximize`."""

    name: str
    goal: str


class SweepLimit(msgspec.Struct, frozen=True, kw_only=True):
    """What a good trial keeps within: a metric or output, and its bounds."""

    name: str
    at_least: float | None = None
    at_most: float | None = None


class TrialRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One trial of a sweep. `number` counts from 1 in the order in which trials were made.

    `phase` is `prepared` (it waits for a slot and has no run yet), `running` (its run has not ended: `status` says
    where it is), `succeeded`, `failed` or `stopped`; `status` is `deleted` when its run was. `values` are those
    of objectives and limits by name, the newest ones while it runs; `value` is the first objective's once it has
    succeeded. It is `feasible` when it keeps within all limits, as far as it has values for them. `note` is a word of
    the algorithm about it.
    """

    number: int
    key: str
    phase: str
    params: dict[str, Any]
    run: str | None = None
    status: str = ""
    values: dict[str, float] = {}
    value: float | None = None
    feasible: bool = True
    reason: str = ""
    message: str = ""
    note: str = ""
    created_at: str = ""
    started_at: str | None = None
    finished_at: str | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing about it changes any more."""
        return self.phase in ("succeeded", "failed", "stopped")


class TrialPage(msgspec.Struct, frozen=True, kw_only=True):
    """Trials in the order that was asked for; `next` continues and is null on the last page."""

    items: list[TrialRecord]
    next: str | None = None


class SweepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep as it is now: `run` is its own run's id, `status`, `reason` and `message` are that one's.

    `max_trials` is how many trials there can be, null when the algorithm ends by itself. `created` are all trials so
    far: `prepared`, `running`, `succeeded`, `failed` and `stopped` together. `concurrency` is how many go on at once.
    `rules` are those of `earlyStopping`, each with its kind in `rule`. `best` is the feasible trial that is best in the
    first objective; null without an objective, and before there is one.
    """

    run: str
    project: str
    algorithm: str
    status: str
    name: str = ""
    reason: str = ""
    message: str = ""
    objectives: list[SweepObjective] = []
    limits: list[SweepLimit] = []
    rules: list[dict[str, Any]] = []
    seed: int = 0
    concurrency: int = 1
    max_trials: int | None = None
    created: int = 0
    prepared: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    stopped: int = 0
    best: TrialRecord | None = None
    created_at: str = ""
    started_at: str | None = None
    finished_at: str | None = None

    @property
    def short_id(self) -> str:
        """The last eight characters of the run's id: enough to name it on the command line."""
        return self.run[-8:]

    @property
    def is_final(self) -> bool:
        """Whether the sweep has ended for good."""
        return self.status in ("succeeded", "failed", "stopped", "skipped")

    @property
    def ended(self) -> int:
        """How many trials have ended."""
        return self.succeeded + self.failed + self.stopped


class Front(msgspec.Struct, frozen=True, kw_only=True):
    """The feasible trials for which no other is as good in all objectives and better in one, by number. Of more than
    `limit`, those that are best in the first objective are there, and `truncated` is true."""

    objectives: list[SweepObjective]
    items: list[TrialRecord]
    limit: int = 500
    truncated: bool = False
