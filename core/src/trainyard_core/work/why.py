"""Why a run is where it is: the same admission that would start it, asked to explain."""

from __future__ import annotations

from collections.abc import Collection

from trainyard.client.models import Blocker, Why
from trainyard_core.admission import explain
from trainyard_core.clock import SECOND, rfc3339
from trainyard_core.db import agents, queues
from trainyard_core.db.engine import Row, Tx
from trainyard_core.lifecycle import FINAL, Hold, Reason, Status

__all__ = ["why"]

LOOK_AHEAD = 1000


async def why(tx: Tx, row: Row, *, at: int, silence: float, schedulers: Collection[str]) -> Why:
    """What a run waits for, in one sentence and piece by piece. `schedulers` are those that are installed here."""
    status = Status(row["status"])
    if status in (Status.CREATED, Status.COMPILED):
        return _answer(row, _held(row))
    if status is Status.QUEUED:
        return await _queued(tx, row, at, silence, schedulers)
    if status is Status.RETRYING:
        return _answer(row, [_backing_off(row, at)])
    return Why(run=row["id"], status=status, summary=_told(row, status))


async def _queued(tx: Tx, row: Row, at: int, silence: float, schedulers: Collection[str]) -> Why:
    need = queues.waiting_run(row)
    ahead = await queues.ahead_of(tx, need, most=LOOK_AHEAD)
    offers = await agents.offers(tx, at=at, silence=silence)
    blockers = explain(need, ahead, await queues.states(tx), offers)
    if not schedulers:
        message = "no scheduler is installed here, so nothing can start runs"
        blockers.insert(
            0, Blocker(code="scheduler_missing", message=message, fix="pip install trainyard-scheduler-process")
        )
    return _answer(row, blockers, place=len(ahead) + 1)


def _answer(row: Row, blockers: list[Blocker], *, place: int | None = None) -> Why:
    first = blockers[0].message if blockers else "nothing is in its way; it should go on within a second"
    return Why(run=row["id"], status=row["status"], summary=f"{row['status']}: {first}", blockers=blockers, place=place)


def _held(row: Row) -> list[Blocker]:
    hold = Hold(row["hold"])
    return [Blocker(code="hold", message=f"it is held for {hold}")] if hold else []


def _backing_off(row: Row, at: int) -> Blocker:
    left = max(0, (row["wake_at"] or at) - at) / SECOND
    return Blocker(code="backoff", message=f"it is tried again in {left:.1f} s; {row['message']}")


def _told(row: Row, status: Status) -> str:
    detail = ": ".join(part for part in (row["reason"], row["message"]) if part)
    if status in FINAL:
        return f"it {_VERBS[status]} at {rfc3339(row['finished_at'])}" + (f" ({detail})" if detail else "")
    if row["reason"] == Reason.UNREACHABLE:
        return row["message"] or "its agent has not been heard of"
    return f"{status}" + (f": {detail}" if detail else "; nothing is in its way")


_VERBS = {
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.STOPPED: "was stopped",
    Status.SKIPPED: "was skipped",
}
