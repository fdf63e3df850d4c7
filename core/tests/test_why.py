"""Why a run waits, over the API: its true place, what is in its way and what would start it, from the walk that would
start it."""

from __future__ import annotations

import pytest
from test_queues import assigned, project, put, register, waiting
from web import BASE

from trainyard.client.errors import Conflict
from trainyard.client.models import EditRun
from trainyard.track import frames
from trainyard_core.admission import admit, in_order
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.db import admission, agents
from trainyard_core.testing.factories import Arrange
from trainyard_core.work.admission import DatabaseSource, plan
from trainyard_core.work.why import why

W = "1" * 32


async def test_dropped_records_are_told_wherever_a_run_is_looked_at(web):
    run = (await web.tracked()).id
    gap = frames.encode(frames.Kind.GAP, W, 1, frames.pack_gap(frames.Gap(227, 0, 0)))
    await web.admin.runs.append(run, gap)
    assert (await web.admin.runs.get(run)).dropped == 227
    assert "227 records (values, lines, events) were dropped" in (await web.admin.runs.why(run)).summary
    assert (await web.ask("GET", f"{BASE}/{run}/metrics")).json()["dropped"] == 227


async def test_a_program_that_was_started_by_hand_and_is_silent_may_have_died(web):
    run = (await web.tracked()).id
    assert (await web.admin.runs.why(run)).summary.startswith("running since ")
    await web.admin.runs.edit(run, EditRun(meta={"origin": {"host": "gpu-1", "pid": 123}}))
    await web.admin.runs.append(run, frames.encode(frames.Kind.GAP, W, 1, frames.pack_gap(frames.Gap(0, 0, 0))))
    web.arrange.clock.turn(20)
    assert (await web.admin.runs.why(run)).summary.endswith("; last data 20 s ago")
    web.arrange.clock.turn(37)
    told = "no data for 57 s; its program on gpu-1 (pid 123) may have died: `yard sync` there ends the run"
    assert (await web.admin.runs.why(run)).summary == told


async def test_a_failed_run_points_to_its_log(web):
    run = await web.arrange.run("failed")
    assert (await web.admin.runs.why(run)).summary.endswith(f"; see yard logs {run[-8:]}")


async def test_a_run_that_was_started_by_hand_says_how_to_start_it_again(web):
    run = (await web.tracked()).id
    await web.admin.runs.edit(run, EditRun(meta={"origin": {"command": ["python", "train.py", "a b"]}}))
    for verb, way in (("restart", "run it again"), ("resume", f'run it again with init(resume="{run}")')):
        with pytest.raises(Conflict) as caught:
            await getattr(web.admin.runs, verb)(run)
        assert str(caught.value) == (
            f"run {run} was started by hand, so yard cannot {verb} it; {way}: python train.py 'a b'"
        )


SHAPES = (
    {},
    {"cpu": 3.0},
    {"gpu": 2},
    {"memory": 1 << 30},
    {"resources": {"licence": 1.0}},
    {"agent": "box"},
    {"agent": "other"},
    {"cpu": 99.0},
    {"priority": 3},
    {"priority": -1, "gpu": 1},
)


@pytest.fixture
async def crowd(database):
    """Two agents, three queues, three projects, and runs of every shape in them; some are live."""
    arrange = await Arrange(database).ground()
    await database.write(lambda tx: agents.delete(tx, arrange.agent))
    await register(arrange, "box", cpu=6.0, gpu=2, other={"licence": 2.0})
    await register(arrange, "other", cpu=2.0, gpu=0)
    await put(arrange, "q", concurrency=9)
    await put(arrange, "r", quota={"cpu": 5.0, "gpu": 1.0})
    await put(arrange, "urgent", priority=1, selector={"disk": "fast"})
    await project(arrange, "heavy", weight=4.0)
    await project(arrange, "small", quota='{"cpu": 4}', patterns='["q", "u*"]')
    for number in range(4):
        await waiting(arrange, number)
    await assigned(arrange, "box", most=2)
    await assigned(arrange, "other", most=1)
    for number in range(10, 100):
        queue = ("q", "r", "urgent")[number % 3]
        await waiting(
            arrange, number, queue=queue, project=("default", "heavy", "small")[number % 7 % 3], **SHAPES[number % 10]
        )
    return arrange


async def answer(arrange, run, schedulers=("process",)):
    row = await arrange.row(run)
    at, silence = arrange.clock.now(), arrange.policy.silence
    return await arrange.database.read(lambda tx: why(tx, row, at=at, silence=silence, schedulers=schedulers))


async def everything(arrange):
    """The world, its agents, and all runs that wait."""

    async def work(tx):
        offers = await agents.offers(tx, at=arrange.clock.now(), silence=15)
        world = await admission.world(tx, capacity=agents.capacity(offers))
        return world, offers, [each for name in world.queues for each in await admission.waiting_in(tx, name)]

    return await arrange.database.read(work)


async def test_the_walk_over_the_database_is_the_one_over_memory(crowd):
    for _ in range(6):
        world, offers, needs = await everything(crowd)
        for offer in offers:
            there = await crowd.database.read(lambda tx, w=world, o=offer: plan(DatabaseSource(tx), w, o, most=64))
            assert [grant for grant, _ in there] == admit(needs, world, offer, most=64)
            assert {need.run: need for _, need in there}.items() <= {need.run: need for need in needs}.items()
        for agent in ("box", "other"):
            for ref in await crowd.assign(agent, most=2):
                await crowd.report(ref, Phase.EXITED, agent=agent, exit=Exit(code=0))


async def test_nothing_in_the_way_means_that_it_starts_and_the_other_way_round(crowd):
    world, offers, needs = await everything(crowd)
    granted = {grant.run for offer in offers for grant in admit(needs, world, offer, most=64)}
    answers = {need.run: await answer(crowd, need.run) for need in needs}
    assert {run for run, found in answers.items() if not found.blockers} == granted
    assert granted


async def test_places_are_those_of_one_order_over_everything_that_waits(crowd):
    world, _, needs = await everything(crowd)
    places = {need.run: (await answer(crowd, need.run)).place for need in needs}
    assert sorted(places.values()) == list(range(1, len(needs) + 1))
    for queue in world.queues.values():
        order = [need.run for need in in_order(world, queue, [n for n in needs if n.queue == queue.name])]
        assert order == sorted(order, key=places.__getitem__)
    urgent = [need.run for need in needs if need.queue == "urgent"]
    assert {places[run] for run in urgent} == set(range(1, len(urgent) + 1))


async def alone(database, **limits):
    """One agent with 4 cores and 2 devices, and a queue; a run of 2 cores is live."""
    arrange = await Arrange(database).ground()
    await database.write(lambda tx: agents.delete(tx, arrange.agent))
    await register(arrange, "box", cpu=4.0, gpu=2, labels={"disk": "slow"})
    await put(arrange, "q")
    await waiting(arrange, 1, cpu=2.0, gpu=1)
    assert await assigned(arrange, "box") == [1]
    await put(arrange, "q", **limits)
    return arrange


CASES = {
    "concurrency": (
        {"concurrency": 1}, {},
        ["with concurrency 2 instead of 1 on queue 'q'", "when run 00000000 ends"],
    ),
    "quota": (
        {"quota": {"cpu": 3.0}}, {"cpu": 2.0},
        ["with quota cpu 4 instead of 3 on queue 'q'", "when run 00000000 ends"],
    ),
    "slots": ({}, {"gpu": 2}, ["with 1 more gpu on agent 'box'", "when run 00000000 ends"]),
    "paused": ({"paused": True}, {}, ["when queue 'q' is resumed", "in queue 'default' instead of 'q'"]),
    "never_fits": ({}, {"gpu": 3}, ["with 2 more gpu on agent 'box'"]),
    "no_agent": ({"selector": {"disk": "fast"}}, {}, ["in queue 'default' instead of 'q'"]),
}  # fmt: skip


@pytest.mark.parametrize("code", CASES)
async def test_what_would_start_it_is_told(database, code):
    limits, shape, changes = CASES[code]
    arrange = await alone(database, **limits)
    found = await answer(arrange, await waiting(arrange, 2, **shape))
    assert [blocker.code for blocker in found.blockers] == [code]
    assert found.changes[: len(changes)] == changes
    assert found.blockers[0].message in found.summary
    assert found.place == 1


async def test_a_label_that_is_missing_is_named(database):
    arrange = await alone(database, selector={"disk": "fast"})
    (blocker,) = (await answer(arrange, await waiting(arrange, 2))).blockers
    assert "agent 'box' serves queue 'q' but lacks the label disk=fast" in blocker.message


async def test_who_is_behind_is_told_how_many_come_first_and_what_would_not_be_taken_by_them(database):
    arrange = await alone(database)
    await waiting(arrange, 2, cpu=3.0)
    found = await answer(arrange, await waiting(arrange, 3, cpu=1.0))
    assert [blocker.code for blocker in found.blockers] == ["behind"]
    assert "1 run comes before it" in found.blockers[0].message
    assert found.place == 2
    assert found.changes == ["when run 00000000 ends", "in queue 'default' instead of 'q'"]


async def test_a_limit_that_is_not_all_that_is_missing_is_not_advised(database):
    arrange = await alone(database, concurrency=1)
    found = await answer(arrange, await waiting(arrange, 2, cpu=3.0))
    assert [each.code for each in found.blockers] == ["concurrency", "slots"]
    assert not any("--concurrency" in each.fix for each in found.blockers)


async def test_a_change_that_others_would_profit_from_is_not_told(database):
    arrange = await alone(database, concurrency=1)
    first = await waiting(arrange, 2)
    second = await answer(arrange, await waiting(arrange, 3))
    assert (await answer(arrange, first)).changes[0] == "with concurrency 2 instead of 1 on queue 'q'"
    assert [(each.code, each.fix) for each in second.blockers] == [("concurrency", "wait for a run to end")]
    assert not any("concurrency" in change for change in second.changes)


async def test_an_agent_that_is_silent_or_drains_is_why(database):
    arrange = await alone(database)
    run = await waiting(arrange, 2)
    await database.write(lambda tx: tx.run("UPDATE agent SET draining = 1"))
    assert "agent 'box' is draining" in (await answer(arrange, run)).summary
    arrange.clock.turn(60)
    assert "has not been heard of" in (await answer(arrange, run)).summary
    assert [b.code for b in (await answer(arrange, run, schedulers=())).blockers] == ["scheduler_missing", "no_agent"]


async def test_a_run_sees_why_through_the_api(web):
    await web.admin.queues.set("q", concurrency=0)
    run = await web.run(queue="q")
    found = await web.admin.runs.why(run.id)
    assert (found.place, found.blockers[0].code) == (1, "concurrency")
