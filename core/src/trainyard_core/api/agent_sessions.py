"""The agent protocol: an agent begins a session, takes assignments, reports observations and asks for orders. Each call
but the first carries the session's epoch; a call of an older session is refused with `superseded`.

A request for assignments waits here, up to the time that the agent asks for, while there is no work for it. The
notifier ends the wait; a query once a second finds the work of which no message came.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from time import monotonic

import msgspec
from litestar import Controller, post
from litestar.params import FromPath, JSONBody

from trainyard_core.agent import wire
from trainyard_core.agent.model import BATCH, Registration, WakeEvent
from trainyard_core.api.access import ApiRequest, allow_agent, runtime_of
from trainyard_core.api.agents import check_labels, check_queues
from trainyard_core.api.name_rules import check_name
from trainyard_core.api.observation_limits import check_refs, checked
from trainyard_core.contracts.capacity import Capacity, capacity_problems
from trainyard_core.db import agents
from trainyard_core.errors import Invalid

__all__ = ["AgentSessions"]

LOOK = 1.0


class AgentSessions(Controller):
    """`/agents/{name}/...`, for the agent itself."""

    path = "/agents/{name:str}"
    tags = ("agent protocol",)

    @post("/sessions", status_code=200)
    async def begin(self, request: ApiRequest, name: FromPath[str], data: JSONBody[wire.RegisterAgent]) -> wire.Session:
        """Begin a session. Earlier sessions are over: their calls are refused from now on."""
        await allow_agent(request, name)
        check_name("agent", name)
        _check(data)
        runtime = runtime_of(request)
        epoch = await runtime.session_service().register(Registration(name=name, **msgspec.structs.asdict(data)))
        row = await runtime.database.read(lambda tx: agents.fence(tx, name, epoch))
        server = hashlib.sha256(b"platform:" + runtime.secret).hexdigest()[:16]
        return wire.Session(epoch=epoch, server=server, queues=agents.serves(row), silence=runtime.policy.silence)

    @post("/assignments", status_code=200)
    async def assign(
        self, request: ApiRequest, name: FromPath[str], data: JSONBody[wire.AssignmentRequest]
    ) -> wire.Assignments:
        """Request new attempts. Answered at once when there are some, or when orders for attempts that the agent holds
        may have changed."""
        await allow_agent(request, name)
        if not 0 <= data.wait <= wire.MOST_WAIT or not 1 <= data.most <= BATCH:
            raise Invalid(
                f"`wait` is from 0 to {wire.MOST_WAIT:g} seconds and `most` from 1 to {BATCH}", fix="stay within them"
            )
        notifier = runtime_of(request).notifier
        wake = notifier.subscribe()
        gone = asyncio.create_task(_disconnected(request))
        try:
            return await _until_work(request, name, data, wake, gone)
        finally:
            notifier.unsubscribe(wake)
            gone.cancel()

    @post("/workloads", status_code=200)
    async def workloads(
        self, request: ApiRequest, name: FromPath[str], data: JSONBody[wire.AttemptRefs]
    ) -> wire.Workloads:
        """Return what to start for attempts that the agent holds, with the runs' tokens; attempts that need no start
        any more are left out."""
        await allow_agent(request, name)
        check_refs(data.refs)
        return wire.Workloads(items=await runtime_of(request).session_service().workloads(name, data.epoch, data.refs))

    @post("/report", status_code=200)
    async def report(
        self, request: ApiRequest, name: FromPath[str], data: JSONBody[wire.ObservationReport]
    ) -> wire.Acknowledgement:
        """Record what was observed. Idempotent; observations of attempts that the agent does not hold change
        nothing."""
        await allow_agent(request, name)
        seen = [checked(each) for each in data.seen]
        await runtime_of(request).session_service().report(name, data.epoch, seen)
        return wire.Acknowledgement()

    @post("/diagnosis", status_code=200)
    async def diagnosis(
        self, request: ApiRequest, name: FromPath[str], data: JSONBody[wire.DiagnosisReport]
    ) -> wire.Acknowledgement:
        """Record what the agent's scheduler found when it was asked about an attempt."""
        await allow_agent(request, name)
        check_refs([data.ref])
        await runtime_of(request).session_service().diagnosed(name, data.epoch, data.ref, data.found)
        return wire.Acknowledgement()

    @post("/orders", status_code=200)
    async def orders(self, request: ApiRequest, name: FromPath[str], data: JSONBody[wire.OrdersRequest]) -> wire.Orders:
        """Record a heartbeat, and return what to do about the attempts that the agent holds: about each, or, for an
        agent that says what it knows of and is right, about those only that do not simply go on."""
        await allow_agent(request, name)
        if data.capacity is not None:
            _check_capacity(data.capacity)
        return await runtime_of(request).session_service().orders(name, data.epoch, data.known, data.capacity)

    @post("/released", status_code=200)
    async def released(
        self, request: ApiRequest, name: FromPath[str], data: JSONBody[wire.AttemptRefs]
    ) -> wire.Acknowledgement:
        """Record that the agent's scheduler holds nothing for these attempts any more."""
        await allow_agent(request, name)
        await runtime_of(request).session_service().released(name, data.epoch, data.refs)
        return wire.Acknowledgement()

    @post("/leave", status_code=200)
    async def leave(
        self, request: ApiRequest, name: FromPath[str], data: JSONBody[wire.SessionRequest]
    ) -> wire.Acknowledgement:
        """End the session's acceptance of new attempts; it keeps those that it holds."""
        await allow_agent(request, name)
        await runtime_of(request).session_service().leave(name, data.epoch)
        return wire.Acknowledgement()


async def _until_work(
    request: ApiRequest, name: str, body: wire.AssignmentRequest, wake: WakeEvent, gone: asyncio.Task[None]
) -> wire.Assignments:
    runtime, until = runtime_of(request), monotonic() + body.wait
    service = runtime.session_service()
    while True:
        orders = wake.take()
        items = [] if gone.done() else await service.assign(name, body.epoch, most=body.most)
        left = until - monotonic()
        if items or orders or left <= 0 or gone.done() or runtime.event_feed.closing:
            return wire.Assignments(items=items, orders=orders)
        await _wait(wake, gone, min(left, LOOK))


async def _wait(wake: WakeEvent, gone: asyncio.Task[None], seconds: float) -> None:
    """Wait until the agent is woken, its client has gone, or the time is over."""
    woken = asyncio.create_task(wake.wait())
    try:
        await asyncio.wait((woken, gone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        woken.cancel()
        with suppress(asyncio.CancelledError):
            await woken


async def _disconnected(request: ApiRequest) -> None:
    """Until the agent has hung up: nothing is assigned to one that does not listen."""
    while (await request.receive())["type"] != "http.disconnect":
        continue


def _check_capacity(capacity: Capacity) -> None:
    """Raises Invalid for what no agent can have."""
    for amounts in (capacity.stated(), capacity.largest):
        check_labels(dict.fromkeys(amounts, ""))
        for key, amount in amounts.items():
            if not 0 <= amount <= 1e18:
                raise Invalid(f"`{key}` is {amount:g}; an agent cannot have that much", fix="state what there is")
    for problem in capacity_problems(capacity):
        raise Invalid(problem, fix="update the plugin of this agent's scheduler")


def _check(agent: wire.RegisterAgent) -> None:
    """Raises Invalid for what no agent can be."""
    check_queues(agent.queues)
    check_labels(agent.labels)
    _check_capacity(agent.capacity)
    for text, most in ((agent.scheduler, 200), (agent.version, 200), (agent.not_ready, 300)):
        if len(text) > most or not text.isprintable():
            raise Invalid(
                "`scheduler` and `version` have at most 200 characters that can be printed, `not_ready` at most 300",
                fix="shorten",
            )
