"""Admission: cases as people tell them, and what holds for any world."""

from __future__ import annotations

import random

import msgspec
import pytest
from admission_worlds import QUEUES, agents, holding, need, offer, runs_, started, world, worlds
from hypothesis import given, settings
from hypothesis import strategies as st

from trainyard_core.admission import (
    ProjectState,
    QueueState,
    admit,
    amounts_of,
    before_in_other_queues,
    in_order,
    total,
)
from trainyard_core.admission.room import Limits

EPSILON = 1e-9
replace = msgspec.structs.replace
LIMITED = QueueState(name="q", concurrency=2, live=1)
URGENT = QueueState(name="r", priority=1)
BUSY = QueueState(name="q", live=1, used={"p": {"cpu": 1}})
FULL = QueueState(name="q", quota={"cpu": 4}, live=1, used={"p": {"cpu": 2}})
HEAVY = ProjectState(name="o", weight=3)
CASES = {
    "first come": ([need("2"), need("1")], world(), offer(1), ["1"]),
    "priority before age": ([need("1"), need("2", priority=5)], world(), offer(1), ["2"]),
    "as many as fit": ([need(str(i)) for i in range(9)], world(), offer(4), ["0", "1", "2", "3"]),
    "concurrency of its queue": ([need("1"), need("2"), need("3", queue="r")], world(LIMITED), offer(9), ["3", "1"]),
    "a paused queue": ([need("1")], world(QueueState(name="q", paused=True)), offer(), []),
    "concurrency nought": ([need("1")], world(QueueState(name="q", concurrency=0)), offer(), []),
    "an unknown queue": ([need("1", queue="gone")], world(), offer(), []),
    "a queue with priority first": ([need("1", priority=9), need("2", queue="r")], world(URGENT), offer(1), ["2"]),
    "queues of one priority take turns": (
        [need("1"), need("2"), need("3", queue="r"), need("4", queue="r")], world(), offer(), ["1", "3", "2", "4"]
    ),
    "the queue with less live work first": ([need("1"), need("2", queue="r")], world(BUSY), offer(1), ["2"]),
    "projects take turns": (
        [need("1"), need("2"), need("3"), need("4", project="o")], world(), offer(3), ["1", "4", "2"]
    ),
    "the project with less live work first": ([need("1"), need("2", project="o")], world(BUSY), offer(1), ["2"]),
    "priority holds inside a project": (
        [need("1"), need("2", priority=9), need("3", project="o")], world(BUSY), offer(2), ["3", "2"]
    ),
    "a heavy project gets more": (
        [*(need(f"1{i}") for i in range(4)), *(need(f"2{i}", project="o") for i in range(4))],
        world(projects=(HEAVY,)), offer(4), ["10", "20", "21", "22"],
    ),
    "the dominant resource counts": (
        [need("1", gpu=1), need("2", gpu=1), *(need(f"3{i}", project="o") for i in range(3))],
        world(cpu=12, gpu=4), offer(4, gpu=4), ["1", "30", "31", "32"],
    ),
    "what never fits hides nobody": ([need("1", 99), need("2")], world(), offer(), ["2"]),
    "what its queue never allows hides nobody": ([need("1", 5), need("2", 2)], world(FULL), offer(9), ["2"]),
    "a big one keeps its place": ([need("1", 4), need("2", 1)], world(), offer(4, free=3), []),
    "a big one keeps its place in its queue's quota": ([need("1", 3), need("2", 1)], world(FULL), offer(9), []),
    "who waits for its queue's quota holds up no other queue": (
        [need("1", 3), need("2", 9, queue="r")], world(FULL), offer(9), ["2"]
    ),
    "others pass a big one by": ([need("1", gpu=2), need("2", 1)], world(), offer(4, gpu=2, devices=(1,)), ["2"]),
    "many that wait for one thing hold up nobody else": (
        [*(need(f"1{i}", gpu=1) for i in range(20)), need("2"), need("3")],
        world(), offer(4, gpu=1, devices=()), ["2", "3"],
    ),
    "memory that nobody asked for": (
        [need("1", memory=100), need("2")], world(), offer(4, memory=100, free_memory=50), ["2"]
    ),
    "memory": ([need("1", memory=60), need("2", memory=60)], world(), offer(), ["1"]),
    "nothing free": ([need("1")], world(), offer(4, free=0), []),
    "any other resource": (
        [need("1", resources={"licence": 2}), need("2", resources={"licence": 1}), need("3", resources={"odd": 1})],
        world(), offer(9, resources={"licence": 2}), ["1"],
    ),
    "a quota of any other resource": (
        [need("1", resources={"licence": 1}), need("2", resources={"licence": 1}), need("3")],
        world(QueueState(name="q", quota={"licence": 1})), offer(9, resources={"licence": 9}), ["1", "3"],
    ),
    "the quota of a project over its queues": (
        [need("1"), need("2", queue="r"), need("3", project="o")],
        world(projects=(ProjectState(name="p", quota={"cpu": 2}, used={"cpu": 1}),)), offer(9), ["1", "3"],
    ),
    "a project that may not use the queue": (
        [need("1"), need("2", queue="r")], world(projects=(ProjectState(name="p", queues=("r",)),)), offer(9), ["2"]
    ),
    "the agent that must run it": ([need("1", agent="b"), need("2", agent="a")], world(), offer(9), ["2"]),
    "a label that the queue asks for": (
        [need("1"), need("2", queue="r")], world(QueueState(name="q", selector={"disk": "fast"})), offer(9), ["2"]
    ),
    "a label that the agent has": (
        [need("1")], world(QueueState(name="q", selector={"disk": "fast"})), offer(9, labels={"disk": "fast"}), ["1"]
    ),
}  # fmt: skip


@pytest.mark.parametrize(("waiting", "around", "agent", "granted"), CASES.values(), ids=CASES)
def test_cases(waiting, around, agent, granted):
    assert [grant.run for grant in admit(waiting, around, agent, most=64)] == granted


def test_devices_are_given_once_and_at_most_so_many_runs():
    grants = admit([need(str(i), gpu=2) for i in range(5)], world(), offer(9, gpu=8), most=3)
    assert [grant.devices for grant in grants] == [(0, 1), (2, 3), (4, 5)]


def test_a_walk_stops_where_nothing_more_can_start():
    """Ten thousand runs behind a full agent cost nothing."""
    waiting = [need(f"{i:05}", queue=("q", "r")[i % 2], gpu=i % 3) for i in range(10_000)]
    looked_at = []
    original = Limits.consider
    Limits.consider = lambda self, each: looked_at.append(each) or original(self, each)
    try:
        assert len(admit(waiting, world(), offer(2, gpu=8), most=64)) == 2
    finally:
        Limits.consider = original
    assert len(looked_at) < 10


@settings(max_examples=150, deadline=None)
@given(runs_, worlds(), agents())
def test_no_limit_is_ever_passed(waiting, around, agent):
    grants = admit(waiting, around, agent, most=64)
    by_run = {each.run: each for each in waiting}
    taken = [by_run[grant.run] for grant in grants]
    assert len({each.run for each in taken}) == len(taken)
    for name, amount in total(amounts_of(each) for each in taken).items():
        assert amount <= max(0, agent.left().get(name, agent.rest)) + EPSILON
    for each in taken:
        assert all(
            amount <= agent.largest.get(name, amount)
            for name, amount in (each.largest_copy or amounts_of(each)).items()
        )
    devices = [device for grant in grants for device in grant.devices]
    assert len(set(devices)) == len(devices)
    assert set(devices) <= set(agent.free.devices)
    assert all(len(grant.devices) == by_run[grant.run].gpu for grant in grants)
    for queue in around.queues.values():
        _check_queue(queue, [each for each in taken if each.queue == queue.name], agent)
    for project in around.projects.values():
        mine = [each for each in taken if each.project == project.name]
        assert all(project.may_use(each.queue) for each in mine)
        _check_quota(project.quota, project.used, mine)
    assert all(each.agent in ("", agent.agent) for each in taken)


def _check_queue(queue, mine, agent):
    if mine:
        assert not queue.paused
        assert agent.serves(queue.name)
        assert not agent.missing(queue.selector)
        assert queue.concurrency is None or queue.live + len(mine) <= queue.concurrency
    _check_quota(queue.quota, total(queue.used.values()), mine)


def _check_quota(quota, used, mine):
    for name, amount in total(amounts_of(each) for each in mine).items():
        assert name not in quota or used.get(name, 0) + amount <= quota[name] + EPSILON


@settings(max_examples=100, deadline=None)
@given(runs_, worlds(), agents(), st.randoms(use_true_random=False))
def test_in_which_order_things_are_told_does_not_matter(waiting, around, agent, chance):
    shuffled = random.Random(chance.random()).sample(waiting, len(waiting))
    turned = replace(around, queues=dict(reversed(around.queues.items())))
    assert admit(waiting, around, agent, most=64) == admit(shuffled, turned, agent, most=64)


@settings(max_examples=100, deadline=None)
@given(runs_, worlds(used=False))
def test_a_place_is_what_the_walk_makes_of_it(waiting, around):
    """On an agent where everything fits, runs start in the order of their places."""
    free = {name: replace(queue, concurrency=None, quota={}, paused=False) for name, queue in around.queues.items()}
    projects = {name: replace(each, quota={}, queues=("*",)) for name, each in around.projects.items()}
    waiting = [replace(each, agent="") for each in waiting]
    first = {name: min((e for e in waiting if e.queue == name), key=_by_age, default=None) for name in QUEUES}
    states = {name: replace(queue, first=first[name].run if first[name] else "") for name, queue in free.items()}
    around = replace(around, queues=states, projects=projects)
    huge = offer(1e6, memory=10**9, gpu=99, resources={"licence": 999.0}, labels={"disk": "fast"})
    order = {name: in_order(around, states[name], [e for e in waiting if e.queue == name]) for name in QUEUES}
    others = [(state, len(order[name])) for name, state in states.items()]
    places = {
        each.run: count + before_in_other_queues(states[name], count, others)
        for name in QUEUES
        for count, each in enumerate(order[name])
    }
    granted = [grant.run for grant in admit(waiting, around, huge, most=99)]
    assert [places[run] for run in granted] == list(range(len(waiting)))


def _by_age(each):
    return -each.priority, each.run


@settings(max_examples=150, deadline=None)
@given(runs_, worlds(used=False), agents("a"), agents("b"))
def test_every_run_that_fits_somewhere_starts_when_others_end(waiting, around, first, second):
    idle = [_idle(first), _idle(second)]
    fitting = {e.run for e in waiting if any(admit([e], around, agent, most=1) for agent in idle)}
    live, done, left = [], set(), list(waiting)
    for _ in range(4 * len(waiting) + 1):
        state, agents_now = around, dict(zip("ab", idle, strict=True))
        for each, grant, name in live:
            state, agents_now[name] = started(state, each), holding(agents_now[name], each, grant)
        for name in "ab":
            for grant in admit(left, state, agents_now[name], most=64):
                each = next(e for e in left if e.run == grant.run)
                left.remove(each)
                live.append((each, grant, name))
                done.add(each.run)
                state, agents_now[name] = started(state, each), holding(agents_now[name], each, grant)
        live = live[1:]
    assert done == fitting


def _idle(agent):
    free = replace(
        agent.free, cpu=agent.cpu, memory=agent.memory, gpu=4, devices=tuple(range(4)), resources=agent.resources
    )
    return replace(agent, free=free)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=1, max_size=30))
def test_a_big_run_is_not_starved_by_small_ones(small):
    """It starts as soon as those that ran before it have ended, however many small ones come."""
    big, running = need("0-big", 4), [1.0, 2.0, 1.0]
    waiting = [big, *(need(f"1-{i}", cpu) for i, cpu in enumerate(small))]
    while running:
        left = offer(4, free=4 - sum(running))
        assert admit(waiting, world(), left, most=64) == [], "nothing that the big one waits for goes to another"
        running.pop()
    assert [g.run for g in admit(waiting, world(), offer(4), most=64)] == [big.run]


@pytest.mark.parametrize("where", ["queue", "project"])
def test_a_big_run_in_another_queue_is_not_starved_either(where):
    """Small runs of a queue that has nothing live come all the time; the older first run has the turn."""
    other = {"queue": "r"} if where == "queue" else {"project": "o"}
    big, small = need("0", 4), [need(f"{i}", **other) for i in range(1, 30)]
    around, agent, live = world(), offer(4, free=3), True
    for _ in range(3):
        granted = [grant.run for grant in admit([big, *small], around, agent, most=64)]
        assert granted in ([], ["0"])
        agent, live = offer(4), not live
    assert granted == ["0"]
