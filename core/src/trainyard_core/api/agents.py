"""Agents and what they have free."""

from __future__ import annotations

from litestar import Controller, get

from trainyard.client import models
from trainyard_core.api import present
from trainyard_core.api.access import Asked, allow, platform_of
from trainyard_core.auth import READ
from trainyard_core.db import agents
from trainyard_core.db.engine import Tx

__all__ = ["Agents"]


class Agents(Controller):
    """`/agents`."""

    path = "/"
    tags = ("agents",)

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
