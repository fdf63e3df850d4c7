"""What the agents of a queue say of a run before it is created."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from one_trial import one_trial
from web import serving

from trainyard.client.errors import Invalid
from trainyard.client.models import CreateRun
from trainyard_core.agent.model import Registration
from trainyard_core.contracts.scheduler import Facts, Verdict
from trainyard_core.db import agents
from trainyard_core.hookspecs import SchedulerProvider, hookimpl
from trainyard_core.registry import Registry

SPEC = {
    "version": 1.1,
    "kind": "operation",
    "component": {"run": {"kind": "job", "container": {"image": "busybox", "command": ["true"]}}},
}


ASKED = []
"""The facts that it was asked with."""


def check(operation, facts):
    """A scheduler that runs images where its agent has the feature, and where it does not, passes over them."""
    ASKED.append(facts)
    if facts.allowed == "broken":
        raise ZeroDivisionError("a fault of the plugin")
    if facts.version > 1:
        return Verdict(refuses=("its facts are of version 2, and this server knows 1: update the server",))
    if "strict" in facts.features and operation.image:
        return Verdict(refuses=("no image may be used here",))
    return Verdict(ignores=("the image is not used",) if operation.image and "images" not in facts.features else ())


@pytest.fixture
async def web(database_url, tmp_path):
    registry = Registry()
    registry.add("one_trial", one_trial())
    provider = SchedulerProvider(name="picky", build=lambda context: None, check=check)
    registry.add("picky", SimpleNamespace(register_schedulers=hookimpl(lambda: [provider])))
    async with serving(database_url, tmp_path, registry=registry) as web:
        yield web


async def enter(stage, name, *, scheduler="picky", queues=("*",), **facts):
    """An agent with these facts."""
    me = Registration(name=name, scheduler=scheduler, queues=queues, facts=Facts(**facts))
    database = stage.runtime.database
    await database.write(lambda tx: agents.register(tx, me, at=stage.arrange.clock.now()))
    stage.arrange.clock.turn(2.0)


async def leave(stage):
    await stage.runtime.database.write(lambda tx: tx.run("DELETE FROM agent"))
    stage.arrange.clock.turn(2.0)


async def warnings(stage, run):
    rows = await stage.runtime.database.read(
        lambda tx: tx.all("SELECT data FROM activity WHERE run = ? AND kind = 'warning'", run)
    )
    return [row["data"] for row in rows]


async def test_what_every_agent_of_the_queue_refuses_is_not_created(web):
    await leave(web)
    await enter(web, "a", features=("strict",))
    await enter(web, "b", version=2)
    with pytest.raises(Invalid) as refused:
        await web.admin.runs.create(CreateRun(operation=SPEC))
    assert "no agent of queue 'default' can run this" in str(refused.value)
    assert "a: no image may be used here | b: its facts are of version 2" in str(refused.value)
    assert [run async for run in web.admin.runs.list()] == []


async def test_one_agent_that_takes_it_is_enough(web):
    await leave(web)
    await enter(web, "a", features=("strict",))
    await enter(web, "b", features=("images",))
    run = await web.admin.runs.create(CreateRun(operation=SPEC))
    assert await warnings(web, run.id) == []


async def test_an_agent_of_another_queue_says_nothing(web):
    await leave(web)
    await enter(web, "a", features=("strict",))
    await enter(web, "b", queues=("other",), features=("images",))
    with pytest.raises(Invalid, match="a: no image may be used here"):
        await web.admin.runs.create(CreateRun(operation=SPEC))


async def test_a_run_for_one_agent_asks_that_one(web):
    await leave(web)
    await enter(web, "a", features=("strict",))
    await enter(web, "b", features=("images",))
    with pytest.raises(Invalid, match="a: no image may be used here"):
        await web.admin.runs.create(CreateRun(operation={**SPEC, "queue": "a/default"}))
    assert await web.admin.runs.create(CreateRun(operation={**SPEC, "queue": "b/default"}))


async def test_what_all_that_take_it_ignore_is_a_warning(web):
    await leave(web)
    await enter(web, "a")
    run = await web.admin.runs.create(CreateRun(operation=SPEC))
    (said,) = await warnings(web, run.id)
    assert "the image is not used" in said
    preview = await web.admin.runs.preview(CreateRun(operation=SPEC))
    assert preview.warnings == ["the image is not used"]
    await enter(web, "b", features=("images",))
    run = await web.admin.runs.create(CreateRun(operation=SPEC))
    assert await warnings(web, run.id) == [], "it can go to the other one"


@pytest.mark.parametrize("scheduler", ["elsewhere", "picky"])
async def test_an_agent_that_cannot_be_asked_for_takes_it(web, scheduler):
    """Its scheduler is not installed here, or its check fails: the agent asks once more."""
    await leave(web)
    await enter(web, "a", scheduler=scheduler, features=("strict",), allowed="broken")
    assert await web.admin.runs.create(CreateRun(operation=SPEC))


SWEEP = {
    **SPEC,
    "component": {**SPEC["component"], "inputs": [{"name": "lr", "type": "float"}]},
    "matrix": {"kind": "grid", "params": {"lr": {"kind": "choice", "value": [0.1, 0.2]}}},
}


async def test_of_a_sweep_one_trial_is_asked_for_when_the_sweep_is_created(web):
    await leave(web)
    await enter(web, "a", features=("strict",))
    with pytest.raises(Invalid, match="a: no image may be used here"):
        await web.admin.runs.create(CreateRun(operation=SWEEP))
    await enter(web, "a")
    ASKED.clear()
    sweep = await web.admin.runs.create(CreateRun(operation=SWEEP))
    assert len(ASKED) == 1
    assert ["the image is not used" in each for each in await warnings(web, sweep.id)] == [True]


async def test_that_no_agent_serves_the_queue_is_a_warning(web):
    await leave(web)
    run = await web.admin.runs.create(CreateRun(operation=SPEC))
    (said,) = await warnings(web, run.id)
    assert "no agent serves queue 'default' yet; the run waits for one" in said
    run = await web.admin.runs.create(CreateRun(operation={**SPEC, "queue": "far/default"}))
    (said,) = await warnings(web, run.id)
    assert "no agent serves queue 'default' as agent 'far' yet" in said


async def test_a_restart_is_asked_for_again(web):
    await leave(web)
    run = await web.admin.runs.create(CreateRun(operation=SPEC))
    await web.admin.runs.stop(run.id)
    await enter(web, "a", features=("strict",))
    with pytest.raises(Invalid, match="no image may be used here"):
        await web.admin.runs.restart(run.id)


async def test_agents_are_read_again_once_a_second_at_most(web):
    await leave(web)
    await enter(web, "a", features=("images",))
    await web.admin.runs.create(CreateRun(operation=SPEC))
    await web.runtime.database.write(lambda tx: tx.run("UPDATE agent SET facts = ?", '{"features": ["strict"]}'))
    assert await web.admin.runs.create(CreateRun(operation=SPEC)), "within the second"
    web.arrange.clock.turn(2.0)
    with pytest.raises(Invalid, match="no image"):
        await web.admin.runs.create(CreateRun(operation=SPEC))


async def test_agents_that_are_alike_are_asked_once(web):
    await leave(web)
    for number in range(20):
        await enter(web, f"a{number}", features=("strict",) if number % 2 else ("images",))
    ASKED.clear()
    assert await web.admin.runs.create(CreateRun(operation=SPEC))
    assert len(ASKED) == 2
