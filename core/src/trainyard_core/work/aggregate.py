"""Counts points into a run's metrics in brief, so that these are of the same points that readers of series show.

A run of one attempt that continues no other just adds up. In a run that has a past, the latest attempt that has logged
a metric holds it: what came before (earlier attempts, and the run that it continues) counts below the first step that
the holder has logged. How much that is, is read from the tracker whenever the first step changes, outside of the
transaction: `count` raises Missing, the caller reads, and comes again, also when more was counted of it meanwhile.
What a superseded attempt still sends only adds to what came before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from trainyard.track.frames import Summary
from trainyard_core.contracts.tracker import Tracker
from trainyard_core.db import metric_attempts, runs, tracking
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.db.metric_attempts import MetricHolder
from trainyard_core.work import resume

__all__ = ["EarlierCounts", "EarlierCountsNeeded", "MetricColumns", "count", "read_before"]


class EarlierCounts(msgspec.Struct, frozen=True):
    """What counts of metrics below a step, by name and step (None: nothing), as it was when so many frames of earlier
    attempts had been counted."""

    counted: int = -1
    found: Mapping[tuple[str, int], Summary | None] = {}


class EarlierCountsNeeded(Exception):
    """It must be known first what these metrics have below these steps."""

    def __init__(self, steps: Mapping[str, int]) -> None:
        super().__init__(f"read what came before: {dict(steps)}")
        self.steps = steps


class MetricColumns(msgspec.Struct, frozen=True):
    """Columns of one writer in the order in which they were logged, and a way to learn the first step of each, which
    only runs with a past need, and which may name columns that are not counted."""

    writer: str
    attempt: int
    summaries: Sequence[Summary]
    first_steps: Callable[[], Mapping[str, int]]


async def count(tx: Tx, row: Row, points: MetricColumns, before: EarlierCounts) -> None:
    """Count points into the run of `row`, which the transaction holds. Raises Missing with nothing written."""
    if not resume.has_past(row):
        await tracking.merge_metrics(tx, row["id"], points.summaries, writer=points.writer)
    elif points.summaries:
        await _count_after(tx, row, points, before)


async def _count_after(tx: Tx, row: Row, points: MetricColumns, before: EarlierCounts) -> None:
    run, found = row["id"], tracking.folded(points.summaries)
    first_steps = {name: step for name, step in points.first_steps().items() if name in found}
    held = await metric_attempts.held(tx, run, [*found])
    is_current = points.attempt >= row["attempt"]
    moved = _moved(held, points.attempt, first_steps) if is_current else _completed(held, points.attempt, first_steps)
    if moved and not await _is_known(tx, row, points, moved, before):
        raise EarlierCountsNeeded(moved)
    if is_current:
        await metric_attempts.take(tx, run, points.attempt, [*moved])
        await metric_attempts.add(tx, run, points.attempt, points.writer, found.values(), first_steps)
        same = [summary for name, summary in found.items() if name not in moved]
        await tracking.merge_metrics(tx, run, same, writer=points.writer)
    await metric_attempts.compose(tx, run, {name: before.found[name, step] for name, step in moved.items()})


async def _is_known(tx: Tx, row: Row, points: MetricColumns, moved: Mapping[str, int], before: EarlierCounts) -> bool:
    """Whether it was read what these metrics have below these steps, and no more has come since."""
    counted = await tracking.counted_before(tx, row["id"], row["attempt"], but=points.writer)
    return counted == before.counted and moved.items() <= before.found.keys()


def _moved(held: Mapping[str, MetricHolder], attempt: int, first_steps: Mapping[str, int]) -> dict[str, int]:
    """The metrics whose holder or its first step is another one now, with that step."""
    found = {}
    for name, step in first_steps.items():
        holder = held.get(name)
        if holder is None or holder.attempt < attempt or step < holder.first_step:
            found[name] = step
    return found


def _completed(held: Mapping[str, MetricHolder], attempt: int, first_steps: Mapping[str, int]) -> dict[str, int]:
    """The metrics of which a superseded attempt has points where those of its time still count, with the step up to
    which they do."""
    return {
        name: held[name].first_step
        for name, step in first_steps.items()
        if name in held and held[name].attempt > attempt and step < held[name].first_step
    }


async def read_before(
    database: Database, tracker: Tracker, run: str, writer: str, steps: Mapping[str, int]
) -> EarlierCounts:
    """What a run's metrics have below these steps, as readers of its series see it now, for somebody who counts frames
    of `writer`."""

    async def look(tx: Tx) -> tuple[int, list[resume.ChainLink]]:
        row = await runs.get(tx, run)
        if row is None:
            return -1, []
        counted = await tracking.counted_before(tx, run, row["attempt"], but=writer)
        return counted, await resume.links_of(tx, row)

    counted, chain = await database.read(look)
    found: dict[tuple[str, int], Summary | None] = dict.fromkeys(steps.items())
    for step, names in _by_step(steps).items():
        if chain and step > metric_attempts.LEAST:
            series = await resume.read_series(tracker, chain, names, last=step - 1, points=1)
            found |= {(each.name, step): each for each in resume.in_brief(series)}
    return EarlierCounts(counted, found)


def _by_step(steps: Mapping[str, int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for name, step in steps.items():
        found.setdefault(step, []).append(name)
    return found
