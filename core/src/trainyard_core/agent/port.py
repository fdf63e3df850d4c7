"""What an agent needs of core, and the way to it inside a process that holds the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from trainyard.compile.resolved import decode_resolved
from trainyard_core.clock import Clock
from trainyard_core.contracts.workload import AttemptRef, Observation, Phase, Workload
from trainyard_core.db import agents, attempts
from trainyard_core.db.agents import Registration
from trainyard_core.db.engine import Database, Row
from trainyard_core.db.tokens import run_token
from trainyard_core.work import leasing
from trainyard_core.work.doorbell import Doorbell
from trainyard_core.work.leasing import Order
from trainyard_core.work.rules import Policy

__all__ = ["AgentPort", "DatabasePort"]


class AgentPort(Protocol):
    """Core as an agent sees it. Every call is idempotent and may be made again after any failure."""

    async def register(self, agent: Registration) -> None:
        """Present the agent."""

    async def lease(self, agent: str) -> list[AttemptRef]:
        """New attempts for this agent."""

    async def workloads(self, refs: Sequence[AttemptRef]) -> list[Workload]:
        """What to start for these attempts; those that need no start any more are left out."""

    async def report(self, agent: str, seen: Sequence[Observation]) -> None:
        """Tell what was observed."""

    async def orders(self, agent: str) -> list[Order] | None:
        """Heartbeat, and what to do about each attempt held; None: register first."""

    async def released(self, refs: Sequence[AttemptRef]) -> None:
        """The scheduler has let go of these."""


class DatabasePort:
    """Straight to the database."""

    def __init__(
        self,
        database: Database,
        doorbell: Doorbell,
        clock: Clock,
        policy: Policy,
        *,
        secret: bytes,
        url: str,
        grace: float,
    ) -> None:
        self._database, self._doorbell, self._clock, self._policy = database, doorbell, clock, policy
        self._secret, self._url, self._grace = secret, url, grace

    async def register(self, agent: Registration) -> None:
        at = self._clock.now()
        await self._database.write(lambda tx: agents.register(tx, agent, at=at), name="register")

    async def lease(self, agent: str) -> list[AttemptRef]:
        at = self._clock.now()
        return await self._database.write(lambda tx: leasing.lease(tx, agent, policy=self._policy, at=at), name="lease")

    async def workloads(self, refs: Sequence[AttemptRef]) -> list[Workload]:
        rows = await self._database.read(lambda tx: attempts.to_start(tx, refs))
        return [self._workload(row) for row in rows]

    async def report(self, agent: str, seen: Sequence[Observation]) -> None:
        at = self._clock.now()
        await self._database.write(
            lambda tx: leasing.report(tx, agent, seen, policy=self._policy, at=at), name="report"
        )
        if any(o.phase in (Phase.EXITED, Phase.GONE) for o in seen):
            self._doorbell.call_agents(orders=True)

    async def orders(self, agent: str) -> list[Order] | None:
        at = self._clock.now()
        return await self._database.write(lambda tx: leasing.orders(tx, agent, at=at), name="orders")

    async def released(self, refs: Sequence[AttemptRef]) -> None:
        await self._database.write(lambda tx: leasing.released(tx, refs), name="released")

    def _workload(self, row: Row) -> Workload:
        resolved = decode_resolved(row["resolved"])
        return Workload(
            run=row["id"],
            attempt=row["number"],
            project=row["project"],
            name=row["name"],
            command=resolved.command,
            args=resolved.args,
            env=dict(resolved.env),
            working_dir=resolved.working_dir or "",
            code=resolved.code,
            image=resolved.image or "",
            resources=resolved.resources,
            gpus=tuple(msgspec.json.decode(row["gpus"])),
            inputs=msgspec.json.decode(row["inputs"]),
            grace=self._grace,
            url=self._url,
            token=run_token(self._secret, row["id"], row["number"], at=self._clock.now()),
        )
