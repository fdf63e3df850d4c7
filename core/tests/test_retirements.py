"""Names of what was deleted are not used again: nobody is given another's past by taking a name."""

from __future__ import annotations

import asyncio

import pytest
from web import BASE, token_of

from trainyard_core.db import projects, retirements


async def ask(web, method, path, body=None, *, token=None, **headers):
    return await web.ask(method, path, token=token, json=body, headers=headers)


async def test_a_projects_past_does_not_go_to_whoever_takes_its_name(web):
    ada = await token_of(web.runtime, "ada", role="member", at=web.arrange.clock.now())
    await ask(web, "POST", "projects", {"name": "vision"})
    run = (await ask(web, "POST", BASE.replace("default", "vision"), {"managed": False, "name": "secret"})).json()
    await ask(web, "POST", f"projects/vision/runs/{run['id']}/stop")
    await ask(web, "DELETE", f"projects/vision/runs/{run['id']}")
    assert (await ask(web, "DELETE", "projects/vision")).status_code == 204
    again = await ask(web, "POST", "projects", {"name": "vision"}, token=ada)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert "not used again" in again.json()["detail"]
    assert (await ask(web, "GET", "projects/vision/activities", token=ada)).status_code == 404
    told = (await ask(web, "GET", "activities?kind=project_deleted")).json()["items"]
    assert [each["project"] for each in told] == ["vision"]


@pytest.mark.parametrize("path", ["users", "service-accounts"])
@pytest.mark.parametrize("again", ["users", "service-accounts"])
async def test_a_persons_past_does_not_go_to_whoever_takes_their_name(web, path, again):
    assert (await ask(web, "POST", path, {"name": "ada"})).status_code == 201
    assert (await ask(web, "DELETE", f"{path}/ada")).status_code == 204
    refused = await ask(web, "POST", again, {"name": "ada", "role": "member"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "disabled" in refused.json()["fix"]


async def test_the_request_that_deleted_a_project_may_come_again(web):
    await ask(web, "POST", "projects", {"name": "vision"})
    for _ in range(2):
        assert (await ask(web, "DELETE", "projects/vision", **{"Idempotency-Key": "k"})).status_code == 204


async def test_a_project_that_cannot_be_deleted_keeps_its_name(web):
    await ask(web, "POST", "projects", {"name": "vision"})
    await ask(web, "POST", "projects/vision/runs", {"managed": False})
    assert (await ask(web, "DELETE", "projects/vision")).status_code == 409
    assert (await ask(web, "GET", "projects/vision")).status_code == 200
    assert not await web.runtime.database.read(lambda tx: retirements.has(tx, "project", "vision"))


async def test_an_agent_may_be_enrolled_again_under_its_name(web):
    for _ in range(2):
        assert (await ask(web, "POST", "agents", {"name": "gpu"})).status_code == 201
        assert (await ask(web, "DELETE", "agents/gpu")).status_code == 204


async def test_a_name_that_is_just_being_retired_is_refused(web):
    database = web.runtime.database
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer")
    await ask(web, "POST", "projects", {"name": "vision"})
    gone = asyncio.Event()

    async def delete(tx):
        await projects.delete(tx, "vision", at=1)
        gone.set()
        while await tx.one("SELECT 1 FROM pg_locks WHERE NOT granted") is None:
            continue  # until the other transaction waits for this one

    deleting = asyncio.create_task(database.write(delete))
    await gone.wait()
    assert (await ask(web, "POST", "projects", {"name": "vision"})).status_code == 409
    await deleting
