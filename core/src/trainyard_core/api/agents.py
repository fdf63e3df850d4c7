"""Agents: who may serve which queues, what they have free, and taking them out of service. What an agent itself says
is `agent_sessions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard_core.admission import ANY_QUEUE
from trainyard_core.api.access import ApiRequest, allow, forget, runtime_of
from trainyard_core.api.change import change, check_match, tell
from trainyard_core.api.name_rules import check_name
from trainyard_core.api.pagination import Cursor, Limit, after_name, following
from trainyard_core.api.tokens import with_text
from trainyard_core.auth import ADMIN, AGENT, KNOWN
from trainyard_core.db import agents, principals, tokens
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.row_locks import hold
from trainyard_core.db.tokens import AGENT_PREFIX
from trainyard_core.errors import Conflict, Invalid, NotFound
from trainyard_core.work import serializers

__all__ = ["Agents", "check_labels", "check_queues"]

MOST_QUEUES = 200
MOST_LABELS = 64
LONGEST = 64
S = TypeVar("S", bound=msgspec.Struct)


class Agents(Controller):
    """`/agents`."""

    path = "/agents"
    tags = ("agents",)

    @get()
    async def page(self, request: ApiRequest, limit: Limit = 50, cursor: Cursor = "") -> models.AgentPage:
        """List all agents with their free resources, by name."""
        await allow(request, KNOWN)
        after = after_name(cursor)

        async def work(tx: Tx) -> models.AgentPage:
            rows = await agents.page(tx, after=after, limit=limit)
            key = rows[-1]["name"] if rows else None
            items = [await _shown(tx, request, row) for row in rows]
            return models.AgentPage(items=items, next=following(rows, limit, key))

        return await runtime_of(request).database.read(work)

    @post()
    async def add(self, request: ApiRequest, data: JSONBody[models.NewAgent]) -> Response[models.Enrolment]:
        """Add an agent and make its token. Only this answer contains the token; the same request with the same key
        returns it again."""
        await _allow_token(request)
        check_name("agent", data.name)
        check_queues(data.queues)
        check_labels(data.labels)
        seed = tokens.new_seed()

        async def work(tx: Tx) -> models.Enrolment:
            if not await agents.enrol(tx, data.name, queues=data.queues, labels=data.labels):
                raise Conflict(
                    f"there is an agent '{data.name}' already",
                    fix=f"choose another name, or give that one a new token: yard agents token {data.name}",
                )
            await _give_token(tx, request, data.name, seed)
            await tell(tx, request, "agent_added", agent=data.name, queues=data.queues, labels=data.labels)
            return models.Enrolment(agent=await _one(tx, request, data.name), token=seed)

        return with_text(request, await change(request, work, name="agent", status=201), models.Enrolment)

    @get("/{name:str}")
    async def one(self, request: ApiRequest, name: FromPath[str]) -> models.Agent:
        """Return one agent."""
        await allow(request, KNOWN)
        return await runtime_of(request).database.read(lambda tx: _one(tx, request, name))

    @patch("/{name:str}")
    async def edit(
        self, request: ApiRequest, name: FromPath[str], data: JSONBody[models.EditAgent]
    ) -> Response[models.Agent]:
        """Change the queues that an agent may serve, the labels that it was given, or whether it drains."""
        await allow(request, ADMIN)
        check_queues(data.queues or ())
        check_labels(data.labels or {})

        async def work(tx: Tx) -> models.Agent:
            await hold(tx, "agent", name)
            row = await _row(tx, name)
            check_match(request, await _shown(tx, request, row))
            await agents.change(tx, row, queues=data.queues, labels=data.labels, draining=data.draining)
            given = {key: value for key, value in msgspec.structs.asdict(data).items() if value is not None}
            await tell(tx, request, "agent_changed", agent=name, **given)
            return await _one(tx, request, name)

        answer = await change(request, work, name="agent")
        runtime_of(request).notifier.notify_agents(orders=True)
        return answer

    @post("/{name:str}/token")
    async def renew(self, request: ApiRequest, name: FromPath[str]) -> Response[models.Enrolment]:
        """Make a new token for an agent; all its earlier tokens are refused from now on."""
        await _allow_token(request)
        seed = tokens.new_seed()

        async def work(tx: Tx) -> models.Enrolment:
            await _row(tx, name)
            await _give_token(tx, request, name, seed)
            await tell(tx, request, "agent_token_renewed", agent=name)
            return models.Enrolment(agent=await _one(tx, request, name), token=seed)

        answer = with_text(request, await change(request, work, name="agent", status=201), models.Enrolment)
        forget(request)
        return answer

    @delete("/{name:str}")
    async def remove(self, request: ApiRequest, name: FromPath[str]) -> None:
        """Remove an agent and its tokens. Refused while it holds attempts of live runs, or is alive and holds any
        attempt."""
        await allow(request, ADMIN)

        async def work(tx: Tx) -> None:
            await hold(tx, "agent", name)
            await _refuse_holding(tx, await _one(tx, request, name))
            await agents.delete(tx, name)
            await principals.delete(tx, AGENT_PREFIX + name)
            await tell(tx, request, "agent_removed", agent=name)

        await change(request, work, name="agent", status=204)
        forget(request)


def check_queues(queues: Sequence[str]) -> None:
    """Raises Invalid for what cannot be the queues of an agent."""
    if len(queues) > MOST_QUEUES:
        raise Invalid(f"an agent serves at most {MOST_QUEUES} queues", fix="use `*` for any queue")
    for queue in queues:
        if queue != ANY_QUEUE:
            check_name("queue", queue)


def check_labels(labels: Mapping[str, str]) -> None:
    """Raises Invalid for labels that are too many, too long, empty, or hold what cannot be printed."""
    if len(labels) > MOST_LABELS or not all(key and _is_label(key) and _is_label(labels[key]) for key in labels):
        raise Invalid(
            f"labels are at most {MOST_LABELS}, with keys of 1 to {LONGEST} characters and values of up to {LONGEST}",
            fix="shorten them, and use characters that can be printed",
        )


def _is_label(text: str) -> bool:
    return len(text) <= LONGEST and text.isprintable()


async def _allow_token(request: ApiRequest) -> None:
    """Who makes an agent's token has both what it takes to keep agents and what the new token may do."""
    await allow(request, ADMIN)
    await allow(request, AGENT)


async def _row(tx: Tx, name: str) -> Row:
    row = await agents.get(tx, name)
    if row is None:
        raise NotFound(f"no agent '{name}'", fix="see yard agents ls")
    return row


async def _one(tx: Tx, request: ApiRequest, name: str) -> models.Agent:
    return await _shown(tx, request, await _row(tx, name))


async def _shown(tx: Tx, request: ApiRequest, row: Row) -> models.Agent:
    runtime = runtime_of(request)
    at, silence = runtime.clock.now(), runtime.policy.silence
    (offer,) = await agents.offers(tx, at=at, silence=silence, agent=row["name"])
    return serializers.agent(row, offer, await agents.slots(tx, row["name"]))


async def _give_token(tx: Tx, request: ApiRequest, name: str, seed: str) -> None:
    """The agent's only token from now on. It belongs to the agent: it stays when the token that made it does not."""
    runtime, principal = runtime_of(request), AGENT_PREFIX + name
    at, text = runtime.clock.now(), tokens.derive(runtime.secret, seed)
    await principals.ensure(tx, principal, kind="agent", role="none", at=at)
    await agents.mark_enrolled(tx, name)
    for row in await tokens.of_principal(tx, principal, limit=1000):
        await tokens.revoke(tx, row["id"], at=at)
    await tokens.create(tx, text, tokens.NewToken(principal=principal, name="agent"), at=at)


async def _refuse_holding(tx: Tx, agent: models.Agent) -> None:
    live = await agents.live_of(tx, agent.name)
    if live:
        raise Conflict(
            f"agent '{agent.name}' holds {len(live)} live runs, {live[0]} for one",
            fix=f"yard agents drain {agent.name}, then wait for them or stop them; of an agent that will not come back"
            " declare them lost: yard lost RUN",
        )
    if agent.alive and await agents.held(tx, agent.name):
        raise Conflict(
            f"agent '{agent.name}' still delivers what its runs left behind",
            fix="stop the agent, or wait until it has let go of them",
        )
