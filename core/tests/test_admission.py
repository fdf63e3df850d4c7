"""Admission: cases as people tell them, and what holds for any snapshot."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainyard_core.admission import Free, Offer, QueueState, Waiting, admit, explain
from trainyard_core.lifecycle import Status


def offer(cpu: float = 4, *, free: float | None = None, memory: int = 100, gpu: int = 0, **more) -> Offer:
    left = Free(
        cpu=cpu if free is None else free,
        memory=more.pop("free_memory", memory),
        gpus=more.pop("gpus", tuple(range(gpu))),
    )
    return Offer(
        agent=more.pop("agent", "a"),
        queues=more.pop("queues", ("*",)),
        cpu=cpu,
        memory=memory,
        gpu=gpu,
        free=left,
        **more,
    )


def need(run: str, cpu: float = 1, **more) -> Waiting:
    return Waiting(run=run, queue=more.pop("queue", "q"), cpu=cpu, **more)


OPEN = {"q": QueueState(name="q"), "r": QueueState(name="r")}
LIMITED = {"q": QueueState(name="q", concurrency=2, live=1), "r": QueueState(name="r")}
CASES = {
    "first come": ([need("2"), need("1")], OPEN, offer(1), ["1"]),
    "priority before age": ([need("1"), need("2", priority=5)], OPEN, offer(1), ["2"]),
    "as many as fit": ([need(str(i)) for i in range(9)], OPEN, offer(4), ["0", "1", "2", "3"]),
    "concurrency of its queue": ([need("1"), need("2"), need("3", queue="r")], LIMITED, offer(9), ["1", "3"]),
    "a paused queue": ([need("1")], {"q": QueueState(name="q", paused=True)}, offer(), []),
    "concurrency nought": ([need("1")], {"q": QueueState(name="q", concurrency=0)}, offer(), []),
    "an unknown queue": ([need("1", queue="gone")], OPEN, offer(), []),
    "what never fits hides nobody": ([need("1", 99), need("2")], OPEN, offer(), ["2"]),
    "a big one keeps its place": ([need("1", 4), need("2", 1)], OPEN, offer(4, free=3), []),
    "others pass a big one by": ([need("1", gpu=2), need("2", 1)], OPEN, offer(4, gpu=2, gpus=(1,)), ["2"]),
    "memory that nobody asked for": (
        [need("1", memory=100), need("2")], OPEN, offer(4, memory=100, free_memory=50), ["2"]
    ),
    "memory": ([need("1", memory=60), need("2", memory=60)], OPEN, offer(), ["1"]),
    "nothing free": ([need("1")], OPEN, offer(4, free=0), []),
}  # fmt: skip


@pytest.mark.parametrize(("waiting", "queues", "agent", "started"), CASES.values(), ids=CASES)
def test_cases(waiting, queues, agent, started):
    assert [grant.run for grant in admit(waiting, queues, agent, most=64)] == started


def test_devices_are_given_once_and_at_most_so_many_runs():
    grants = admit([need(str(i), gpu=2) for i in range(5)], OPEN, offer(9, gpu=8), most=3)
    assert [grant.gpus for grant in grants] == [(0, 1), (2, 3), (4, 5)]


names = st.sampled_from(["q", "r"])
runs_ = st.lists(
    st.builds(
        Waiting,
        run=st.uuids().map(str),
        queue=names,
        priority=st.integers(0, 2),
        cpu=st.sampled_from([0.25, 0.5, 1.0, 2.0, 3.0, 8.0]),
        memory=st.sampled_from([0, 0, 1, 10, 60, 200]),
        gpu=st.integers(0, 3),
    ),
    max_size=12,
    unique_by=lambda w: w.run,
)
states = st.fixed_dictionaries(
    {
        name: st.builds(
            QueueState,
            name=st.just(name),
            concurrency=st.none() | st.integers(0, 4),
            paused=st.booleans(),
            live=st.integers(0, 3),
        )
        for name in ("q", "r")
    }
)
offers = st.builds(
    lambda cpu, used, memory, gpus: offer(
        cpu, free=max(0, cpu - used), memory=memory, free_memory=memory // 2, gpu=4, gpus=gpus
    ),
    st.sampled_from([1.0, 2.0, 4.0]),
    st.sampled_from([0.0, 0.5, 1.0, 4.0]),
    st.sampled_from([0, 50, 100]),
    st.sets(st.integers(0, 3)).map(lambda found: tuple(sorted(found))),
)


@settings(max_examples=200, deadline=None)
@given(runs_, states, offers)
def test_never_over_capacity_nor_over_concurrency_and_in_order(waiting, queues, agent):
    grants = admit(waiting, queues, agent, most=64)
    by_run = {w.run: w for w in waiting}
    taken = [by_run[grant.run] for grant in grants]
    assert len({w.run for w in taken}) == len(taken)
    assert sum(w.cpu for w in taken) <= agent.free.cpu + 1e-9
    assert sum(w.memory for w in taken) <= max(0, agent.free.memory)
    devices = [device for grant in grants for device in grant.gpus]
    assert len(set(devices)) == len(devices)
    assert set(devices) <= set(agent.free.gpus)
    assert all(len(grant.gpus) == by_run[grant.run].gpu for grant in grants)
    for name, queue in queues.items():
        mine = [w for w in taken if w.queue == name]
        assert not (queue.paused and mine)
        assert queue.concurrency is None or not mine or queue.live + len(mine) <= queue.concurrency
    assert taken == sorted(taken, key=lambda w: (-w.priority, w.run))


@settings(max_examples=200, deadline=None)
@given(runs_, states, offers)
def test_explaining_agrees_with_admitting(waiting, queues, agent):
    started = {grant.run for grant in admit(waiting, queues, agent, most=64)}
    order = sorted(waiting, key=lambda w: (-w.priority, w.run))
    for place, each in enumerate(order):
        blockers = explain(each, order[:place], queues, [agent])
        assert (each.run in started) == (not blockers), f"{each}: {blockers}"
        assert all(blocker.message for blocker in blockers)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=1, max_size=30))
def test_a_big_run_is_not_starved_by_small_ones(small):
    """It starts as soon as those that ran before it have ended, however many small ones come."""
    big, running = need("0-big", 4), [1.0, 2.0, 1.0]
    waiting = [big, *(need(f"1-{i}", cpu) for i, cpu in enumerate(small))]
    while running:
        assert big.run not in {g.run for g in admit(waiting, OPEN, offer(4, free=4 - sum(running)), most=64)}
        started = admit(waiting, OPEN, offer(4, free=4 - sum(running)), most=64)
        assert not started, "nothing that the big one waits for goes to another"
        running.pop()
    assert [g.run for g in admit(waiting, OPEN, offer(4), most=64)] == [big.run]


WHY = {
    "no_queue": (need("1", queue="gone"), OPEN, [offer()]),
    "paused": (need("1"), {"q": QueueState(name="q", paused=True)}, [offer()]),
    "concurrency": (need("1"), {"q": QueueState(name="q", concurrency=1, live=1)}, [offer()]),
    "no_agent": (need("1"), OPEN, []),
    "never_fits": (need("1", 64), OPEN, [offer()]),
    "slots": (need("1"), OPEN, [offer(free=0.5)]),
}


@pytest.mark.parametrize("code", WHY)
def test_each_blocker_is_named_with_what_to_do(code):
    run, queues, agents = WHY[code]
    (blocker,) = explain(run, [], queues, agents)
    assert blocker.code == code
    assert blocker.fix


def test_nobody_serving_says_whether_agents_drain_are_silent_or_serve_others():
    said = [
        explain(need("1"), [], OPEN, [agent])[0].message
        for agent in (offer(draining=True), offer(alive=False), offer(queues=("gpu",)))
    ]
    assert "draining" in said[0]
    assert "not been heard of" in said[1]
    assert "a (gpu)" in said[2]


async def test_many_runs_that_never_fit_do_not_hide_one_that_does(arrange):
    await arrange.register("small", serves=("q",), cpu=2)
    await arrange.queue("q")
    for _ in range(140):
        await arrange.run(queue="q", cpu=64)
    fitting = await arrange.run(queue="q", cpu=1)
    assert [ref.run for ref in await arrange.lease("small")] == [fitting]


async def test_concurrency_counts_live_runs_in_the_database(arrange):
    await arrange.queue("q", concurrency=2)
    for _ in range(4):
        await arrange.run(queue="q")
    first = await arrange.lease()
    assert len(first) == 2
    assert await arrange.lease() == []
    await arrange.stop(first[0].run)
    assert await arrange.status(first[0].run) is Status.STOPPING
    assert await arrange.lease() == [], "a stopping run still holds its slots"
