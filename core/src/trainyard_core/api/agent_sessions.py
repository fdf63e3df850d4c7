"""What agents say: a session is begun, work is leased, observations are reported, orders are asked for. Each call but
the first carries the session's epoch, and one of an older session is refused with `superseded`.

A lease waits here for as long as the agent wishes and there is nothing for it: the doorbell ends the wait, and a look
once a second finds what no bell rang for.
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
from trainyard_core.api.access import Asked, allow_agent, platform_of
from trainyard_core.api.agents import check_labels, check_queues
from trainyard_core.api.name_rules import check_name
from trainyard_core.api.observation_limits import check_refs, checked
from trainyard_core.db import agents
from trainyard_core.db.agents import Registration
from trainyard_core.errors import Invalid
from trainyard_core.work.assignment import BATCH
from trainyard_core.work.notifier import Call

__all__ = ["AgentSessions"]

LOOK = 1.0


class AgentSessions(Controller):
    """`/agents/{name}/...`, for the agent itself."""

    path = "/agents/{name:str}"
    tags = ("agent protocol",)

    @post("/sessions", status_code=200)
    async def begin(self, request: Asked, name: FromPath[str], data: JSONBody[wire.Hello]) -> wire.Session:
        """Begin a session. Those before it are over: their calls are refused from now on."""
        await allow_agent(request, name)
        check_name("agent", name)
        _check(data)
        platform = platform_of(request)
        epoch = await platform.desk().register(Registration(name=name, **msgspec.structs.asdict(data)))
        row = await platform.database.read(lambda tx: agents.fence(tx, name, epoch))
        server = hashlib.sha256(b"platform:" + platform.secret).hexdigest()[:16]
        return wire.Session(epoch=epoch, server=server, queues=agents.serves(row), silence=platform.policy.silence)

    @post("/lease", status_code=200)
    async def lease(self, request: Asked, name: FromPath[str], data: JSONBody[wire.LeaseWish]) -> wire.Leased:
        """New attempts. Answered at once when there are some, or something about those held may have changed."""
        await allow_agent(request, name)
        if not 0 <= data.wait <= wire.MOST_WAIT or not 1 <= data.most <= BATCH:
            raise Invalid(
                f"`wait` is from 0 to {wire.MOST_WAIT:g} seconds and `most` from 1 to {BATCH}", fix="stay within them"
            )
        doorbell = platform_of(request).doorbell
        call = doorbell.listen()
        gone = asyncio.create_task(_disconnected(request))
        try:
            return await _until_work(request, name, data, call, gone)
        finally:
            doorbell.forget(call)
            gone.cancel()

    @post("/workloads", status_code=200)
    async def workloads(self, request: Asked, name: FromPath[str], data: JSONBody[wire.Refs]) -> wire.Workloads:
        """What to start for attempts that the agent holds, with the runs' tokens; those that need no start any more
        are left out."""
        await allow_agent(request, name)
        check_refs(data.refs)
        return wire.Workloads(items=await platform_of(request).desk().workloads(name, data.epoch, data.refs))

    @post("/report", status_code=200)
    async def report(self, request: Asked, name: FromPath[str], data: JSONBody[wire.Report]) -> wire.Done:
        """What was observed. Idempotent; what is said of attempts that the agent does not hold changes nothing."""
        await allow_agent(request, name)
        seen = [checked(each) for each in data.seen]
        await platform_of(request).desk().report(name, data.epoch, seen)
        return wire.Done()

    @post("/orders", status_code=200)
    async def orders(self, request: Asked, name: FromPath[str], data: JSONBody[wire.InSession]) -> wire.Orders:
        """Heartbeat, and what to do about each attempt held."""
        await allow_agent(request, name)
        return wire.Orders(items=await platform_of(request).desk().orders(name, data.epoch))

    @post("/released", status_code=200)
    async def released(self, request: Asked, name: FromPath[str], data: JSONBody[wire.Refs]) -> wire.Done:
        """The agent's scheduler holds nothing for these attempts any more."""
        await allow_agent(request, name)
        await platform_of(request).desk().released(name, data.epoch, data.refs)
        return wire.Done()

    @post("/leave", status_code=200)
    async def leave(self, request: Asked, name: FromPath[str], data: JSONBody[wire.InSession]) -> wire.Done:
        """The session takes no more work; what it holds stays its own."""
        await allow_agent(request, name)
        await platform_of(request).desk().leave(name, data.epoch)
        return wire.Done()


async def _until_work(
    request: Asked, name: str, wish: wire.LeaseWish, call: Call, gone: asyncio.Task[None]
) -> wire.Leased:
    platform, until = platform_of(request), monotonic() + wish.wait
    desk = platform.desk()
    while True:
        orders = call.taken()
        items = [] if gone.done() else await desk.lease(name, wish.epoch, most=wish.most)
        left = until - monotonic()
        if items or orders or left <= 0 or gone.done() or platform.news.closing:
            return wire.Leased(items=items, orders=orders)
        await _called(call, gone, min(left, LOOK))


async def _called(call: Call, gone: asyncio.Task[None], seconds: float) -> None:
    """Until the doorbell rings, the agent is gone, or for so long."""
    ring = asyncio.create_task(call.wait())
    try:
        await asyncio.wait((ring, gone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ring.cancel()
        with suppress(asyncio.CancelledError):
            await ring


async def _disconnected(request: Asked) -> None:
    """Until the agent has hung up: nothing is leased to one that does not listen."""
    while (await request.receive())["type"] != "http.disconnect":
        continue


def _check(hello: wire.Hello) -> None:
    """Raises Invalid for what no agent can be."""
    check_queues(hello.queues)
    check_labels(hello.labels)
    check_labels(dict.fromkeys(hello.resources, ""))
    amounts = {"cpu": hello.cpu, "memory": hello.memory, "gpu": hello.gpu, **hello.resources}
    for key, amount in amounts.items():
        if not 0 <= amount <= 1e18:
            raise Invalid(f"`{key}` is {amount:g}; an agent cannot have that much", fix="state what there is")
    if hello.gpu > 4096:
        raise Invalid(f"`gpu` is {hello.gpu}; an agent has at most 4096 devices", fix="use several agents")
    for text, most in ((hello.scheduler, 200), (hello.version, 200), (hello.not_ready, 300)):
        if len(text) > most or not text.isprintable():
            raise Invalid(
                "`scheduler` and `version` have at most 200 characters that can be printed, `not_ready` at most 300",
                fix="shorten",
            )
