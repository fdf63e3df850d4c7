"""What agents say that they have, and what they are told as changes: unknown is unlimited, a run that no single machine
holds waits, a capacity that grows is used, and orders are sent for what changes."""

from __future__ import annotations

import pytest
from manual_scheduler import ManualScheduler, Remote, running
from test_agent_sessions import far, say
from test_agents import begin

from trainyard_core.agent import agent as agent_module
from trainyard_core.agent.held_attempts import HeldAttempts, digest
from trainyard_core.agent.model import KnownAttempts, Order, Orders
from trainyard_core.contracts.capacity import Capacity, capacity_problems
from trainyard_core.contracts.workload import AttemptRef
from trainyard_core.testing.background import until

__all__ = ["far"]


@pytest.mark.parametrize("stated", [{}, {"cpu": 4}, {"memory": 1 << 40}, {"gpu": 3}, {"other": {"nvidia.com/mig": 1}}])
async def test_what_an_agent_does_not_state_is_no_limit(web, far, stated):
    epoch = (await begin(web, far, capacity=stated))["epoch"]
    run = await web.arrange.run(cpu=2.0, memory=1 << 30, gpu=2, resources={"nvidia.com/mig": 1.0})
    assigned = (await say(web, far, "assignments", epoch=epoch)).json()["items"]
    assert [item["run"] for item in assigned] == [run]
    (workload,) = (await say(web, far, "workloads", epoch=epoch, refs=assigned)).json()["items"]
    assert workload.get("gpus") is None, "its scheduler hands out devices"
    (attempt,) = await web.arrange.attempts(run)
    assert (attempt["gpu"], attempt["gpus"]) == (2, "null")


@pytest.mark.parametrize("devices", ["indexed", "counted"])
async def test_an_agent_has_what_it_states_and_no_more(web, far, devices):
    await web.admin.agents.remove("arranged")
    has = {"gpu": 2, "devices": devices, "other": {"licence": 1}}
    epoch = (await begin(web, far, capacity=has))["epoch"]
    fits = await web.arrange.run(gpu=2)
    too_many, foreign = await web.arrange.run(gpu=1), await web.arrange.run(resources={"other": 1.0})
    assert [item["run"] for item in (await say(web, far, "assignments", epoch=epoch)).json()["items"]] == [fits]
    assert "it asks for gpu 1 and 0 is free" in (await web.admin.runs.why(too_many)).summary
    assert "it asks for other 1 and agent 'far' has 0 in all" in (await web.admin.runs.why(foreign)).summary
    (attempt,) = (await web.admin.runs.get(fits)).attempts
    assert (attempt.gpu, attempt.gpus) == (2, [0, 1] if devices == "indexed" else [])


async def test_a_run_that_no_single_machine_holds_does_not_start_before_there_is_one(web, far):
    await web.admin.agents.remove("arranged")
    two_hosts = {"cpu": 2, "memory": 1 << 40, "largest": {"cpu": 1}}
    epoch = (await begin(web, far, capacity=two_hosts))["epoch"]
    large, small = await web.arrange.run(cpu=2.0), await web.arrange.run(cpu=1.0)
    spread = await web.arrange.run(cpu=2.0, largest_copy={"cpu": 1.5})
    assert [item["run"] for item in (await say(web, far, "assignments", epoch=epoch)).json()["items"]] == [small]
    why = await web.admin.runs.why(large)
    assert why.summary == "it asks for cpu 2 and the largest machine of agent 'far' has 1"
    assert why.blockers[0].code == "never_fits"
    assert "one of its copies asks for cpu 1.5 and the largest" in (await web.admin.runs.why(spread)).summary

    grown = {**two_hosts, "cpu": 8, "largest": {"cpu": 4}}
    assert (await say(web, far, "orders", epoch=epoch, capacity=grown)).status_code == 200
    agent = await web.admin.agents.get("far")
    assert (agent.cpu, agent.free_cpu, agent.largest) == (8, 7, {"cpu": 4})
    assigned = (await say(web, far, "assignments", epoch=epoch)).json()["items"]
    assert sorted(item["run"] for item in assigned) == sorted([large, spread])


async def test_a_capacity_that_means_nothing_is_refused_with_a_heartbeat(web, far):
    epoch = (await begin(web, far))["epoch"]
    answer = await say(web, far, "orders", epoch=epoch, capacity={"memory": 0})
    assert (answer.status_code, "`memory` is 0" in answer.text) == (422, True)


async def test_orders_are_told_as_changes_to_an_agent_that_knows_what_it_holds(web, far):
    epoch = (await begin(web, far))["epoch"]
    runs = [await web.arrange.run() for _ in range(3)]
    await say(web, far, "assignments", epoch=epoch)

    async def orders(known=None):
        said = (await say(web, far, "orders", epoch=epoch, **({"known": known} if known else {}))).json()
        return said["whole"], {item["ref"]["run"]: item["todo"] for item in said["items"]}

    assert await orders() == (True, dict.fromkeys(runs, "submit"))
    assert await orders({"count": 3}) == (False, dict.fromkeys(runs, "submit"))
    seen = [{"ref": {"run": run, "attempt": 1}, "phase": "running"} for run in runs]
    assert (await say(web, far, "report", epoch=epoch, seen=seen)).status_code == 200
    assert await orders() == (True, dict.fromkeys(runs, "observe"))
    assert await orders({"count": 3}) == (False, {}), "all go on: there is nothing to say"
    exact = {"count": 3, "digest": digest(AttemptRef(run, 1) for run in reversed(runs))}
    assert await orders(exact) == (False, {})
    await web.admin.runs.stop(runs[1])
    assert await orders(exact) == (False, {runs[1]: "stop"})
    for wrong in ({"count": 2}, {**exact, "digest": "0" * 64}):
        assert await orders(wrong) == (True, {runs[0]: "observe", runs[1]: "stop", runs[2]: "observe"})


class Growing(ManualScheduler):
    """Says what it has; an exception among it is raised."""

    def __init__(self, *stated):
        super().__init__()
        self.stated, self.asked = [*stated], 0

    async def capacity(self):
        self.asked += 1
        said = self.stated[0] if len(self.stated) == 1 else self.stated.pop(0)
        if isinstance(said, Exception):
            raise said
        return said


async def test_a_capacity_is_read_with_each_heartbeat_and_core_is_told_once_it_has_changed(
    web, far, tmp_path, monkeypatch
):
    monkeypatch.setattr(agent_module, "BEAT", 0.01)
    small, large = Capacity(cpu=1.0), Capacity(cpu=8.0, largest={"cpu": 4.0})
    scheduler = Growing(small, small, OSError("no route"), "nonsense", Capacity(memory=0), large)
    remote = Remote(web, far, tmp_path, scheduler=scheduler)
    said, ask = [], remote.port.orders

    async def noted(known=None, capacity=None):
        said.append(capacity)
        return await ask(known, capacity)

    remote.port.orders = noted
    run = await web.arrange.run(cpu=3.0)
    async with running(remote):
        await scheduler.until(lambda: scheduler.workloads)
        await until(lambda: _asked(scheduler, 12))
    assert [workload.run for workload in scheduler.workloads] == [run]
    assert [each for each in said if each is not None] == [large]
    assert (await web.admin.agents.get("far")).cpu == 8


async def _asked(scheduler, times):
    return scheduler.asked >= times


async def test_an_agent_asks_for_changes_and_still_does_all_that_it_is_told(web, far, tmp_path, monkeypatch):
    monkeypatch.setattr(agent_module, "BEAT", 0.01)
    remote = Remote(web, far, tmp_path)
    answers, ask = [], remote.port.orders

    async def noted(known=None, capacity=None):
        answer = await ask(known, capacity)
        answers.append((known, answer))
        return answer

    remote.port.orders = noted
    runs = [await web.run() for _ in range(3)]
    async with running(remote):
        await remote.scheduler.until(lambda: len(remote.scheduler.workloads) == 3)
        await until(lambda: _quiet(answers))
        await web.admin.runs.stop(runs[0].id)
        await remote.scheduler.until(lambda: len(remote.scheduler.released) == 1)
        await until(lambda: _held(answers, 2))
    assert [ref.run for ref in remote.scheduler.stopped] == [runs[0].id]


async def _quiet(answers):
    """The last answer says nothing of three attempts."""
    known, answer = answers[-1] if answers else (None, None)
    return known is not None and known.count == 3 and not answer.whole and not answer.items


async def _held(answers, count):
    known, answer = answers[-1]
    return known is not None and known.count == count and not answer.whole and not answer.items


def test_attempts_that_are_not_spoken_of_are_observed():
    one, two, three = (AttemptRef(name, 1) for name in "abc")
    held = HeldAttempts()
    assert held.known() is None
    held.add([one])
    assert held.known() is None, "what core has not told of yet is not known"
    first = [Order(ref=one, todo="submit"), Order(ref=two, todo="stop")]
    assert held.orders(Orders(items=first)) == first
    held.add([three])
    held.remove([one])
    assert held.known() == KnownAttempts(count=2)
    assert held.known(exact=True) == KnownAttempts(count=2, digest=digest([three, two]))
    changed = Order(ref=three, todo="submit")
    assert held.orders(Orders(items=[changed], whole=False)) == [changed, Order(ref=two, todo="observe")]
    assert held.orders(Orders(items=[changed], whole=True)) == [changed]
    assert held.known() == KnownAttempts(count=1)


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"cpu": 0}, "`cpu` is 0"),
        ({"memory": 0}, "`memory` is 0"),
        ({"cpu": float("nan")}, "`cpu` is nan"),
        ({"cpu": float("inf")}, "`cpu` is inf"),
        ({"other": {"licence": -1.0}}, "`licence` is -1"),
        ({"largest": {"gpu": -1.0}}, "`largest.gpu` is -1"),
        ({"gpu": 2, "largest": {"gpu": 4}}, "`largest.gpu` is 4 and there is 2 in whole"),
        ({"devices": "indexed"}, "`gpu` is None"),
        ({"devices": "indexed", "gpu": 5000}, "at most 4096"),
    ],
)
def test_what_means_nothing_is_named(stated, field):
    (problem,) = capacity_problems(Capacity(**stated))
    assert field in problem


@pytest.mark.parametrize(
    "stated", [{}, {"gpu": 0}, {"largest": {"cpu": 3.0}}, {"other": {}}, {"cpu": 0.5, "memory": 1}]
)
def test_what_means_something_has_no_problem(stated):
    assert [*capacity_problems(Capacity(**stated))] == []
