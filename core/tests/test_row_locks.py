"""Decisions of transactions that meet on PostgreSQL: the second one decides on what the first one has left."""

from __future__ import annotations

import asyncio

import pytest
from web import BASE, serving, token_of

from trainyard_core.db import agents, clone_rows, postgresql, principals, projects, queues, runs
from trainyard_core.db.connect import connect
from trainyard_core.errors import Unavailable
from trainyard_core.work import assignment
from trainyard_core.work.actions import locked
from trainyard_core.work.creation import add


async def change_queue(web, tx):
    await queues.put(tx, "gpu", concurrency=7, paused=False, priority=5, at=1)


async def change_project(web, tx):
    await projects.update(tx, "vision", description="new", weight=5, quota="{}", queues='["*"]', connections="[]", at=1)


async def change_agent(web, tx):
    row = await agents.get(tx, "box")
    await agents.change(tx, row, queues=None, labels={"zone": "a"}, draining=None)


async def change_person(web, tx):
    await principals.update(tx, "ada", role="viewer", description="new", at=1)


EDITS = {
    "a queue": (change_queue, "queues/gpu", {"concurrency": 3}, {"priority": 5, "concurrency": 3}),
    "a project": (change_project, "projects/vision", {"weight": 2}, {"description": "new", "weight": 2}),
    "an agent": (change_agent, "agents/box", {"queues": ["gpu"]}, {"labels": {"zone": "a"}, "allowed": ["gpu"]}),
    "a person": (change_person, "users/ada", {"disabled": True}, {"description": "new", "disabled": True}),
}


@pytest.fixture
async def web(postgres_url, tmp_path):
    async with serving(postgres_url, tmp_path / "data") as served:
        await served.ask("PUT", "queues/gpu", json={})
        await served.ask("POST", "projects", json={"name": "vision"})
        await served.ask("POST", "agents", json={"name": "box"})
        await served.ask("POST", "users", json={"name": "ada", "role": "viewer"})
        yield served


async def met(web, first, ask):
    """What `ask` is answered when it comes while `first`, another process's transaction, has not ended yet."""
    other = await connect(web.runtime.settings.database)
    done, waits = asyncio.Event(), asyncio.Event()

    async def work(tx):
        await first(web, tx)
        done.set()
        await waits.wait()

    holder, ready = asyncio.create_task(other.write(work)), asyncio.create_task(done.wait())
    await asyncio.wait([holder, ready], return_when=asyncio.FIRST_COMPLETED)
    assert not holder.done(), holder.exception()
    asked = asyncio.create_task(ask())
    while not asked.done() and not await other.read(lambda tx: tx.one("SELECT 1 FROM pg_locks WHERE NOT granted")):
        await asyncio.sleep(0.005)
    waits.set()
    await holder
    answer = await asked
    await other.close()
    return answer


@pytest.mark.parametrize("case", EDITS.values(), ids=EDITS)
async def test_of_two_edits_that_meet_none_is_lost(web, case):
    first, path, body, left = case
    answer = await met(web, first, lambda: web.ask("PATCH", path, json=body))
    assert answer.status_code == 200, answer.text
    now = (await web.ask("GET", path)).json()
    assert {name: now[name] for name in left} == left


@pytest.mark.parametrize("case", EDITS.values(), ids=EDITS)
async def test_an_edit_of_what_has_just_changed_is_refused_when_it_names_what_it_saw(web, case):
    first, path, body, _ = case
    seen = {"If-Match": (await web.ask("GET", path)).headers["etag"]}
    assert (await met(web, first, lambda: web.ask("PATCH", path, json=body, headers=seen))).status_code == 412


async def begin(web, tx, **more):
    """A run that another process is about to create."""
    new = runs.NewRun(id=RUN, kind="job", actor="test", at=1, resolved="{}", cpu=1.0, **more)
    await add(tx, new, web.runtime.policy)


RUN = "01890000-0000-7000-8000-00000000abcd"


async def in_queue(web, tx):
    await begin(web, tx, project="default", queue="gpu")


async def in_project(web, tx):
    await begin(web, tx, project="vision", queue="default")


@pytest.mark.parametrize(
    ("first", "path"), [(in_queue, "queues/gpu"), (in_project, "projects/vision")], ids=["a queue", "a project"]
)
async def test_what_a_new_run_is_in_is_not_removed(web, first, path):
    answer = await met(web, first, lambda: web.ask("DELETE", path))
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert (await web.ask("GET", path)).status_code == 200


async def test_an_agent_that_has_just_been_given_a_run_is_not_removed(web):
    run, agent, at = await web.arrange.run(), web.arrange.agent, web.arrange.clock.now()

    async def assigned(web, tx):
        refs = await assignment.assign(tx, agent, policy=web.runtime.policy, at=at)
        assert [ref.run for ref in refs] == [run]

    answer = await met(web, assigned, lambda: web.ask("DELETE", f"agents/{agent}"))
    assert answer.status_code == 409


async def test_of_two_admins_who_would_go_at_once_one_stays(web):
    await token_of(web.runtime, "grace", role="admin", at=1)

    async def first_goes(web, tx):
        await tx.run("SELECT 1 FROM principal WHERE role = 'admin' FOR UPDATE")
        await principals.update(tx, "grace", role="viewer", description="", at=1)

    answer = await met(web, first_goes, lambda: web.ask("PATCH", "users/admin", json={"role": "viewer"}))
    assert (answer.status_code, "last admin" in answer.text) == (409, True)


async def test_an_artifact_that_a_new_run_has_just_taken_is_not_removed(web):
    source = await web.tracked()
    await web.admin.artifacts.put(source.id, "model.pt", b"abc")
    heir = await web.tracked()

    async def taken(web, tx):
        await locked(tx, source.id)
        await clone_rows.take_artifacts(tx, source=source.id, run=heir.id, until=None)

    answer = await met(web, taken, lambda: web.ask("DELETE", f"{BASE}/{source.id}/artifacts/model.pt"))
    assert answer.status_code == 409
    assert (await web.ask("GET", f"{BASE}/{heir.id}/artifacts/model.pt")).content == b"abc"


async def test_a_transaction_that_stands_still_is_ended_and_holds_no_row(postgres_url, monkeypatch):
    """As that of a process that was frozen."""
    monkeypatch.setattr(postgresql, "IDLE", 0.2)
    frozen, other = await connect(postgres_url), await connect(postgres_url)
    holds, thawed = asyncio.Event(), asyncio.Event()

    async def hold(tx):
        await projects.ensure(tx, "vision", at=1)
        holds.set()
        await thawed.wait()
        return await tx.one("SELECT 1 AS yes")

    held = asyncio.create_task(frozen.write(hold))
    await holds.wait()
    await other.write(lambda tx: projects.ensure(tx, "vision", at=2))
    thawed.set()
    with pytest.raises(Unavailable):
        await held
    for database in (frozen, other):
        await database.close()
