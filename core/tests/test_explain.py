"""Why a run has to wait: every blocker alone and together, and that explaining and admitting are one."""

from __future__ import annotations

from itertools import product

import pytest
from admission_worlds import agents, holding, need, offer, replace, runs_, started, world, worlds
from hypothesis import given, settings

from trainyard_core.admission import Grant, HeldRun, ProjectState, QueueState, admit, changes, explain, obstacles

GOOD = {
    "queue": QueueState(name="q", live=1, used={"p": {"cpu": 2}}),
    "project": ProjectState(name="p", used={"cpu": 2}),
    "agent": offer(4, gpu=2, labels={"disk": "fast"}, resources={"licence": 2}),
}
SPOILED = {
    "paused": ("queue", {"paused": True}),
    "concurrency": ("queue", {"concurrency": 1}),
    "quota": ("queue", {"quota": {"cpu": 2.5}}),
    "quota of the project": ("project", {"quota": {"cpu": 2.5}}),
    "not_allowed": ("project", {"queues": ("r",)}),
    "no_agent: another queue": ("agent", {"queues": ("r",)}),
    "no_agent: no label": ("queue", {"selector": {"disk": "huge"}}),
    "no_agent: silent": ("agent", {"alive": False}),
    "no_agent: draining": ("agent", {"draining": True}),
    "never_fits": ("agent", {"cpu": 0.5}),
    "never_fits: the queue's quota": ("queue", {"quota": {"cpu": 0.5}}),
    "slots": ("agent", {"free": offer(0).free}),
}
ASKS = need("1", gpu=1, resources={"licence": 1})


def arranged(*spoiled):
    parts = dict(GOOD)
    for name in spoiled:
        part, how = SPOILED[name]
        parts[part] = replace(parts[part], **how)
    return world(parts["queue"], projects=(parts["project"],)), parts["agent"]


def test_nothing_in_its_way_is_nothing_said():
    around, agent = arranged()
    assert explain(ASKS, [ASKS], around, [agent]) == []
    assert [grant.run for grant in admit([ASKS], around, agent, most=1)] == ["1"]


@pytest.mark.parametrize("name", SPOILED)
def test_each_blocker_is_named_with_what_to_do(name):
    around, agent = arranged(name)
    (blocker,) = explain(ASKS, [ASKS], around, [agent])
    assert blocker.code == name.partition(":")[0].partition(" ")[0]
    assert blocker.message
    assert blocker.fix


@pytest.mark.parametrize(("one", "other"), [*product(SPOILED, SPOILED)])
def test_of_two_blockers_none_hides_that_there_is_one(one, other):
    around, agent = arranged(one, other)
    assert explain(ASKS, [ASKS], around, [agent])
    assert admit([ASKS], around, agent, most=1) == [] or not agent.alive or agent.draining


def test_limits_of_queue_project_and_agent_are_all_told_at_once():
    around, agent = arranged("concurrency", "quota of the project", "slots")
    assert [blocker.code for blocker in obstacles(ASKS, around, [agent])] == ["concurrency", "quota", "slots"]


def test_an_unknown_queue_and_no_agent_at_all():
    assert [b.code for b in explain(need("1", queue="gone"), [], world(), [offer()])] == ["no_queue"]
    assert [b.code for b in explain(need("1"), [], world(), [])] == ["no_agent"]


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (offer(draining=True), "is draining"),
        (offer(alive=False), "has not been heard of"),
        (offer(queues=("gpu",)), "does not serve queue 'q' but gpu"),
        (offer(labels={"disk": "slow"}), "lacks the label disk=fast"),
    ],
    ids=["draining", "silent", "another queue", "label"],
)
def test_nobody_serving_says_what_the_nearest_agent_lacks(agent, words):
    around = world(QueueState(name="q", selector={"disk": "fast"} if agent.labels else {}))
    far = offer(agent="far", queues=("elsewhere",), draining=True)
    (blocker,) = explain(need("1"), [], around, [agent] if "serve" in words else [far, agent])
    assert words in blocker.message


def test_the_agent_that_must_run_it_is_not_there():
    (blocker,) = explain(need("1", agent="box"), [], world(), [offer()])
    assert "'box'" in blocker.message


@settings(max_examples=150, deadline=None)
@given(runs_, worlds(), agents("a"), agents("b"))
def test_explaining_agrees_with_admitting(waiting, around, first, second):
    granted = {grant.run for agent in (first, second) for grant in admit(waiting, around, agent, most=99)}
    for each in waiting:
        blockers = explain(each, waiting, around, [first, second])
        assert (each.run in granted) == (not blockers), f"{each}: {blockers}"


HELD = HeldRun(run="held-0001", queue="q", project="p", agent="a", cpu=2, gpu=1, devices=(0,), resources={"licence": 2})
HELPS = {
    "paused": {"when queue 'q' is resumed", "in queue 'r' instead of 'q'"},
    "concurrency": {
        "with concurrency 2 instead of 1 on queue 'q'", "when run eld-0001 ends", "in queue 'r' instead of 'q'",
    },
    "quota": {
        "with quota cpu 3 instead of 2.5 on queue 'q'", "when run eld-0001 ends", "in queue 'r' instead of 'q'",
    },
    "quota of the project": {"with quota cpu 3 instead of 2.5 of project 'p'", "when run eld-0001 ends"},
    "not_allowed": {"in queue 'r' instead of 'q'"},
    "no_agent: no label": {"in queue 'r' instead of 'q'"},
    "no_agent: draining": set(),
    "never_fits": {"with 0.5 more cpu on agent 'a'"},
}  # fmt: skip


@pytest.mark.parametrize("name", HELPS)
def test_what_would_start_it(name):
    around, agent = arranged(name)
    agent = replace(agent, free=replace(agent.free, cpu=min(agent.free.cpu, agent.cpu)))
    assert {change.text for change in changes(ASKS, around, [agent], [HELD])} == HELPS[name]


def test_an_agent_with_more_or_the_end_of_a_run_would_start_it():
    agent = offer(4, gpu=1, devices=())
    held = replace(HELD, resources={})
    told = [change.text for change in changes(need("1", gpu=1), world(), [agent], [held])]
    assert told == ["with 1 more gpu on agent 'a'", "when run eld-0001 ends"]


@settings(max_examples=150, deadline=None)
@given(runs_, worlds(), agents("a"))
def test_after_a_change_admission_would_really_start_it(waiting, around, agent):
    live = [need("live", cpu=min(1, agent.cpu))]
    around, agent = started(around, live[0]), holding(agent, live[0], Grant("live", ()))
    held = HeldRun(run="live", queue="q", project="p", agent="a", cpu=live[0].cpu)
    for each in waiting:
        for change in changes(each, around, [agent], [held]):
            assert [g.run for g in admit([change.need], change.world, change.offers[0], most=1)] == [each.run]
