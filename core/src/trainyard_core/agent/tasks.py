"""What an agent has under way: its tasks, which attempt each is about, and what becomes of those that fail: they are
tried again, after a while that grows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from time import monotonic
from typing import Any, NamedTuple

import structlog

from trainyard.client.retry import Backoff
from trainyard_core.agent.model import WakeEvent
from trainyard_core.agent.port import ENDS, ServerUnreachable
from trainyard_core.cancellation import end_all
from trainyard_core.contracts.workload import AttemptRef

__all__ = ["TaskTable"]

AGAIN = Backoff(base=1.0, cap=30.0)
"""How long a call that a scheduler has failed waits before it is made again."""
log = structlog.get_logger("trainyard.agent")
Work = Coroutine[Any, Any, None]


class _Rest(NamedTuple):
    """After so many failures in a row, not before a moment."""

    failures: int
    until: float


class TaskTable:
    """The tasks of one session. `over` is what ended the session, once something has; `called` is set then."""

    def __init__(self, wake: WakeEvent) -> None:
        self._wake = wake
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[tuple[str, AttemptRef]] = set()
        self._resting: dict[tuple[str, AttemptRef], _Rest] = {}
        self.over: Exception | None = None

    def start(self, work: Work) -> None:
        """Have this done beside everything else."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def once(self, what: str, ref: AttemptRef, work: Work) -> None:
        """Have this done for an attempt unless the same is under way."""
        if not self.take(what, [ref]):
            work.close()
            return
        self.start(self._finally_idle(what, ref, work))

    def take(self, what: str, refs: Sequence[AttemptRef]) -> list[AttemptRef]:
        """Those attempts for which it is not under way and does not wait after a failure; it is from now on, until
        `leave`."""
        fresh = [ref for ref in refs if (what, ref) not in self._busy and not self._rests(what, ref)]
        self._busy.update((what, ref) for ref in fresh)
        return fresh

    def failed(self, what: str, ref: AttemptRef) -> None:
        """It was tried in vain: it waits before the next try, longer each time."""
        failures = self._resting.get((what, ref), _Rest(0, 0.0)).failures + 1
        self._resting[what, ref] = _Rest(failures, monotonic() + AGAIN.delay(failures))

    def worked(self, what: str, ref: AttemptRef) -> None:
        """It was done: the next failure is the first one."""
        self._resting.pop((what, ref), None)

    def keep(self, held: Collection[AttemptRef]) -> None:
        """Forget the failures of all other attempts: they are over."""
        self._resting = {key: rest for key, rest in self._resting.items() if key[1] in held}

    def _rests(self, what: str, ref: AttemptRef) -> bool:
        rest = self._resting.get((what, ref))
        return rest is not None and monotonic() < rest.until

    def leave(self, what: str, refs: Iterable[AttemptRef]) -> None:
        """It is not under way any more for these."""
        self._busy.difference_update((what, ref) for ref in refs)

    def under_way(self, what: str) -> bool:
        """Whether it is, for any attempt."""
        return any(each == what for each, _ in self._busy)

    async def guarded(self, step: str, work: Callable[[], Work]) -> None:
        """Do a step that is tried again by whoever comes next."""
        try:
            await work()
        except Exception as error:
            self.mind(error, step)

    def mind(self, error: Exception, step: str) -> None:
        """A step failed: it is tried again, unless the session is over. That core is away, its port has told."""
        if isinstance(error, ENDS):
            self.over = self.over or error
            self.wake_agent()
        elif not isinstance(error, ServerUnreachable):
            log.error("an agent's step failed and is tried again", step=step, exc_info=error)

    def wake_agent(self) -> None:
        """Have the agent look at everything at once."""
        self._wake.orders = True
        self._wake.set()

    async def end(self) -> None:
        """What is under way is finished or abandoned, as a crash would."""
        await end_all(self._tasks, patience=0.5)

    async def _finally_idle(self, what: str, ref: AttemptRef, work: Work) -> None:
        try:
            await work
        except Exception as error:
            self.failed(what, ref)
            self.mind(error, what)
        else:
            self.worked(what, ref)
        finally:
            self.leave(what, [ref])
