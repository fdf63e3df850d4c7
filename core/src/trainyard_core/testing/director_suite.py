"""The Director suite: the promises of the contract (`trainyard_core.contracts.director`), as tests that any director
runs, in a server in process. Subclass it and give one fixture::

    class TestMyDirector(DirectorSuite):
        @pytest_asyncio.fixture
        async def harness(self, database_url, tmp_path):
            registry = Registry.load(["my_plugin"])
            async with serving(database_url, tmp_path / "data", registry=registry) as web:
                yield DirectorHarness(web=web, kind="mine", begin=begin)  # begin(web): the id of a run of that kind

The suite knows no director. It plans each parent by hand, one cycle at a time, and ends children as an agent would. It
needs pytest and pytest-asyncio.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio

from trainyard_core.contracts.director import Plan, View
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.db import directors
from trainyard_core.db.engine import Row
from trainyard_core.directing.check import check
from trainyard_core.directing.cycle import PlanCycle
from trainyard_core.directing.tools import ParentTools
from trainyard_core.directing.view import Snapshot, load
from trainyard_core.lifecycle import FINAL
from trainyard_core.testing.server import Web

__all__ = ["DirectorHarness", "DirectorSuite"]

MOST_CYCLES = 200
"""Cycles after which a parent is thought to go on for ever."""
Outcome = Callable[[int], int]
"""The exit code of the child that is the n-th to end, from 0."""
OUTCOMES: dict[str, Outcome] = {
    "all succeed": lambda n: 0,
    "all fail": lambda n: 1,
    "the first fails": lambda n: int(n == 0),
    "every other one fails": lambda n: n % 2,
}


@dataclass(frozen=True)
class DirectorHarness:
    """A server with the director's plugin, its kind of run, and what begins one, which ends by itself once its children
    do; returns its id."""

    web: Web
    kind: str
    begin: Callable[[Web], Awaitable[str]]


class DirectorSuite:
    """See the module."""

    @pytest.fixture
    def harness(self) -> DirectorHarness:
        raise NotImplementedError("a subclass of DirectorSuite gives the fixture `harness`")

    @pytest_asyncio.fixture
    async def stage(self, harness: DirectorHarness) -> Stage:
        """A parent that nobody plans but the test."""
        harness.web.runtime.directors.wake = lambda run: None  # type: ignore[method-assign] # planned by hand
        return Stage(harness, await harness.begin(harness.web))

    @pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES)
    async def test_a_parent_ends_whatever_becomes_of_its_children(self, stage: Stage, outcome: Outcome) -> None:
        await stage.play(outcome)
        assert (await stage.row())["status"] in FINAL

    async def test_nothing_that_matters_is_kept_in_memory(self, stage: Stage) -> None:
        """Each plan is made by another planner, as after a crash."""
        await stage.play(OUTCOMES["every other one fails"], forget=True)
        assert (await stage.row())["status"] in FINAL

    async def test_a_view_is_planned_alike_by_whoever_plans_it(self, stage: Stage) -> None:
        first, second = [await stage.planned() for _ in range(2)]
        assert [child.key for child in first.create] == [child.key for child in second.create]
        assert [child.params for child in first.create] == [child.params for child in second.create]

    async def test_a_plan_that_was_not_written_is_made_again(self, stage: Stage) -> None:
        lost = await stage.planned()
        await stage.cycle()
        assert {child.key for child in lost.create} == {row["key"] for row in await stage.children()}

    async def test_a_parent_that_rests_plans_nothing_more(self, stage: Stage) -> None:
        await stage.cycle()
        before = await stage.children()
        for _ in range(3):
            await stage.cycle(forget=True)
        assert [row["id"] for row in await stage.children()] == [row["id"] for row in before]

    async def test_a_parent_that_is_stopped_ends_after_its_children(self, stage: Stage) -> None:
        await stage.cycle()
        await stage.web.admin.runs.stop(stage.run)
        await stage.play(OUTCOMES["all succeed"])
        assert (await stage.row())["status"] == "stopped"
        assert all(row["status"] in FINAL for row in await stage.children())

    async def test_a_deleted_child_holds_nobody_up(self, stage: Stage) -> None:
        await stage.cycle()
        waiting = [row["id"] for row in await stage.children() if row["status"] not in FINAL]
        for run in waiting[:1]:
            await stage.web.admin.runs.stop(run)
            await stage.web.admin.runs.delete(run)
        await stage.play(OUTCOMES["all succeed"])
        assert (await stage.row())["status"] in FINAL

    async def test_a_view_has_no_more_than_what_goes_on_and_what_has_just_ended(self, stage: Stage) -> None:
        most = 0
        async for view in stage.views(OUTCOMES["all succeed"]):
            going = [child for child in view.children.values() if not child.ended]
            most = max(most, len(view.children) - len(going))
        assert most <= 1, "the suite ends one child before each plan"

    async def test_what_its_plugin_keeps_goes_with_the_parent(self, stage: Stage) -> None:
        await stage.play(OUTCOMES["all succeed"])
        await stage.web.admin.runs.delete(stage.run)
        left = await stage.web.runtime.database.read(lambda tx: directors.get(tx, stage.run))
        assert left is None


class Stage:
    """One parent, planned by hand."""

    def __init__(self, harness: DirectorHarness, run: str) -> None:
        self.web, self.kind, self.run = harness.web, harness.kind, run
        self._cycle = self._new_cycle()

    async def row(self) -> Row:
        """The parent's run."""
        return await self.web.arrange.row(self.run)

    async def children(self) -> list[Row]:
        """Its children, the oldest first."""
        return await self.web.runtime.database.read(
            lambda tx: tx.all("SELECT * FROM run WHERE parent = ? ORDER BY id", self.run)
        )

    async def cycle(self, *, forget: bool = False) -> None:
        """Plan until it rests, with `forget` by a planner that knows nothing."""
        if forget:
            self._cycle = self._new_cycle()
        await self._cycle.plan()

    async def play(self, outcome: Outcome, *, forget: bool = False) -> None:
        """Plan, and end one child after the other, until the parent is over."""
        ended = 0
        for _ in range(MOST_CYCLES):
            await self.cycle(forget=forget)
            if (await self.row())["status"] in FINAL:
                return
            ended += await self._end_one(outcome(ended))
        raise AssertionError(f"the parent does not end: it is {(await self.row())['status']}")

    async def views(self, outcome: Outcome) -> AsyncIterator[View]:
        """The view before each plan of such a play."""
        for ended in range(MOST_CYCLES):
            snapshot = await self._snapshot()
            if snapshot is None or snapshot.view.parent.status in FINAL:
                return
            yield snapshot.view
            await self.cycle()
            await self._end_one(outcome(ended))

    async def planned(self) -> Plan:
        """What a planner that knows nothing plans for the view of now; nothing is written."""
        runtime, planner = self.web.runtime, self.web.runtime.kinds.planner(self.run, self.kind)
        snapshot = await self._snapshot()
        assert snapshot is not None
        tools = ParentTools(runtime.database, runtime.clock, runtime.tracker, runtime.job_queue.enqueue, snapshot)
        plan = await planner.plan(snapshot.view, tools)
        check(snapshot.view, plan)
        return plan

    async def _snapshot(self) -> Snapshot | None:
        runtime, planner = self.web.runtime, self.web.runtime.kinds.planner(self.run, self.kind)
        return await runtime.database.read(lambda tx: load(tx, self.run, planner, runtime.job_queue.enqueue))

    async def _end_one(self, code: int) -> int:
        """End the child that waits or runs and was first, as an agent does; how many did."""
        current = await self.web.runtime.database.read(
            lambda tx: tx.all(
                "SELECT r.id FROM run r WHERE r.parent = ? AND r.status IN ('scheduled', 'starting', 'running',"
                " 'stopping') ORDER BY r.id LIMIT 1",
                self.run,
            )
        )
        if not current and not (current := [{"id": ref.run} for ref in await self.web.arrange.assign(most=1)]):
            return 0
        ref = await self.web.arrange.current(current[0]["id"])
        await self.web.arrange.report(ref, Phase.RUNNING)
        await self.web.arrange.report(ref, Phase.EXITED, exit=Exit(code=code))
        return 1

    def _new_cycle(self) -> PlanCycle:
        return PlanCycle(self.run, self.web.runtime.directors.dependencies())
