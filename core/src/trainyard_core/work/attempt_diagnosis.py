"""Asks the scheduler of a live attempt, through its agent, what keeps the attempt from running, and stores the answer.

The question is a mark on the attempt: its agent finds it among its orders, wherever the agent is, and answers in its
session. Whoever asks waits for a bounded time, and else shows what was found before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from trainyard.client.models import Blocker
from trainyard_core import redact
from trainyard_core.clock import SECOND, Clock, rfc3339
from trainyard_core.contracts.scheduler import AttemptDiagnosis
from trainyard_core.contracts.workload import AttemptRef
from trainyard_core.db import attempts
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.work.notifier import Notifier

__all__ = ["ask", "blockers", "record"]

PATIENCE = 2.0
"""Seconds for which an answer is waited for."""
LOOK = 0.05
FRESH = 5 * SECOND
"""So long an answer is not asked for again."""
UNANSWERED = 60 * SECOND
"""So long one that does not answer is not asked again."""
MOST, LONGEST = 10, 1_000
_decode = msgspec.json.Decoder(list[AttemptDiagnosis]).decode


async def ask(database: Database, notifier: Notifier, clock: Clock, run: str, *, silence: float) -> None:
    """Have the live attempt of a run diagnosed, and wait for the answer, at most `PATIENCE` seconds. Nothing is asked
    of an agent that is silent, nor again at once."""
    at = clock.now()

    async def attempt_to_ask(tx: Tx) -> Row | None:
        row = await attempts.current(tx, run)
        return row if row is not None and _may_be_asked(row, at, silence) else None

    row = await database.read(attempt_to_ask)
    if row is None:
        return
    ref = AttemptRef(run, row["number"])
    await database.write(lambda tx: attempts.ask_diagnosis(tx, ref, at=at), name="ask_diagnosis")
    notifier.notify_agents(orders=True)
    try:
        async with asyncio.timeout(PATIENCE):
            while not await database.read(lambda tx: _is_answered(tx, run, at)):  # noqa: ASYNC110 - a row tells it
                await asyncio.sleep(LOOK)
    except TimeoutError:
        return


def _may_be_asked(row: Row, at: int, silence: float) -> bool:
    if row["state"] == "exited" or at - (row["agent_seen_at"] or 0) > silence * SECOND:
        return False
    asked_at, diagnosed_at = row["diagnosis_asked_at"] or 0, row["diagnosed_at"] or 0
    is_open = diagnosed_at < asked_at and at - asked_at < UNANSWERED
    return not is_open and at - diagnosed_at >= FRESH


async def _is_answered(tx: Tx, run: str, asked_at: int) -> bool:
    row = await attempts.current(tx, run)
    return row is None or row["state"] == "exited" or (row["diagnosed_at"] or 0) >= asked_at


async def record(tx: Tx, agent: str, ref: AttemptRef, found: Sequence[AttemptDiagnosis], *, at: int) -> None:
    """Store what the scheduler of an agent found, within bounds and without secrets. What is not the agent's changes
    nothing."""
    kept = [AttemptDiagnosis(_fit(each.cause), _fit(each.evidence), _fit(each.fix)) for each in found[:MOST]]
    await attempts.set_diagnosis(tx, agent, ref, msgspec.json.encode(kept).decode(), at=at)


def blockers(attempt: Row) -> list[Blocker]:
    """What was found when the scheduler of an attempt was asked last."""
    when = rfc3339(attempt["diagnosed_at"])
    return [
        Blocker(
            code="diagnosis",
            message=each.cause + (f": {each.evidence}" if each.evidence else "") + f" (found at {when})",
            fix=each.fix,
        )
        for each in _decode(attempt["diagnosis"])
    ]


def _fit(text: str) -> str:
    return redact.text(text)[:LONGEST].replace("\0", "\ufffd")
