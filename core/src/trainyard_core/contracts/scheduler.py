"""The `Scheduler` contract: starts, observes and stops attempts.

Ownership. Core owns runs and decides; a scheduler owns the processes or pods and reports facts. It keeps no important
state in memory: whatever must survive is stored with the processes or pods themselves (in a folder, in an API object),
so that any agent process may make the next call, on a new instance, after a crash at any point.

Concurrency. Calls come from one event loop and may overlap, also for the same attempt. Blocking work is done in threads
inside the implementation.

Idempotence. `submit` is idempotent by (run, attempt): called twice, concurrently or after a crash, the command starts
at most once, ever, for that attempt. `stop` may be repeated, and called before `submit` and after the end. `release`
may be repeated.

Unknown is not dead. `observe` leaves out an attempt whose state it cannot determine, for as long as it cannot: its
folder cannot be read, an API does not answer, a list may be out of date. `Phase.GONE` is reported only when the attempt
certainly does not run, never will, and has no exit to report.

No trace means GONE. Core observes an attempt only after its `submit` or `stop` has returned, so there is a trace of it:
its process or pod, or what is left of it. When there certainly is none (the machine was reinstalled, somebody deleted
it, it was never submitted), `observe` reports GONE, immediately or as soon as it is sure; otherwise the attempt would
seem to run for ever. Core does not observe an attempt while its `submit` is in progress.

An attempt that was stopped before it was submitted must never start: a later `submit` of it leads to an `EXITED` or
`GONE` observation.

Delivery. The output of a program, and what its SDK leaves in the folder that TRAINYARD_SPOOL names, must reach the
server at `workload.url`, with the attempt's token: while the program runs, after its end, and also when the process
that supervised it was killed. `Exit.writers` says what there is; an attempt that has ended is observed until all of
that has arrived, and then released. Without a `url` nothing is sent. The server may be this process, and answers with
the help of the event loop's default executor: code that waits for its answers must use threads of its own.

Every call has a deadline set by the caller; a call that is cancelled may or may not have had its effect.

Raises. `SchedulerRefused` when the workload can never run here (the message says why and what to change): the run
fails. Any other exception means a temporary problem: the call is repeated with back-off, and the error of `submit` is
shown as the reason why the run waits. No exception may contain the token.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from trainyard.compile.scheduler_check import Facts, SchedulerCheck, Verdict
from trainyard_core.contracts.attempt_stream import AttemptStream, StreamOutput
from trainyard_core.contracts.capacity import Capacity
from trainyard_core.contracts.workload import AttemptRef, Observation, Workload

__all__ = [
    "AttemptDiagnosis",
    "AttemptStream",
    "Capacity",
    "Facts",
    "Manifest",
    "Scheduler",
    "SchedulerCheck",
    "SchedulerRefused",
    "StreamOutput",
    "SupportsCapacity",
    "SupportsDiagnosis",
    "SupportsExec",
    "SupportsFacts",
    "SupportsLogs",
    "SupportsProxy",
    "SupportsWatch",
    "Verdict",
]

Manifest = dict[str, Any]
"""The result of `render`: plain data for people to read and for golden files. Never contains the token."""


class SchedulerRefused(Exception):
    """This workload can never run here. `str()` says why, and what to change."""


class AttemptDiagnosis(msgspec.Struct, frozen=True):
    """One cause why an attempt does not run as it should: what it is, what shows it, and what to do about it, each in
    plain words."""

    cause: str
    evidence: str = ""
    fix: str = ""


class Scheduler(ABC):
    """Starts, observes and stops attempts. The module's docstring says what every method may assume."""

    name: str

    @abstractmethod
    def render(self, workload: Workload) -> Manifest:
        """The manifest of a workload. Pure and cheap; raises SchedulerRefused."""

    @abstractmethod
    async def submit(self, workload: Workload) -> None:
        """Start the attempt, at most once ever. Idempotent by (run, attempt). Returns when a crash of the caller can
        no longer undo it."""

    @abstractmethod
    async def observe(self, refs: Sequence[AttemptRef]) -> list[Observation]:
        """The state of these attempts, in any order; those whose state cannot be determined are left out, those without
        a trace are GONE."""

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
    """Reports changes as they happen, so that core need not poll."""

    def watch(self) -> AsyncIterator[Observation]:
        """Observations of all attempts as they change, without end. May miss some: `observe` is authoritative."""


@runtime_checkable
class SupportsDiagnosis(Protocol):
    """Finds out why an attempt does not run as it should, when somebody asks."""

    async def diagnose(self, ref: AttemptRef) -> list[AttemptDiagnosis]:
        """The causes that can be seen now, the most important first; empty when there is none, and for an attempt that
        is not known here. Changes nothing. It has 10 seconds."""


@runtime_checkable
class SupportsLogs(Protocol):
    """Has output of an attempt itself, also of one whose runner never started."""

    def logs(self, ref: AttemptRef, *, tail: int, follow: bool) -> AsyncIterator[bytes]:
        """The last `tail` lines that there are, as pieces of text in UTF-8; with `follow` also what comes, until the
        attempt ends. Raises SchedulerRefused when there is nothing, and says why. A caller that has enough closes the
        iterator."""


@runtime_checkable
class SupportsExec(Protocol):
    """Runs a program beside a live attempt."""

    async def exec(self, ref: AttemptRef, command: Sequence[str]) -> AttemptStream:
        """Start a program where the attempt runs, with its folder and environment, but without the values of its
        secrets. Raises SchedulerRefused when that cannot be, and says why. The program ends with the attempt."""


@runtime_checkable
class SupportsProxy(Protocol):
    """Connects to a port of a live attempt."""

    async def proxy(self, ref: AttemptRef, port: int) -> AttemptStream:
        """Open a TCP connection to a port on which a program of the attempt listens. Raises SchedulerRefused when none
        does, and says so."""


@runtime_checkable
class SupportsFacts(Protocol):
    """States what it is where this agent runs it. `SchedulerProvider.check` is told the facts of each agent."""

    def facts(self) -> Facts:
        """Return the facts. They stay the same as long as the agent runs."""


@runtime_checkable
class SupportsCapacity(Protocol):
    """Knows what it can run at once. Of a scheduler that does not, everything counts as unlimited."""

    async def capacity(self) -> Capacity:
        """What there is now in whole, used or not, and the largest part of it. It is asked with each heartbeat, about
        once a second: one that changes is known as soon. What a caller cannot be told in time stays as it was."""
