"""Submits what was assigned: its workload is asked for, checked, rendered and handed to the scheduler."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog

from trainyard_core import failpoints, log_context, redact, tracing
from trainyard_core.admission import ANY_QUEUE
from trainyard_core.agent.model import Registration
from trainyard_core.agent.port import AgentPort
from trainyard_core.agent.reporter import Reporter
from trainyard_core.agent.tasks import TaskTable
from trainyard_core.contracts.scheduler import Scheduler, SchedulerRefused
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase, Workload
from trainyard_core.executor import BlockingCalls
from trainyard_core.lifecycle import Reason

__all__ = ["DEADLINE", "Submitter"]

DEADLINE = 60.0
"""Seconds that a scheduler has for one call."""
MOST_SAID = 1000
"""Characters of what a scheduler raised that are told."""
log = structlog.get_logger("trainyard.agent")


class Submitter:
    """Submits, any number of times: a scheduler knows an attempt by run and number. What can never be started here is
    reported as its end. After any other failure core is told why, and the order comes again."""

    def __init__(
        self, me: Registration, scheduler: Scheduler, port: AgentPort, reporter: Reporter, tasks: TaskTable
    ) -> None:
        self._me, self._scheduler, self._port = me, scheduler, port
        self._reporter, self._tasks = reporter, tasks
        self._rendering = BlockingCalls("render")

    def submit(self, refs: Sequence[AttemptRef]) -> None:
        """Have these started, unless that is under way."""
        if fresh := self._tasks.take("submit", refs):
            self._tasks.start(self._submit_all(fresh))

    async def _submit_all(self, refs: Sequence[AttemptRef]) -> None:
        """Only what was handed over is looked at: of an attempt that is still to be submitted there is no trace."""
        try:
            workloads = await self._port.workloads(refs)
            handed_over = await asyncio.gather(*(self._submit_one(workload) for workload in workloads))
            await self.observe([workload.ref for workload, done in zip(workloads, handed_over, strict=True) if done])
        except Exception as error:
            self._tasks.mind(error, "submit")
        finally:
            self._tasks.leave("submit", refs)

    async def _submit_one(self, workload: Workload) -> bool:
        with (
            log_context.bound(run=workload.run, attempt=workload.attempt),
            tracing.span("submit", run=workload.run, attempt=workload.attempt),
        ):
            return await self._hand_over(workload)

    async def _hand_over(self, workload: Workload) -> bool:
        """Whether the scheduler has it."""
        try:
            self._check_queue(workload)
            await self._rendering.call(partial(self._scheduler.render, workload), deadline=DEADLINE)
            failpoints.point("submit:before")
            async with asyncio.timeout(DEADLINE):
                await self._scheduler.submit(workload)
            failpoints.point("submit:after")
        except SchedulerRefused as refusal:
            end = Exit(reason=Reason.SUBMIT_FAILED, message=str(refusal))
            self._reporter.put(Observation(ref=workload.ref, phase=Phase.EXITED, exit=end))
        except Exception as error:
            self._put_off(workload.ref, error)
        else:
            self._tasks.worked("submit", workload.ref)
            return True
        return False

    def _put_off(self, ref: AttemptRef, error: Exception) -> None:
        """Try it again later, and tell core why it waits."""
        self._tasks.failed("submit", ref)
        said = redact.text(f"{type(error).__name__}: {error}")[:MOST_SAID]
        log.warning("an attempt could not be submitted; it is tried again", ref=str(ref), error=said)
        message = f"its scheduler could not take it; it is tried again: {said}"
        self._reporter.put(Observation(ref=ref, phase=Phase.PENDING, reason=Reason.SUBMIT_FAILED, message=message))

    def _check_queue(self, workload: Workload) -> None:
        """Core assigns by queue already; an agent still starts nothing of a queue that it was not given."""
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
