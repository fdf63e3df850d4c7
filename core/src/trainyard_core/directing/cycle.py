"""Plans one parent: take its lease, read the view, have the plan made outside of any transaction, write all of it in
one.

A cycle may be cut off anywhere and made again by any process: until the commit nothing has happened, and of two plans
that were made on one view one is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from trainyard.client.models import CreateRun
from trainyard_core import failpoints
from trainyard_core.clock import Clock
from trainyard_core.contracts.director import PLAN_TIMEOUT, Plan, Planner, Request
from trainyard_core.contracts.tracker import Tracker
from trainyard_core.db import directors
from trainyard_core.db.engine import Database, Tx, UniqueViolation
from trainyard_core.directing.check import PlanRefused, check
from trainyard_core.directing.children import ChildRun, ChildRuns, external
from trainyard_core.directing.kinds import DirectorKinds
from trainyard_core.directing.lease import ParentLease
from trainyard_core.directing.tools import ParentTools
from trainyard_core.directing.view import Snapshot, load
from trainyard_core.directing.write import WriteContext, WriteResult, write
from trainyard_core.lifecycle import FINAL, Status
from trainyard_core.plugin_host.tables import Enqueue
from trainyard_core.policy import Policy
from trainyard_core.work.idempotency import Claim
from trainyard_core.work.stored_operation import body_of, operation_of

__all__ = ["CycleResult", "Dependencies", "PlanCycle"]


class Dependencies(NamedTuple):
    """What planning needs. `call` tells agents that there is something to do; `holder` names this process in leases."""

    database: Database
    tracker: Tracker | None
    clock: Clock
    policy: Policy
    kinds: DirectorKinds
    call: Callable[[], None]
    enqueue: Enqueue
    holder: str


class CycleResult(NamedTuple):
    """What came of planning: whether the parent is over, whether anything was written, whether another worker is
    planning it (`busy`), and the runs that the request was answered with."""

    over: bool
    wrote: bool
    busy: bool = False
    children: tuple[str, ...] = ()


class PlanCycle:
    """Plans one parent; its plans come one after the other."""

    def __init__(self, run: str, given: Dependencies) -> None:
        self.run, self._given = run, given
        self._lease = ParentLease(given.database, given.clock, given.holder, run)
        self._planner: Planner | None = None
        self._children: ChildRuns | None = None

    async def plan(self, request: Request | None = None, claim: Claim | None = None) -> CycleResult:
        """Plan until there is nothing more to do now; the first plan that is written answers the request. Raises what
        the database and the planner raise, PlanRefused and AnsweredBefore; nothing is lost by it."""
        if not await self._lease.take():
            return CycleResult(False, False, busy=True)
        try:
            async with self._lease.held():
                return await self._until_rest(request, claim)
        finally:
            await self._lease.release()

    async def _until_rest(self, request: Request | None, claim: Claim | None) -> CycleResult:
        result = CycleResult(over=False, wrote=False)
        while True:
            snapshot = await self._load(request)
            if snapshot is None or snapshot.view.parent.status in FINAL:
                return result._replace(over=True)
            if snapshot.view.parent.status not in (Status.RUNNING, Status.STOPPING):
                return result
            plan = await self._planned(snapshot)
            if is_empty(snapshot, plan):
                if await self._rest(snapshot, plan):
                    return result
                continue
            written = await self._write(snapshot, plan, claim)
            if written.done:
                children = result.children if request is None else tuple(child.run for child in plan.create)
                result = result._replace(wrote=True, children=children)
                request = claim = None
            elif not await self._lease.take():
                return result._replace(busy=True)
            if written.rests:
                self._lease.released()
                return result

    async def _load(self, request: Request | None) -> Snapshot | None:
        given = self._given
        if self._planner is None:
            row = await given.database.read(lambda tx: directors.get(tx, self.run))
            if row is None:
                return None
            self._planner = given.kinds.planner(self.run, row["kind"])
        planner = self._planner
        return await given.database.read(lambda tx: load(tx, self.run, planner, given.enqueue, request=request))

    async def _planned(self, snapshot: Snapshot) -> Plan:
        assert self._planner is not None
        given = self._given
        tools = ParentTools(given.database, given.clock, given.tracker, given.enqueue, snapshot)
        try:
            async with asyncio.timeout(PLAN_TIMEOUT):
                plan = await self._planner.plan(snapshot.view, tools)
        except TimeoutError as error:
            raise TimeoutError(f"its director took longer than {PLAN_TIMEOUT:g} seconds") from error
        check(snapshot.view, plan)
        return plan

    async def _rest(self, snapshot: Snapshot, plan: Plan) -> bool:
        """Nothing is to be done until somebody wakes the parent; False when somebody has."""
        if snapshot.wake_at == plan.wake_at:
            return True
        seen, epoch = snapshot.wake_seq, self._lease.epoch
        rests = await self._given.database.write(
            lambda tx: directors.rest(tx, self.run, seen=seen, until=plan.wake_at, epoch=epoch), name="rest"
        )
        if rests:
            self._lease.released()
        return rests

    async def _write(self, snapshot: Snapshot, plan: Plan, claim: Claim | None) -> WriteResult:
        given = self._given
        made = await self._made(snapshot, plan)
        under = WriteContext(self._lease.epoch, given.policy, given.clock.now(), claim)
        failpoints.point("plan:before_write")
        try:
            written = await given.database.write(lambda tx: write(tx, snapshot, plan, made, under), name="plan")
        except UniqueViolation as error:
            if key := await given.database.read(lambda tx: _taken_key(tx, self.run, plan)):
                raise PlanRefused(f"it creates the child '{key}', which there is already") from error
            raise
        if written.done and (plan.stop or made):
            given.call()
        return written

    async def _made(self, snapshot: Snapshot, plan: Plan) -> list[ChildRun]:
        """The runs of the children that a plan creates, compiled."""
        at, parent = self._given.clock.now(), snapshot.view.parent
        if self._children is None and any(child.managed for child in plan.create):
            operation = await self._given.database.read(lambda tx: operation_of(tx, self.run))
            self._children = ChildRuns(CreateRun() if operation is None else body_of(operation), self._given.kinds)
        found = []
        for child in plan.create:
            if child.managed:
                assert self._children is not None
                found.append(self._children.make(parent, child, at=at))
            else:
                found.append(external(parent, child, at=at))
        return found


def is_empty(snapshot: Snapshot, plan: Plan) -> bool:
    """Whether nothing would be different: no end of a child is taken note of, either."""
    parent = snapshot.view.parent
    same = (
        plan.state in (None, parent.state)
        and plan.watches in (None, parent.watches)
        and plan.progress in (None, parent.progress)
    )
    does = plan.create or plan.stop or plan.skip or plan.writes or plan.finish is not None
    return same and not does and not any(child.ended for child in snapshot.view.children.values())


async def _taken_key(tx: Tx, parent: str, plan: Plan) -> str:
    """The first key of a new child that an older one has; empty when none is taken."""
    for child in plan.create:
        if await directors.key_to_run(tx, parent, child.key):
            return child.key
    return ""
