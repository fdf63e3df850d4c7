"""Background jobs: work that is done after the answer, later, or at set times.

Truth. A job is a row in the database, written in the transaction that asks for it; a message queue only wakes workers.
So a job is there when that transaction is committed, and is done at least once, whatever is killed, flushed or frozen.

Uniqueness. There is at most one job for a (name, key). Enqueueing one that waits changes its `args` and, if it is
sooner, its time; enqueueing one that runs has it run once more afterwards.

Concurrency. One worker holds a job at a time, for `timeout` seconds: then its call is cancelled, and a worker that was
frozen meanwhile has lost it to another one. Each time a job is taken its `epoch` grows. What must not come from a
worker that has lost the job, a function writes with `platform.jobs.write(call, work)`, which raises `JobLost` then; for
effects outside of the database it hands `epoch` over, so that the other side can refuse an older one.

Raises. A function that raises is called again after 1, 2, 4 ... seconds, at most 10 minutes, until it has been tried
`attempts` times; then the job is `dead`: it stays, with its last error, until somebody retries or deletes it, or it is
enqueued again. One that raises `RetryLater` is called again after the time that it names instead. A call whose worker
was killed counts as a try. A periodic job is tried again at its next time and is never dead.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from trainyard_core.contracts.platform import Platform

__all__ = ["Job", "JobCall", "JobFunction", "JobLost", "RetryLater"]


class JobLost(Exception):
    """Another worker has the job now, or nobody wants it any more."""


class RetryLater(Exception):
    """The function is to be called again after `delay` seconds, at most an hour, and not as soon as usual: somebody
    has said when they can be asked again. It counts as a try like any other failure."""

    def __init__(self, message: str, *, delay: float) -> None:
        super().__init__(message)
        self.delay = delay


class JobCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a job's function. `args` are those that it was enqueued with; `attempt` counts the tries from 1,
    `epoch` every time that the job was taken. `deadline` is when the worker loses it, in microseconds since 1970
    UTC."""

    id: int
    key: str
    args: Mapping[str, object]
    attempt: int
    epoch: int
    deadline: int


JobFunction = Callable[["Platform", JobCall], Awaitable[None]]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of work. `name` is unique within the plugin. Without a schedule it is enqueued on demand. With `every`
    (seconds between starts) or `cron` (five fields, in `time_zone`) it is periodic: it has one row, with the key "".
    `timeout` is in seconds, `attempts` how often it is tried. Times of `cron` that were missed, as no worker was there,
    are made up for by one call. Enqueueing a periodic job has it run once at that time, too."""

    name: str
    run: JobFunction
    every: float = 0.0
    cron: str = ""
    time_zone: str = "UTC"
    timeout: float = 60.0
    attempts: int = 10

    @property
    def is_periodic(self) -> bool:
        """Whether it has a schedule."""
        return bool(self.every or self.cron)
