"""The `Scheduler` contract: who starts, watches and stops attempts.

Ownership. Core owns runs and decides; a scheduler owns the means (processes, pods) and reports facts. It keeps
nothing that matters in memory: whatever must survive lies with the means themselves (a folder, an API object), so
that any agent process may make the next call, on a new instance, after a crash at any point.

Concurrency. Calls come from one event loop and may overlap, also for the same attempt. Blocking work goes to
threads inside the implementation.

Idempotence. `submit` by (run, attempt): called twice, at once or after a crash, the command starts at most once,
ever, for that attempt. `stop` may be called again, before `submit`, and after the end. `release` may be called
again.

Unknown is not dead. `observe` leaves out an attempt that it cannot tell about, for as long as it cannot: its folder
cannot be read, an API does not answer, a list may be behind. `Phase.GONE` is said only when the attempt certainly does
not run, never will, and has no exit to report.

No trace is GONE. Core asks about an attempt once its `submit` or `stop` has returned, and of such a one there is
something: its means, or what is left of them. When there certainly is nothing (the machine was set up anew, somebody
deleted it, it was never submitted), `observe` says GONE, now or as soon as it is sure; or else the attempt would run
for ever. A `submit` that is on its way is not asked about.

An attempt that was stopped before it was submitted must never start: a later `submit` of it is answered by an `EXITED`
or `GONE` observation.

Delivery. What a program prints, and what its SDK leaves in the folder that TRAINYARD_SPOOL names, reaches the platform
at `workload.url`, by the attempt's token: while the program runs, after its end, and also when whatever supervised it
was killed. `Exit.writers` promises what there is; an attempt that ended is observed until all of that has arrived, and
released then. Without a `url` nothing is shipped. The platform may be this process, which answers with the help of the
event loop's default executor: what waits for its answers uses threads of its own.

Every call has a deadline set by the caller; a call that is cancelled may or may not have had its effect.

Raises. `SchedulerRefused` when the workload can never be run here (the message says why and what to change): the
run fails. Any other exception is trouble of the moment: the call is made again with back-off, and what `submit` raised
is shown as the reason why the run waits. No exception may hold the token.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol, runtime_checkable

from trainyard_core.contracts.workload import AttemptRef, Observation, Resources, Workload

__all__ = ["Manifest", "Scheduler", "SchedulerRefused", "SupportsResources", "SupportsWatch"]

Manifest = dict[str, Any]
"""What `render` makes of a workload: plain data, for people to read and golden files to hold. Never holds the
token."""


class SchedulerRefused(Exception):
    """This workload can never run here. `str()` says why, and what to change."""


class Scheduler(ABC):
    """Starts, watches and stops attempts. See the module's prose for what every method may assume."""

    name: str

    @abstractmethod
    def render(self, workload: Workload) -> Manifest:
        """The manifest of a workload. Pure and cheap; raises SchedulerRefused."""

    @abstractmethod
    async def submit(self, workload: Workload) -> None:
        """Start the attempt, once ever. Idempotent by (run, attempt). Returns when a crash of the caller can no
        longer undo it."""

    @abstractmethod
    async def observe(self, refs: Sequence[AttemptRef]) -> list[Observation]:
        """What is known of these attempts, in any order; those it cannot tell about are left out, those of which there
        is no trace are GONE."""

    @abstractmethod
    async def stop(self, ref: AttemptRef, *, grace: float) -> None:
        """Ask the attempt and all its children to end: TERM, and after `grace` seconds KILL. Returns without
        waiting for the end."""

    @abstractmethod
    async def adopt(self) -> list[AttemptRef]:
        """The attempts that this scheduler holds anything for, ended ones included until they are released."""

    @abstractmethod
    async def release(self, ref: AttemptRef) -> None:
        """Forget an ended attempt and free what it still holds. Called once its end is recorded and its frames are
        ingested."""

    @abstractmethod
    async def aclose(self) -> None:
        """Free this instance's own resources. Running attempts go on."""


@runtime_checkable
class SupportsWatch(Protocol):
    """Tells of changes as they happen, so that nobody polls."""

    def watch(self) -> AsyncIterator[Observation]:
        """Observations as they change, for all attempts, without end. May miss some: `observe` stays the truth."""


@runtime_checkable
class SupportsResources(Protocol):
    """Knows what there is to give."""

    async def resources(self) -> Resources:
        """The whole capacity, used or not. `cpu` and `memory` that are not stated (0) have no limit: the scheduler says
        itself what does not fit. Of devices and of `other` there is what is stated."""
