"""Asks, before a run is created, the schedulers that might run it: what every agent of its queue refuses is refused at
once, and what those that are left ignore is said.

Which agents there are is read again after a second. Nothing depends on it: an agent asks its scheduler again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec
import structlog

from trainyard.compile.resolved import ResolvedOperation
from trainyard_core.admission import ANY_QUEUE
from trainyard_core.clock import SECOND, Clock
from trainyard_core.contracts.scheduler import Facts, SchedulerCheck, Verdict
from trainyard_core.db import agents
from trainyard_core.db.engine import Database, Tx
from trainyard_core.db.runs import NewRun
from trainyard_core.errors import Invalid
from trainyard_core.hook_guard import gist
from trainyard_core.work.needs import operation_of

__all__ = ["SchedulerChecks"]

MOST = 8
"""Refusals that one message names."""
log = structlog.get_logger("trainyard.scheduler_checks")


class _AgentFacts(NamedTuple):
    name: str
    scheduler: str
    queues: tuple[str, ...]
    facts: Facts


class SchedulerChecks:
    """The checks of the schedulers that are installed here, by name, and the agents that have them."""

    def __init__(self, database: Database, clock: Clock, checks: Callable[[], Mapping[str, SchedulerCheck]]) -> None:
        self._database, self._clock, self._checks = database, clock, checks
        self._agents: Sequence[_AgentFacts] = ()
        self._installed: Mapping[str, SchedulerCheck] = {}
        self._until = 0
        self._failed: set[str] = set()

    async def check(self, new: NewRun) -> NewRun:
        """The run, with warnings of what all agents ignore of it that would take it, or that none serves its queue.
        Raises Invalid when every agent that serves its queue refuses it. Of a sweep one trial is checked for all."""
        operation = operation_of(new)
        if operation is None:
            return new
        verdicts = await self._verdicts(operation, new.queue, new.agent)
        if not verdicts:
            where = f"queue '{new.queue}'" + (f" as agent '{new.agent}'" if new.agent else "")
            return _warned(new, f"no agent serves {where} yet; the run waits for one")
        taken = [verdict for verdict in verdicts.values() if not verdict.refuses]
        if not taken:
            raise _refused(new.queue, verdicts)
        ignored = set.intersection(*(set(verdict.ignores) for verdict in taken))
        said = [each for each in taken[0].ignores if each in ignored]
        return _warned(new, *said)

    async def _verdicts(self, operation: ResolvedOperation, queue: str, agent: str) -> dict[str, Verdict]:
        """By agent that serves the queue. Agents that are alike are asked once, for there may be thousands."""
        told: dict[tuple[str, Facts], Verdict] = {}
        found: dict[str, Verdict] = {}
        for each in await self._known():
            if (ANY_QUEUE in each.queues or queue in each.queues) and agent in ("", each.name):
                kind = (each.scheduler, each.facts)
                if kind not in told:
                    told[kind] = self._verdict(each, operation)
                found[each.name] = told[kind]
        return found

    def _verdict(self, agent: _AgentFacts, operation: ResolvedOperation) -> Verdict:
        """What an agent's scheduler says; nothing, where it is not installed here or its check fails."""
        check = self._installed.get(agent.scheduler)
        if check is None:
            return Verdict()
        try:
            return check(operation, agent.facts)
        except Exception as error:  # whatever a plugin raises
            if agent.scheduler not in self._failed:
                self._failed.add(agent.scheduler)
                log.error("a scheduler's check fails; its agents are asked later", scheduler=agent.scheduler,
                          error=gist(error))  # fmt: skip
            return Verdict()

    async def _known(self) -> Sequence[_AgentFacts]:
        if (now := self._clock.now()) >= self._until or now < self._until - SECOND:
            self._agents, self._until = await self._database.read(_agents), now + SECOND
            self._installed = self._checks()
        return self._agents


async def _agents(tx: Tx) -> list[_AgentFacts]:
    rows = await tx.all("SELECT name, scheduler, queues, allowed_queues, facts FROM agent ORDER BY name")
    return [
        _AgentFacts(row["name"], row["scheduler"], agents.serves(row), msgspec.json.decode(row["facts"], type=Facts))
        for row in rows
    ]


def _warned(new: NewRun, *said: str) -> NewRun:
    return msgspec.structs.replace(new, warnings=(*new.warnings, *said)) if said else new


def _refused(queue: str, verdicts: Mapping[str, Verdict]) -> Invalid:
    by_reason: dict[str, list[str]] = {}
    for name, verdict in verdicts.items():
        by_reason.setdefault("; ".join(verdict.refuses), []).append(name)
    said = [f"{', '.join(names[:MOST])}: {reason}" for reason, names in list(by_reason.items())[:MOST]]
    return Invalid(
        f"no agent of queue '{queue}' can run this: {' | '.join(said)}", fix="change it, or choose another `queue`"
    )
