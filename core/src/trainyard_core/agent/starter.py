"""Starts what was leased: its workload is asked for, checked, rendered and handed to the scheduler."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog

from trainyard_core import context, faults, tracing
from trainyard_core.admission import ANY_QUEUE
from trainyard_core.agent.errands import Errands
from trainyard_core.agent.port import AgentPort
from trainyard_core.agent.reporter import Reporter
from trainyard_core.contracts.scheduler import Scheduler, SchedulerRefused
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase, Workload
from trainyard_core.db.agents import Registration
from trainyard_core.lifecycle import Reason
from trainyard_core.off_loop import OffLoop

__all__ = ["DEADLINE", "Starter"]

DEADLINE = 60.0
"""Seconds that a scheduler has for one call."""
log = structlog.get_logger("trainyard.agent")


class Starter:
    """Submits, any number of times: a scheduler knows an attempt by run and number. What cannot be started here for
    good is reported as its end, anything else is left to the next order."""

    def __init__(
        self, me: Registration, scheduler: Scheduler, port: AgentPort, reporter: Reporter, errands: Errands
    ) -> None:
        self._me, self._scheduler, self._port = me, scheduler, port
        self._reporter, self._errands = reporter, errands
        self._rendering = OffLoop("render")

    def submit(self, refs: Sequence[AttemptRef]) -> None:
        """Have these started, unless that is under way."""
        if fresh := self._errands.take("submit", refs):
            self._errands.start(self._submit_all(fresh))

    async def _submit_all(self, refs: Sequence[AttemptRef]) -> None:
        try:
            workloads = await self._port.workloads(refs)
            await asyncio.gather(*(self._submit_one(workload) for workload in workloads))
            await self.observe(refs)
        except Exception as error:
            self._errands.mind(error, "submit")
        finally:
            self._errands.leave("submit", refs)

    async def _submit_one(self, workload: Workload) -> None:
        with (
            context.bound(run=workload.run, attempt=workload.attempt),
            tracing.span("submit", run=workload.run, attempt=workload.attempt),
        ):
            await self._hand_over(workload)

    async def _hand_over(self, workload: Workload) -> None:
        try:
            self._check_queue(workload)
            await self._rendering.call(partial(self._scheduler.render, workload), deadline=DEADLINE)
            faults.point("submit:before")
            async with asyncio.timeout(DEADLINE):
                await self._scheduler.submit(workload)
            faults.point("submit:after")
        except SchedulerRefused as refusal:
            end = Exit(reason=Reason.SUBMIT_FAILED, message=str(refusal))
            self._reporter.put(Observation(ref=workload.ref, phase=Phase.EXITED, exit=end))
        except Exception as error:
            log.warning(
                "an attempt could not be submitted; it is tried again", ref=str(workload.ref), error=repr(error)
            )

    def _check_queue(self, workload: Workload) -> None:
        """Core leases by queue already; an agent still starts nothing of a queue that it was not given."""
        if ANY_QUEUE not in self._me.queues and workload.queue not in self._me.queues:
            served = ", ".join(self._me.queues) or "none"
            raise SchedulerRefused(
                f"agent '{self._me.name}' does not serve queue '{workload.queue}'; it serves {served}"
            )

    async def observe(self, refs: Sequence[AttemptRef]) -> None:
        """Have the scheduler look at these, and report what it sees."""
        if not refs:
            return
        async with asyncio.timeout(DEADLINE):
            for observation in await self._scheduler.observe(list(dict.fromkeys(refs))):
                self._reporter.put(observation)
