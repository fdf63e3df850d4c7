"""What a director looks at: one sweep, its trials that have not ended, those that its optimizer does not know of yet,
and what open trials have logged, read in one go."""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard.matrix.sweep import Sweep
from trainyard_core.db import planned_trials, sweeps
from trainyard_core.db.engine import Row, Tx
from trainyard_core.lifecycle import FINAL, Intent, Status
from trainyard_core.sweeps.outcome import Ending

__all__ = ["Metric", "News", "Open", "View", "load"]

_decode: Any = msgspec.json.decode
_sweep = msgspec.json.Decoder(Sweep)
_ending = msgspec.json.Decoder(Ending)


class Metric(msgspec.Struct, frozen=True):
    """One metric of one run in brief; None is no number. `attempt` holds it, where there are several."""

    last: float | None
    min: float | None
    max: float | None
    count: int
    attempt: int


class Open(msgspec.Struct, frozen=True, kw_only=True):
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
    metrics: dict[str, Metric]

    @property
    def ended(self) -> bool:
        """Whether its run has."""
        return self.run is not None and (self.status is None or self.status in FINAL)


class News(msgspec.Struct, frozen=True, kw_only=True):
    """A trial that has ended and that the optimizer's state has not as ended. `outputs` are those of a tuner's run."""

    key: str
    run: str | None
    phase: str
    params: dict[str, object]
    values: dict[str, float]
    reason: str
    synced_step: int
    outputs: dict[str, object]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep as it is now."""

    run: str
    project: str
    name: str
    actor: str
    status: Status
    intent: Intent
    stop: Ending
    wake_at: int | None
    wake_seq: int
    sweep: Sweep
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
    outcome: Ending | None
    going: tuple[Open, ...]
    news: tuple[News, ...]
    succeeded: int
    failed: int
    stopped: int
    unscored: int

    @property
    def prepared(self) -> list[Open]:
        """Trials that wait for a slot."""
        return [trial for trial in self.going if trial.run is None]

    @property
    def open(self) -> list[Open]:
        """Trials (and runs of a tuner) whose runs have not ended."""
        return [trial for trial in self.going if trial.run is not None and not trial.ended]


async def load(tx: Tx, run: str, sweep: Sweep | None = None) -> View | None:
    """The view of a sweep; None when there is no such one. `sweep` is what an earlier view had: it never changes, and
    may list thousands of values."""
    row = await sweeps.get(tx, run)
    if row is None:
        return None
    logged: dict[str, dict[str, Metric]] = {}
    for each in await planned_trials.metrics(tx, run):
        logged.setdefault(each["run"], {})[each["name"]] = Metric(
            each["last"], each["min"], each["max"], each["value_count"], each["attempt"]
        )
    return View(
        run=run,
        project=row["project"],
        name=row["name"],
        actor=row["created_by"],
        status=Status(row["status"]),
        intent=Intent(row["intent"]),
        stop=Ending(status=Status.STOPPED, reason=row["intent_reason"], message=row["intent_message"]),
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


def _open(row: Row, metrics: dict[str, Metric]) -> Open:
    return Open(
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


def _news(row: Row) -> News:
    return News(
        key=row["key"],
        run=row["run"],
        phase=row["phase"],
        params=_decode(row["params"]),
        values=_decode(row["values"]),
        reason=row["reason"],
        synced_step=row["synced_step"],
        outputs=_decode(row["outputs"]) if row["tuner"] and row["outputs"] else {},
    )
