"""One run and its current attempt, as the rules see them. Pure: `view` reads them from the database."""

from __future__ import annotations

import msgspec

from trainyard_core.contracts.workload import Exit
from trainyard_core.lifecycle import Hold, Intent, Status
from trainyard_core.uptime import NEVER_UP, Uptime

__all__ = ["Attempt", "View"]


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """The current attempt. `agent_seen_at` is when its agent was last heard of (0: never), `started_at` when its start
    was heard of, by this side's clock; `lost_by` who declared it lost, in the words of `message`. `sent_at` is when the
    last frame or part of a file came of one that has ended and is not `drained`."""

    number: int
    agent: str
    state: str
    agent_seen_at: int = 0
    lost_by: str = ""
    message: str = ""
    started_at: int | None = None
    exit: Exit | None = None
    drain_until: int | None = None
    drained: bool = True
    sent_at: int = 0


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One run as the rules see it. Times are microseconds since 1970 UTC; `heard_at` is when a run that is only tracked
    last sent a frame, or was told of (0: it is told of now), `uptime` since when a server has listened,
    `reported_status` how its program said that it ended, with the reason, the message and the time. `dropped` is how
    many records the current attempt had to drop, once it has ended. `directs`: it runs nothing itself, but plans child
    runs."""

    run: str
    status: Status
    directs: bool = False
    reason: str = ""
    intent: Intent = Intent.RUN
    intent_reason: str = ""
    intent_message: str = ""
    hold: Hold = Hold.NONE
    managed: bool = True
    resolved: bool = True
    user_failures: int = 0
    platform_failures: int = 0
    max_retries: int = 0
    timeout_us: int | None = None
    wake_at: int | None = None
    wake_seq: int = 0
    reported_status: str = ""
    reported_reason: str = ""
    reported_message: str = ""
    reported_end_at: int | None = None
    started_at: int | None = None
    unfinished_writers: int = 0
    dropped: int = 0
    heard_at: int = 0
    uptime: Uptime = NEVER_UP
    attempt: Attempt | None = None
