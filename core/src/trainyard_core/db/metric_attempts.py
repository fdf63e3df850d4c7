"""Metrics of runs that have a past, in SQL: what the attempt that holds a metric has logged of it, and the run's row,
made of that and of what came before. When these are written is decided by `work.aggregate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from trainyard.track.frames import Summary
from trainyard_core.db.engine import Tx
from trainyard_core.db.tracking import merge_into, merge_metrics, row_of, summary_of

__all__ = ["LEAST", "Held", "add", "compose", "held", "take"]


LEAST = -(1 << 63)
"""The first of all steps: nothing comes before it."""


class Held(NamedTuple):
    """Which attempt holds a metric, and the first step that it has logged."""

    attempt: int
    first_step: int


async def held(tx: Tx, run: str, names: Sequence[str]) -> dict[str, Held]:
    """Who holds these metrics; those that nobody holds are left out."""
    marks = ", ".join("?" * len(names))
    rows = await tx.all(
        f"SELECT name, attempt, first_step FROM metric_attempt WHERE run = ? AND name IN ({marks})", run, *names
    )
    return {row["name"]: Held(row["attempt"], row["first_step"]) for row in rows}


async def take(tx: Tx, run: str, attempt: int, names: Iterable[str]) -> None:
    """An attempt logs these for the first time: what earlier ones have logged is not kept apart any more."""
    await tx.many(
        "DELETE FROM metric_attempt WHERE run = ? AND name = ? AND attempt < ?",
        [(run, name, attempt) for name in names],
    )


async def add(
    tx: Tx, run: str, attempt: int, writer: str, summaries: Iterable[Summary], first_steps: Mapping[str, int]
) -> None:
    """Fold columns into what their attempt has logged."""
    await tx.many(_ADD, [(run, attempt, first_steps[each.name], *row_of(each, writer)) for each in summaries])


_ADD = f"""INSERT INTO metric_attempt
    (run, attempt, first_step, name, last, last_step, last_time, last_writer, low, high, total, finite)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {merge_into("metric_attempt")},
    first_step = CASE WHEN excluded.first_step < metric_attempt.first_step
        THEN excluded.first_step ELSE metric_attempt.first_step END"""


_EMPTY = """UPDATE metric SET last_step = ?, last_time = 0, last_writer = '', low = NULL, high = NULL, total = 0,
    finite = 0 WHERE run = ? AND name = ?"""


async def compose(tx: Tx, run: str, name: str, before: Summary | None) -> None:
    """Make the run's row of a metric anew: what the attempt that holds it has logged, and what still counts of what
    came before it."""
    own = await tx.one("SELECT * FROM metric_attempt WHERE run = ? AND name = ?", run, name)
    assert own is not None, "somebody holds it"
    await tx.run(_EMPTY, LEAST, run, name)
    if before is not None:
        await merge_metrics(tx, run, [before])
    await merge_metrics(tx, run, [summary_of(own)], writer=own["last_writer"])
    await tx.run("UPDATE metric SET attempt = ? WHERE run = ? AND name = ?", own["attempt"], run, name)
