"""What there is: projects, queues, agents, plugins, and the server itself."""

from __future__ import annotations

import re
from importlib.metadata import version

import msgspec
from litestar import Controller, get, post, put
from litestar.params import JSONBody

from trainyard.client import models
from trainyard_core.api import present
from trainyard_core.api.access import Asked, allow, platform_of
from trainyard_core.auth import ADMIN, READ
from trainyard_core.clock import rfc3339
from trainyard_core.db import agents, projects, queues
from trainyard_core.db.engine import Tx
from trainyard_core.errors import Conflict, Invalid

__all__ = ["Catalog"]

NAME = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9_.]{0,63}")


class NewProject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project to be created."""

    name: str
    description: str = ""


class QueueLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A queue's limits. `concurrency` null: none."""

    concurrency: int | None = None
    paused: bool = False


class Catalog(Controller):
    """The nouns beside runs."""

    path = "/"
    tags = ("catalog",)

    @get("/projects")
    async def projects(self, request: Asked) -> list[models.Project]:
        """All projects."""
        allow(request, READ)
        rows = await platform_of(request).database.read(projects.every)
        return [
            models.Project(name=r["name"], description=r["description"], created_at=rfc3339(r["created_at"]) or "")
            for r in rows
        ]

    @post("/projects")
    async def create_project(self, request: Asked, data: JSONBody[NewProject]) -> models.Project:
        """Create a project."""
        allow(request, ADMIN)
        _check_name("project", data.name)
        platform, at = platform_of(request), platform_of(request).clock.now()
        new = await platform.database.write(
            lambda tx: projects.ensure(tx, data.name, at=at, description=data.description), name="project"
        )
        if not new:
            raise Conflict(f"there is a project '{data.name}' already", fix="use it, or choose another name")
        return models.Project(name=data.name, description=data.description, created_at=rfc3339(at) or "")

    @get("/queues")
    async def queues(self, request: Asked) -> list[models.Queue]:
        """All queues with how many runs wait and live in each."""
        allow(request, READ)
        return await platform_of(request).database.read(_queues)

    @put("/queues/{name:str}")
    async def put_queue(self, request: Asked, name: str, data: JSONBody[QueueLimits]) -> models.Queue:
        """Create a queue or change its limits."""
        allow(request, ADMIN)
        _check_name("queue", name)
        if data.concurrency is not None and data.concurrency < 0:
            raise Invalid("`concurrency` must be 0 or more", fix="leave it out for no limit")
        platform, at = platform_of(request), platform_of(request).clock.now()

        async def work(tx: Tx) -> list[models.Queue]:
            await queues.put(tx, name, concurrency=data.concurrency, paused=data.paused, at=at)
            return await _queues(tx)

        found = await platform.database.write(work, name="queue")
        platform.doorbell.call_agents()
        return next(queue for queue in found if queue.name == name)

    @get("/agents")
    async def agents(self, request: Asked) -> list[models.Agent]:
        """All agents and what they have free."""
        allow(request, READ)
        platform, now = platform_of(request), platform_of(request).clock.now()

        async def work(tx: Tx) -> list[models.Agent]:
            offers = {o.agent: o for o in await agents.offers(tx, at=now, silence=platform.policy.silence)}
            rows = await tx.all(
                "SELECT g.*, (SELECT COUNT(*) FROM attempt a WHERE a.agent = g.name AND a.released = 0"
                " AND a.state <> 'exited') AS live FROM agent g ORDER BY name"
            )
            return [present.agent(row, offers[row["name"]], row["live"]) for row in rows]

        return await platform.database.read(work)

    @get("/plugins")
    async def plugins(self, request: Asked) -> list[models.Plugin]:
        """The installed plugins, broken ones with what is wrong."""
        allow(request, READ)
        loaded = platform_of(request).registry.plugins.values()
        return [models.Plugin(name=p.name, version=p.version, offers=p.offers, error=p.error) for p in loaded]

    @get("/version")
    async def version(self, request: Asked) -> models.Version:
        """Which server this is, and which capabilities nothing offers."""
        allow(request, READ)
        return models.Version(version=version("trainyard-core"), missing=platform_of(request).registry.missing())

    @get("/health", opt={"exclude_from_auth": True})
    async def health(self) -> dict[str, str]:
        """Whether the process answers. The only address that asks for no token; it tells nothing else."""
        return {"status": "ok"}


async def _queues(tx: Tx) -> list[models.Queue]:
    rows = await tx.all("SELECT queue, COUNT(*) AS n FROM run WHERE status = 'queued' GROUP BY queue")
    waiting = {row["queue"]: row["n"] for row in rows}
    return [present.queue(state, waiting.get(name, 0)) for name, state in (await queues.states(tx)).items()]


def _check_name(kind: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise Invalid(
            f"'{name[:80]}' cannot be the name of a {kind}",
            fix="use letters, digits, '-', '_' and '.', starting with a letter or digit, at most 64",
        )
