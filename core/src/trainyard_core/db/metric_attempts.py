"""Metrics of runs that have a past, in SQL: what the attempt that holds a metric has logged of it, and the run's row,
made of that and of what came before. When these are written is decided by `work.aggregate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from trainyard.track.frames import Summary
from trainyard_core.db.batch import batches, insert, marks
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.tracking import fold, merge_into, replace_metrics, row_of, summary_of

__all__ = ["LEAST", "MetricHolder", "add", "compose", "held", "take"]


LEAST = -(1 << 63)
"""The first of all steps: nothing comes before it."""


class MetricHolder(NamedTuple):
    """Which attempt holds a metric, and the first step that it has logged."""

    attempt: int
    first_step: int


async def held(tx: Tx, run: str, names: Sequence[str]) -> dict[str, MetricHolder]:
    """Who holds these metrics; those that nobody holds are left out."""
    rows = await _rows(tx, run, names)
    return {row["name"]: MetricHolder(row["attempt"], row["first_step"]) for row in rows}


async def _rows(tx: Tx, run: str, names: Sequence[str]) -> list[Row]:
    """What is kept of these metrics, as far as somebody holds them."""
    found: list[Row] = []
    for some in batches(names):
        found += await tx.all(f"SELECT * FROM metric_attempt WHERE run = ? AND name IN ({marks(some)})", run, *some)
    return found


async def take(tx: Tx, run: str, attempt: int, names: Sequence[str]) -> None:
    """An attempt logs these for the first time: what earlier ones have logged is not kept apart any more."""
    for some in batches(names):
        await tx.run(
            f"DELETE FROM metric_attempt WHERE run = ? AND attempt < ? AND name IN ({marks(some)})", run, attempt, *some
        )


async def add(
    tx: Tx, run: str, attempt: int, writer: str, summaries: Iterable[Summary], first_steps: Mapping[str, int]
) -> None:
    """Fold columns, one of each name, into what their attempt has logged."""
    rows = [(run, attempt, first_steps[each.name], *row_of(each, writer)) for each in summaries]
    await insert(tx, _INTO, rows, _ADD)


_INTO = """INSERT INTO metric_attempt
    (run, attempt, first_step, name, last, last_step, last_time, last_writer, min, max, value_count, finite_count)"""
_ADD = f"""{merge_into("metric_attempt")},
    first_step = CASE WHEN excluded.first_step < metric_attempt.first_step
        THEN excluded.first_step ELSE metric_attempt.first_step END"""


async def compose(tx: Tx, run: str, before: Mapping[str, Summary | None]) -> None:
    """Make the run's rows of these metrics anew: what the attempt that holds each has logged, and what still counts of
    what came before it, which is of lower steps. The caller holds the run's row."""
    rows = await _rows(tx, run, [*before])
    assert len(rows) == len(before), "somebody holds each"
    await replace_metrics(tx, run, [_composed(row, before[row["name"]]) for row in rows])


def _composed(own: Row, before: Summary | None) -> tuple[object, ...]:
    whole = summary_of(own) if before is None else fold(before, summary_of(own))
    return (*row_of(whole, own["last_writer"]), own["attempt"])
