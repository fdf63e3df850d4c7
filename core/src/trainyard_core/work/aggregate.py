"""Counts points into a run's metrics in brief, so that these are of the same points that readers of series show.

A run of one attempt that continues no other just adds up. In a run that has a past, the latest attempt that has logged
a metric holds it: what came before (earlier attempts, and the run that it continues) counts below the first step that
the holder has logged. How much that is, is read from the tracker whenever the first step changes, outside of the
transaction: `count` raises Missing, the caller reads, and comes again. What a superseded attempt still sends only adds
to what came before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trainyard.track.frames import Summary
from trainyard_core.contracts.tracker import Tracker
from trainyard_core.db import metric_attempts, runs, tracking
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.work import continuing

__all__ = ["Before", "Missing", "count", "read_before"]

Before = dict[tuple[str, int], Summary | None]
"""What counts of a metric below a step of its holder, by name and step; None: nothing."""


class Missing(Exception):
    """It must be known first what these metrics have below these steps."""

    def __init__(self, steps: Mapping[str, int]) -> None:
        super().__init__(f"read what came before: {dict(steps)}")
        self.steps = steps


async def count(tx: Tx, row: Row, summaries: Iterable[Summary], *, writer: str, attempt: int, before: Before) -> None:
    """Count columns of one writer, whose attempt is given, into the run of `row`, which the transaction holds. Raises
    Missing with nothing written."""
    if not continuing.has_past(row):
        await tracking.merge_metrics(tx, row["id"], summaries, writer=writer)
        return
    found = tracking.folded(summaries)
    held = await metric_attempts.held(tx, row["id"], [*found]) if found else {}
    if attempt < row["attempt"]:
        moved = {n: held[n].first_step for n, s in found.items() if n in held and _adds_before(held[n], attempt, s)}
    else:
        moved = {
            name: step for name, s in found.items() if (step := _moves_start(held.get(name), attempt, s)) is not None
        }
    if missing := {name: step for name, step in moved.items() if (name, step) not in before}:
        raise Missing(missing)
    if attempt >= row["attempt"]:
        await metric_attempts.take(tx, row["id"], attempt, moved)
        await metric_attempts.add(tx, row["id"], attempt, writer, found.values())
        same = [summary for name, summary in found.items() if name not in moved]
        await tracking.merge_metrics(tx, row["id"], same, writer=writer)
    for name, step in moved.items():
        await metric_attempts.compose(tx, row["id"], name, before[name, step])


def _adds_before(held: metric_attempts.Held, attempt: int, new: Summary) -> bool:
    """Whether points of a superseded attempt lie where those of its time still count."""
    return held.attempt > attempt and new.first_step < held.first_step


def _moves_start(held: metric_attempts.Held | None, attempt: int, new: Summary) -> int | None:
    """The first step of the attempt from now on, if that is another one."""
    if held is None or held.attempt < attempt or new.first_step < held.first_step:
        return new.first_step
    return None


async def read_before(database: Database, tracker: Tracker, run: str, steps: Mapping[str, int]) -> Before:
    """What a run's metrics have below these steps, as readers of its series see it now."""

    async def links(tx: Tx) -> list[continuing.Link]:
        row = await runs.get(tx, run)
        return [] if row is None else await continuing.links_of(tx, row)

    chain, found = await database.read(links), Before()
    for step in {*steps.values()}:
        names = [name for name in steps if steps[name] == step]
        found |= {(name, step): None for name in names}
        if chain and step > metric_attempts.LEAST:
            series = await continuing.read_series(tracker, chain, names, last=step - 1, points=1)
            found |= {(each.name, step): each for each in continuing.in_brief(series)}
    return found
