"""What an agent needs of core, as one interface for both ways to it. `work.direct_port` is the way inside a process
that holds the database, `remote` the way over HTTP.

A port is one session of one agent: `register` begins it, and every other call belongs to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from trainyard.client.models import StreamFrame
from trainyard_core.agent.model import KnownAttempts, Orders, Registration
from trainyard_core.contracts.scheduler import AttemptDiagnosis, Capacity
from trainyard_core.contracts.workload import AttemptRef, Observation, Workload
from trainyard_core.errors import Superseded

__all__ = ["ENDS", "AgentPort", "AgentRejected", "EndpointChanged", "ServerUnreachable"]


class ServerUnreachable(Exception):
    """Core cannot be reached now, or is in trouble. The call is made again later; runs go on meanwhile."""


class AgentRejected(Exception):
    """Core does not take this agent any more: its token is revoked, it was removed, or it is not the agent of this
    server. `str()` says which, and what to do."""


class EndpointChanged(Exception):
    """Core is found elsewhere, or another token is to be used, from now on."""


ENDS: tuple[type[Exception], ...] = (Superseded, AgentRejected, EndpointChanged)
"""After these the session is over: making the call again is of no use."""


class AgentPort(Protocol):
    """Core as an agent sees it. Every call is idempotent and may be made again after any failure; each raises
    Superseded once another session of this agent has begun, and remote ones ServerUnreachable, AgentRejected and
    EndpointChanged."""

    async def register(self, agent: Registration) -> None:
        """Present the agent and begin a session."""

    async def listen(self) -> None:
        """Call the agent whenever there may be something for it, until cancelled; returns at once where somebody
        else calls it."""

    async def assign(self) -> list[AttemptRef]:
        """New attempts for this agent."""

    async def workloads(self, refs: Sequence[AttemptRef]) -> list[Workload]:
        """What to start for these attempts; those that need no start any more are left out."""

    async def report(self, seen: Sequence[Observation]) -> None:
        """Tell what was observed."""

    async def diagnosed(self, ref: AttemptRef, found: Sequence[AttemptDiagnosis]) -> None:
        """Tell what the scheduler found when it was asked about an attempt."""

    async def stream_input(self, stream: str, after: int, wait: float) -> list[StreamFrame]:
        """The input of a stream after a frame, waited for at most so many seconds; the first call opens the stream.
        Raises NotFound when it has ended."""

    async def stream_output(self, stream: str, frames: Sequence[StreamFrame]) -> None:
        """Send output of a stream. Raises NotFound when it has ended, Unavailable when it is to be sent again."""

    async def orders(self, known: KnownAttempts | None = None, capacity: Capacity | None = None) -> Orders:
        """Heartbeat, and what to do about the attempts held: of each, or, when core counts as many as are `known`, of
        those only that do not simply go on. `capacity` is what the scheduler has from now on."""

    async def released(self, refs: Sequence[AttemptRef]) -> None:
        """The scheduler has let go of these."""

    async def leave(self) -> None:
        """No more work for this session; what it holds stays its own."""
