"""When periodic jobs are due. Pure.

`every` counts from the start of the last call. `cron` follows the wall clock of its time zone: a time that a change of
the clock skips is made up for at the next minute that exists, and one that comes twice counts once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from trainyard_core.clock import SECOND
from trainyard_core.contracts.job import Job

__all__ = ["check", "following"]

FIELDS = 5
LEAST = 1.0
"""Seconds between two starts of a periodic job."""


def check(job: Job) -> str:
    """What is wrong with a job's schedule and numbers, in one sentence; empty when nothing is."""
    if job.every and job.cron:
        return "it has both `every` and `cron`; give one of them"
    if job.every and job.every < LEAST:
        return f"`every` is {job.every:g} seconds; the least is {LEAST:g}"
    if job.timeout <= 0 or job.attempts < 1:
        return "`timeout` is above 0 seconds, and `attempts` at least 1"
    if not job.cron:
        return ""
    if len(job.cron.split()) != FIELDS:
        return f"`cron` is '{job.cron}'; wanted are five fields: minute, hour, day, month, weekday"
    try:
        CronSim(job.cron, datetime(2026, 1, 1, tzinfo=ZoneInfo(job.time_zone)))
    except CronSimError as error:
        return f"`cron` is '{job.cron}': {error}"
    except (ZoneInfoNotFoundError, ValueError):
        return f"`time_zone` is '{job.time_zone}'; wanted is a name such as Europe/Berlin"
    return ""


def following(job: Job, now: int) -> int:
    """The first time after `now` at which a periodic job is due; both in microseconds since 1970 UTC."""
    if job.every:
        return now + int(job.every * SECOND)
    zone = ZoneInfo(job.time_zone)
    local = datetime.fromtimestamp(now / SECOND, UTC).astimezone(zone)
    return int(next(CronSim(job.cron, local)).timestamp() * SECOND)
