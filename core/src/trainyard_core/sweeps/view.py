"""What a director looks at: one sweep, its trials that have not ended, those that its optimizer does not know of yet,
and what open trials have logged, read in one go."""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard.matrix.sweep import SweepSpec
from trainyard_core.db import planned_trials, sweeps
from trainyard_core.db.engine import Row, Tx
from trainyard_core.lifecycle import FINAL, Intent, Status
from trainyard_core.sweeps.outcome import SweepOutcome

__all__ = ["ActiveTrial", "FinishedTrial", "MetricSummary", "SweepView", "load"]

_decode: Any = msgspec.json.decode
_sweep = msgspec.json.Decoder(SweepSpec)
_ending = msgspec.json.Decoder(SweepOutcome)


class MetricSummary(msgspec.Struct, frozen=True):
    """One metric of one run in brief; None is no number. `attempt` holds it, where there are several."""

    last: float | None
    min: float | None
    max: float | None
    count: int
    attempt: int


class ActiveTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A trial that is prepared (without a run) or open. `status` is None when its run has been deleted."""

    key: str
    number: int
    run: str | None
    tuner: bool
    params: dict[str, object]
    note: str
    continues: str
    synced: int
    synced_step: int
    status: Status | None
    reason: str
    message: str
    outputs: dict[str, object]
    stopping: bool
    metrics: dict[str, MetricSummary]

    @property
    def ended(self) -> bool:
        """Whether its run has."""
        return self.run is not None and (self.status is None or self.status in FINAL)


class FinishedTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A trial that has ended and that the optimizer's state has not as ended. `outputs` are those of a tuner's run."""

    key: str
    run: str | None
    phase: str
    params: dict[str, object]
    values: dict[str, float]
    reason: str
    synced_step: int
    outputs: dict[str, object]


class SweepView(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep as it is now."""

    run: str
    project: str
    name: str
    actor: str
    status: Status
    intent: Intent
    stop: SweepOutcome
    wake_at: int | None
    wake_seq: int
    sweep: SweepSpec
    seed: int
    max_trials: int | None
    concurrency: int
    prefetch: int
    external: bool
    version: int
    lease_until: int
    state: bytes
    created: int
    exhausted: bool
    outcome: SweepOutcome | None
    going: tuple[ActiveTrial, ...]
    news: tuple[FinishedTrial, ...]
    succeeded: int
    failed: int
    stopped: int
    unscored: int

    @property
    def prepared(self) -> list[ActiveTrial]:
        """Trials that wait for a slot."""
        return [trial for trial in self.going if trial.run is None]

    @property
    def open(self) -> list[ActiveTrial]:
        """Trials (and runs of a tuner) whose runs have not ended."""
        return [trial for trial in self.going if trial.run is not None and not trial.ended]


async def load(tx: Tx, run: str, sweep: SweepSpec | None = None) -> SweepView | None:
    """The view of a sweep; None when there is no such one. `sweep` is what an earlier view had: it never changes, and
    may list thousands of values."""
    row = await sweeps.get(tx, run)
    if row is None:
        return None
    logged: dict[str, dict[str, MetricSummary]] = {}
    for each in await planned_trials.metrics(tx, run):
        logged.setdefault(each["run"], {})[each["name"]] = MetricSummary(
            each["last"], each["min"], each["max"], each["value_count"], each["attempt"]
        )
    return SweepView(
        run=run,
        project=row["project"],
        name=row["name"],
        actor=row["created_by"],
        status=Status(row["status"]),
        intent=Intent(row["intent"]),
        stop=SweepOutcome(status=Status.STOPPED, reason=row["intent_reason"], message=row["intent_message"]),
        wake_at=row["wake_at"],
        wake_seq=row["wake_seq"],
        sweep=sweep or _sweep.decode(row["study"]),
        seed=row["seed"],
        max_trials=row["max_trials"],
        concurrency=row["concurrency"],
        prefetch=row["prefetch"],
        external=bool(row["external"]),
        version=row["version"],
        lease_until=row["lease_until"],
        state=bytes(row["state"]),
        created=row["created"],
        exhausted=bool(row["exhausted"]),
        outcome=_ending.decode(row["outcome"]) if row["outcome"] else None,
        going=tuple(_open(each, logged.get(each["run"], {})) for each in await planned_trials.going(tx, run)),
        news=tuple(_news(each) for each in await planned_trials.news(tx, run)),
        succeeded=row["succeeded"],
        failed=row["failed"],
        stopped=row["stopped"],
        unscored=row["unscored"],
    )


def _open(row: Row, metrics: dict[str, MetricSummary]) -> ActiveTrial:
    return ActiveTrial(
        key=row["key"],
        number=row["number"],
        run=row["run"],
        tuner=bool(row["tuner"]),
        params=_decode(row["params"]),
        note=row["note"],
        continues=row["continues"],
        synced=row["synced"],
        synced_step=row["synced_step"],
        status=None if row["status"] is None else Status(row["status"]),
        reason=row["reason"] or "",
        message=row["message"] or "",
        outputs=_decode(row["outputs"]) if row["outputs"] else {},
        stopping=row["intent"] == Intent.STOP,
        metrics=metrics,
    )


def _news(row: Row) -> FinishedTrial:
    return FinishedTrial(
        key=row["key"],
        run=row["run"],
        phase=row["phase"],
        params=_decode(row["params"]),
        values=_decode(row["values"]),
        reason=row["reason"],
        synced_step=row["synced_step"],
        outputs=_decode(row["outputs"]) if row["tuner"] and row["outputs"] else {},
    )
