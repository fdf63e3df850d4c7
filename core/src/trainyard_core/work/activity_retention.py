"""How long activities are kept: for the days that a setting says, and longer where they are needed still. Runs that
have not ended need them, and so do observers that have not read them.

An observer that is too far behind, as one whose plugin is gone, holds nothing up: what it loses is logged, and told by
`yard doctor`.
"""

from __future__ import annotations

from functools import partial

import structlog

from trainyard_core.clock import SECOND, Clock
from trainyard_core.db import activities, observers
from trainyard_core.db.engine import Database, Tx

__all__ = ["MOST_BEHIND", "tidy_activities"]

MOST_BEHIND = 1_000_000
"""Activities that are kept for an observer at most."""
PAGE = 1000
DAY = 24 * 3600 * SECOND
log = structlog.get_logger("trainyard.activities")


async def tidy_activities(database: Database, clock: Clock, *, days: float) -> int:
    """Delete activities that are older than so many days (0: none are) and needed no more, in short transactions; how
    many were deleted. May be repeated, and may overlap with itself in other processes."""
    if not days:
        return 0
    before, upto = clock.now() - int(days * DAY), await database.read(_read_by_all)
    deleted = after = 0
    while True:
        page = await database.read(partial(activities.expired, after=after, upto=upto, before=before, limit=PAGE))
        if not page.last:
            break
        after = page.last
        await database.write(partial(activities.remove, ids=page.ids), name="tidy_activities")
        deleted += len(page.ids)
    await _warn(database, after)
    return deleted


async def _read_by_all(tx: Tx) -> int:
    """The place in the log that every observer has passed, but for those that are too far behind. The newest activity
    is kept: whoever reads from the end of the log begins there."""
    newest = await activities.newest(tx)
    slowest = await observers.slowest(tx, above=newest - MOST_BEHIND)
    return newest - 1 if slowest is None else min(slowest, newest - 1)


async def _warn(database: Database, upto: int) -> None:
    for row in await database.read(observers.page):
        if row["cursor_id"] < upto:
            log.warning(
                "activities were deleted before an observer read them",
                plugin=row["plugin"],
                observer=row["name"],
                missed=upto - row["cursor_id"],
            )
