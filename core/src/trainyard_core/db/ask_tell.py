"""Trials that a program outside runs, in SQL: those that it was given, and what it tells of their end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from trainyard_core.db import recorded_end
from trainyard_core.db.engine import Row, Tx

__all__ = ["end", "given", "going"]


async def given(tx: Tx, sweep: str, runs: Sequence[str]) -> list[Row]:
    """Trials by their runs, in the order of their numbers."""
    marks = ", ".join("?" * len(runs)) or "NULL"
    return await tx.all(
        "SELECT t.key, t.number, t.run, t.params, t.note, t.continues, r.name FROM trial t JOIN run r ON r.id = t.run"
        f" WHERE t.sweep = ? AND t.run IN ({marks}) ORDER BY t.number",
        sweep, *runs,
    )  # fmt: skip


async def going(tx: Tx, sweep: str) -> list[Row]:
    """Its trials that have not ended, by number, each with what its run says of it."""
    return await tx.all(
        "SELECT t.key, t.run, r.meta, r.reported_status FROM trial t JOIN run r ON r.id = t.run WHERE t.sweep = ?"
        " AND t.phase = 'open' AND r.status NOT IN ('succeeded', 'failed', 'stopped', 'skipped') ORDER BY t.number",
        sweep,
    )


async def end(tx: Tx, run: str, *, outputs: Mapping[str, object], status: str, message: str, at: int) -> None:
    """Its program has said how a run ended and what came of it. It ends when its frames are in."""
    await tx.run(
        "UPDATE run SET outputs = ?, updated_at = ? WHERE id = ? AND managed = 0",
        msgspec.json.encode(outputs).decode(), at, run,
    )  # fmt: skip
    await recorded_end.tell(tx, run, status, recorded_end.ReportedEnd(message=message))
