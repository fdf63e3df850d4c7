"""The server's side of agents: what a session of an agent may ask for and tell, each call one transaction that is
fenced by the session's epoch. Both ways to core end here: that of a process with the database and that of the API.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from fnmatch import fnmatchcase
from typing import TypeVar

import msgspec
import structlog

from trainyard.compile.resolved import Code, ResolvedOperation, decode_resolved, used_connections
from trainyard_core import instruments, tracing
from trainyard_core.agent.model import BATCH, KnownAttempts, Orders, Registration
from trainyard_core.clock import Clock
from trainyard_core.contracts.needs import MergedNeeds, NeedsClash, merge
from trainyard_core.contracts.scheduler import AttemptDiagnosis, Capacity
from trainyard_core.contracts.secret import Secrets
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase, Workload
from trainyard_core.db import agents, attempts
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.db.tokens import run_token
from trainyard_core.errors import TrainyardError
from trainyard_core.lifecycle import Reason
from trainyard_core.policy import Policy
from trainyard_core.work import assignment, attempt_diagnosis
from trainyard_core.work.connections import Kinds, SecretValues, secret_values
from trainyard_core.work.needs import attempt_needs, operation_needs
from trainyard_core.work.notifier import Notifier
from trainyard_core.work.resume import resume_environment

__all__ = ["SessionService"]

T = TypeVar("T")
log = structlog.get_logger("trainyard.agent_sessions")


class SessionService:
    """Serves agents by name and epoch. Holds nothing; any process may serve any call. Every method but `register`
    raises Superseded for the epoch of an older session, and NotFound when the agent was removed."""

    def __init__(
        self,
        database: Database,
        notifier: Notifier,
        clock: Clock,
        policy: Policy,
        *,
        secret: bytes,
        url: str,
        grace: float,
        secrets: Secrets,
        connection_kinds: Callable[[], Kinds],
    ) -> None:
        self._database, self._notifier, self._clock, self._policy = database, notifier, clock, policy
        self._secret, self._url, self._grace = secret, url, grace
        self._secrets, self._connection_kinds = secrets, connection_kinds

    async def register(self, agent: Registration) -> int:
        """Begin a session; its epoch. The sessions before it are over."""
        at = self._clock.now()
        return await self._database.write(lambda tx: agents.register(tx, agent, at=at), name="register")

    async def assign(self, agent: str, epoch: int, *, most: int = BATCH) -> list[AttemptRef]:
        """New attempts that fit the agent now."""
        at = self._clock.now()
        with tracing.span("assign", agent=agent):
            assigned = await self._write(
                agent, epoch, lambda tx: assignment.assign(tx, agent, policy=self._policy, at=at, most=most), "assign"
            )
        _record_assigned(agent, assigned)
        return assigned

    async def workloads(self, agent: str, epoch: int, refs: Sequence[AttemptRef]) -> list[Workload]:
        """What to start for those of these attempts that the agent holds and that still wait to be submitted. One
        whose project may not use its queue or a connection any more, or that lacks a secret, is ended instead."""

        async def work(tx: Tx) -> list[Row]:
            await agents.fence(tx, agent, epoch)
            return [row for row in await attempts.to_start(tx, refs) if row["agent"] == agent]

        found = await asyncio.gather(*(self._made(row) for row in await self._database.read(work)))
        refused = [made for made in found if isinstance(made, Observation)]
        if refused:
            await self.report(agent, epoch, refused)
        return [made for made in found if isinstance(made, Workload)]

    async def report(self, agent: str, epoch: int, seen: Sequence[Observation]) -> None:
        """Write down what the agent observed of what it holds; anything else changes nothing."""
        at = self._clock.now()
        await self._write(
            agent, epoch, lambda tx: assignment.report(tx, agent, seen, policy=self._policy, at=at), "report"
        )
        for observation in seen:
            instruments.OBSERVATIONS.add(1, observation.phase)
        if any(o.phase in (Phase.EXITED, Phase.GONE) for o in seen):
            self._notifier.notify_agents(orders=True)

    async def diagnosed(self, agent: str, epoch: int, ref: AttemptRef, found: Sequence[AttemptDiagnosis]) -> None:
        """Store what the agent's scheduler found of an attempt that it was asked about."""
        at = self._clock.now()
        await self._write(agent, epoch, lambda tx: attempt_diagnosis.record(tx, agent, ref, found, at=at), "diagnosed")

    async def orders(
        self, agent: str, epoch: int, known: KnownAttempts | None = None, capacity: Capacity | None = None
    ) -> Orders:
        """Heartbeat, and what to do about the attempts that the agent holds (see `AgentPort.orders`)."""
        at = self._clock.now()

        async def work(tx: Tx) -> Orders | None:
            if capacity is not None:
                await agents.state_capacity(tx, agent, capacity)
            return await assignment.orders(tx, agent, at=at, known=known)

        return await self._write(agent, epoch, work, "orders") or Orders(items=[])

    async def released(self, agent: str, epoch: int, refs: Sequence[AttemptRef]) -> None:
        """The agent's scheduler has let go of these; foreign ones are passed over."""

        async def work(tx: Tx) -> None:
            await assignment.released(tx, await agents.own(tx, agent, refs))

        await self._write(agent, epoch, work, "released")

    async def leave(self, agent: str, epoch: int) -> None:
        """The session takes no more work."""
        await self._write(agent, epoch, lambda tx: agents.leave(tx, agent), "leave")

    async def _write(self, agent: str, epoch: int, work: Callable[[Tx], Awaitable[T]], name: str) -> T:
        async def fenced(tx: Tx) -> T:
            await agents.fence(tx, agent, epoch)
            return await work(tx)

        return await self._database.write(fenced, name=name)

    async def _made(self, row: Row) -> Workload | Observation:
        """What to start, or the end of an attempt that may not use its queue or whose connections cannot be had."""
        if (refusal := _refusal(row)) is not None:
            return refusal
        resolved = decode_resolved(row["resolved"])
        try:
            needs = await self._needs(row, resolved)
            values = await secret_values(needs, self._secrets)
        except (TrainyardError, NeedsClash) as error:
            can_pass = isinstance(error, TrainyardError) and error.retryable
            return _failed_submit(row, str(error), retryable=can_pass)
        return self._workload(row, resolved, needs, values)

    async def _needs(self, row: Row, resolved: ResolvedOperation) -> MergedNeeds:
        if not used_connections(resolved):
            return merge([operation_needs(resolved)])
        kinds, project, untrusted = self._connection_kinds(), row["project"], bool(row["untrusted"])
        return await self._database.read(lambda tx: attempt_needs(tx, kinds, project, resolved, untrusted=untrusted))

    def _workload(self, row: Row, resolved: ResolvedOperation, needs: MergedNeeds, values: SecretValues) -> Workload:
        return Workload(
            run=row["id"],
            attempt=row["number"],
            project=row["project"],
            kind=resolved.kind,
            queue=row["queue"],
            name=row["name"],
            command=resolved.command,
            args=resolved.args,
            env={**tracing.environment(row["id"]), **resolved.env, **resume_environment(row)},
            working_dir=resolved.working_dir or "",
            code=resolved.code if resolved.code.connection is None else Code(kind="none"),
            checkouts=tuple(each.path for each in resolved.checkouts),
            image=resolved.image or "",
            resources=msgspec.structs.replace(resolved.resources, cpu=row["cpu"]),
            needs=needs,
            secret_env=values.env,
            secret_files=values.files,
            roles=resolved.roles,
            topology=resolved.topology,
            ports=resolved.ports,
            volumes=resolved.volumes,
            placement=resolved.placement,
            spec=resolved.spec,
            gpus=_devices(row),
            params=resolved.inputs,
            grace=self._grace,
            untrusted=bool(row["untrusted"]),
            url=self._url,
            token=run_token(self._secret, row["id"], row["number"], at=self._clock.now()),
        )


def _devices(row: Row) -> tuple[int, ...] | None:
    """The devices of an attempt by index; None where its scheduler hands out devices."""
    devices: list[int] | None = msgspec.json.decode(row["gpus"])
    return None if devices is None else tuple(devices)


def _record_assigned(agent: str, assigned: Sequence[AttemptRef]) -> None:
    (instruments.ASSIGNMENTS if assigned else instruments.ASSIGNMENTS_EMPTY).add(len(assigned) or 1, agent)
    for ref in assigned:
        with tracing.span("assigned", run=ref.run, attempt=ref.attempt, agent=agent):
            log.debug("an attempt was assigned", run=ref.run, attempt=ref.attempt, agent=agent)


def _refusal(row: Row) -> Observation | None:
    """The end of an attempt whose project may not use its queue; None when it may."""
    allowed = msgspec.json.decode(row["allowed_queues"], type=list[str])
    if any(fnmatchcase(row["queue"], pattern) for pattern in allowed):
        return None
    message = (
        f"project '{row['project']}' may not use queue '{row['queue']}'; it may use {', '.join(allowed) or 'none'}:"
        " use one of these, or have an admin allow it"
    )
    return _failed_submit(row, message)


def _failed_submit(row: Row, message: str, *, retryable: bool = False) -> Observation:
    end = Exit(reason=Reason.SUBMIT_FAILED, message=message, retryable=retryable)
    return Observation(ref=AttemptRef(row["id"], row["number"]), phase=Phase.EXITED, exit=end)
