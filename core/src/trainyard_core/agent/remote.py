"""The way to core over HTTP, for an agent that is a process of its own.

A request for assignments waits at the server until there are some; its answer wakes the agent. A server that is away is
told once and tried again with back-off; nothing that the agent holds is given up for it. An answer that a call was
refused for good ends the session.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from trainyard.client import AsyncClient
from trainyard.client import errors as client_errors
from trainyard.client.discovery import Endpoint, without_secrets
from trainyard.client.errors import ClientError
from trainyard.client.models import StreamFrame, StreamFrames
from trainyard.client.requests.path import change, query_of
from trainyard.client.retry import Backoff
from trainyard.client.wire import Request, path_of
from trainyard_core.agent import wire
from trainyard_core.agent.model import KnownAttempts, Registration, WakeEvent
from trainyard_core.agent.port import ENDS, AgentRejected, EndpointChanged, ServerUnreachable
from trainyard_core.contracts.scheduler import AttemptDiagnosis, Capacity
from trainyard_core.contracts.workload import AttemptRef, Observation, Workload
from trainyard_core.errors import Superseded

__all__ = ["HttpPort"]

T = TypeVar("T")
WAIT = 20.0
REST = 0.05
ONCE = Backoff(tries=1)
AGAIN = Backoff(base=0.1, cap=5.0)
log = structlog.get_logger("trainyard.agent")


class HttpPort:
    """One session over one client. `find` says where the server is now and with which token; `memory` is the file
    that remembers whose agent this folder belongs to."""

    def __init__(
        self,
        find: Callable[[], Endpoint],
        wake: WakeEvent,
        *,
        memory: Path,
        begun: Callable[[str, wire.Session], None] = lambda url, session: None,
        wait: float = WAIT,
        connect: Callable[[Endpoint], AsyncClient] | None = None,
    ) -> None:
        self._find, self._wake, self._memory, self._begun, self._wait = find, wake, memory, begun, wait
        self._endpoint = find()
        self._client = (connect or _connect)(self._endpoint)
        self._name, self._epoch = "", 0
        self._assigned: list[AttemptRef] = []
        self._away = False

    @property
    def url(self) -> str:
        """Where the server is, as this agent reaches it: its runs report there too."""
        return self._endpoint.url

    async def register(self, agent: Registration) -> None:
        self._name = agent.name
        hello = wire.RegisterAgent(**{name: getattr(agent, name) for name in wire.RegisterAgent.__struct_fields__})
        session = await self._ask("sessions", hello, wire.Session)
        self._remember(session.server)
        self._epoch = session.epoch
        log.info("a session began", agent=agent.name, epoch=session.epoch, queues=session.queues)
        if not agent.not_ready:
            self._begun(self.url, session)

    async def listen(self) -> None:
        """Wait at the server, again and again."""
        failures = 0
        while True:
            request = wire.AssignmentRequest(epoch=self._epoch, wait=self._wait)
            try:
                answer = await self._ask("assignments", request, wire.Assignments)
            except ENDS:
                raise
            except Exception as error:
                if not isinstance(error, ServerUnreachable):
                    log.error("a request for assignments failed and is tried again", exc_info=error)
                failures += 1
                await asyncio.sleep(AGAIN.delay(failures))
                continue
            failures = 0
            self._tell(answer)
            if not answer.items:
                await asyncio.sleep(REST)

    def _tell(self, answer: wire.Assignments) -> None:
        self._assigned += answer.items
        if answer.items or answer.orders:
            self._wake.orders |= answer.orders
            self._wake.set()

    async def assign(self) -> list[AttemptRef]:
        assigned, self._assigned = self._assigned, []
        return assigned

    async def workloads(self, refs: Sequence[AttemptRef]) -> list[Workload]:
        found = await self._ask("workloads", wire.AttemptRefs(epoch=self._epoch, refs=tuple(refs)), wire.Workloads)
        return [msgspec.structs.replace(workload, url=self.url) for workload in found.items]

    async def report(self, seen: Sequence[Observation]) -> None:
        """One that core refuses does not hold up the others."""
        try:
            await self._ask("report", wire.ObservationReport(epoch=self._epoch, seen=tuple(seen)), wire.Acknowledgement)
        except client_errors.Invalid as error:
            if len(seen) == 1:
                log.error("core refuses what was observed of an attempt", ref=str(seen[0].ref), error=str(error))
                return
            for each in seen:
                await self.report([each])

    async def diagnosed(self, ref: AttemptRef, found: Sequence[AttemptDiagnosis]) -> None:
        report = wire.DiagnosisReport(epoch=self._epoch, ref=ref, found=tuple(found))
        await self._ask("diagnosis", report, wire.Acknowledgement)

    async def stream_input(self, stream: str, after: int, wait: float) -> list[StreamFrame]:
        path = path_of("agents", self._name, "attempt-streams", stream, "input")
        query = query_of(after=after, wait=f"{wait:g}")
        return (await self._send(Request("GET", path, StreamFrames, query))).items

    async def stream_output(self, stream: str, frames: Sequence[StreamFrame]) -> None:
        path = path_of("agents", self._name, "attempt-streams", stream, "output")
        await self._send(change("POST", path, type(None), StreamFrames(items=[*frames])))

    async def orders(self, known: KnownAttempts | None = None, capacity: Capacity | None = None) -> wire.Orders:
        request = wire.OrdersRequest(epoch=self._epoch, known=known, capacity=capacity)
        return await self._ask("orders", request, wire.Orders)

    async def released(self, refs: Sequence[AttemptRef]) -> None:
        if refs:
            await self._ask("released", wire.AttemptRefs(epoch=self._epoch, refs=tuple(refs)), wire.Acknowledgement)

    async def leave(self) -> None:
        await self._ask("leave", wire.SessionRequest(epoch=self._epoch), wire.Acknowledgement)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _ask(self, what: str, body: msgspec.Struct, answer: type[T]) -> T:
        request = Request(
            "POST",
            path_of("agents", self._name, what),
            answer,
            headers={"Content-Type": "application/json"},
            content=msgspec.json.encode(body),
        )
        return await self._send(request)

    async def _send(self, request: Request[T]) -> T:
        try:
            found = await self._client.send(request)
        except ClientError as error:
            meaning = self._meaning(error)
            raise meaning from (None if meaning is error else error)
        if self._away:
            self._away = False
            log.info("the server is back", url=self._shown)
        return found

    def _meaning(self, error: ClientError) -> Exception:
        """What a failure means for the session."""
        if error.code == Superseded.code:
            return Superseded(str(error))
        if isinstance(error, client_errors.NotAuthenticated | client_errors.NotReachable) and self._moved():
            return EndpointChanged()
        if isinstance(error, client_errors.NotAuthenticated | client_errors.NotAllowed):
            return AgentRejected(f"the server at {self._shown} does not take this agent's token: {error}")
        if isinstance(error, client_errors.NotFound) or (isinstance(error, client_errors.Invalid) and not self._epoch):
            return AgentRejected(f"the server at {self._shown} does not take agent '{self._name}': {error}")
        if not (error.retryable or isinstance(error, client_errors.WrongServer | client_errors.ServerError)):
            return error
        if not self._away:
            self._away = True
            log.warning("the server is away; runs go on, and it is tried again", url=self._shown, error=str(error))
        return ServerUnreachable(str(error))

    def _moved(self) -> bool:
        try:
            now = self._find()
        except ClientError:
            return False
        return (now.url, now.token) != (self._endpoint.url, self._endpoint.token)

    @property
    def _shown(self) -> str:
        return without_secrets(self.url)

    def _remember(self, server: str) -> None:
        """Whose attempts lie here. Raises AgentRejected when they are another platform's: it would be told to stop
        them."""
        try:
            known = self._memory.read_text().strip()
        except FileNotFoundError:
            known = ""
        if known and known != server:
            raise AgentRejected(
                f"{self._memory.parent} holds the attempts of an agent of another platform than {self._shown};"
                " use another --data, or remove that folder once its runs have ended"
            )
        if not known:
            self._memory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._memory.write_text(server + "\n")


def _connect(endpoint: Endpoint) -> AsyncClient:
    """A client that sends everything once: when to try again is the port's."""
    return AsyncClient(endpoint.url, token=endpoint.token, timeout=WAIT + 30, backoff=ONCE)
