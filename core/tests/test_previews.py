"""What a run would be, before it is created; and what holds it then."""

from __future__ import annotations

import pytest

from trainyard.client.errors import Invalid
from trainyard.client.models import CreateRun, EditProject
from trainyard_core.testing.factories import operation


async def test_a_run_that_is_not_approved_waits(web):
    held = await web.admin.runs.create(CreateRun(content=operation(head="isApproved: false\n")))
    assert (held.status, held.hold) == ("compiled", "approval")
    assert (await web.admin.runs.why(held.id)).blockers[0].code == "hold"


async def test_a_preview_says_whether_it_would_start(web):
    free = await web.admin.runs.preview(CreateRun(content=operation()))
    assert (free.forecast.status, free.forecast.blockers) == ("queued", [])
    await web.admin.queues.set("full", concurrency=0)
    blocked = await web.admin.runs.preview(CreateRun(content=operation(), queue="full"))
    assert [blocker.code for blocker in blocked.forecast.blockers] == ["concurrency"]
    with pytest.raises(Invalid, match="managed"):
        await web.admin.runs.preview(CreateRun(managed=False))
    with pytest.raises(Invalid, match="no queue 'nowhere'"):
        await web.admin.runs.preview(CreateRun(content=operation(), queue="nowhere"))


async def test_a_preview_writes_nothing(web):
    async def counted():
        tables = ("run", "activity", "operation", "run_reference")
        sql = "SELECT " + ", ".join(f"(SELECT COUNT(*) FROM {table}) AS {table}" for table in tables)
        return dict(await web.runtime.database.read(lambda tx: tx.one(sql)))

    before, body = await counted(), CreateRun(content=operation(head="isApproved: false\n"), name="n")
    preview = await web.admin.runs.preview(body)
    assert (await counted(), preview.hold) == (before, "approval")
    assert (await web.admin.runs.create(body)).digest == preview.digest


async def test_a_queue_outside_of_the_projects_list_is_refused(web):
    await web.admin.queues.set("gpu")
    await web.admin.projects.edit("default", EditProject(queues=["def*", "cpu"]))
    await web.admin.runs.create(CreateRun(content=operation()))
    with pytest.raises(Invalid) as caught:
        await web.admin.runs.create(CreateRun(content=operation(), queue="gpu"))
    assert "project 'default' may not use queue 'gpu'; it may use: def*, cpu" in str(caught.value)
    assert "yard projects edit default" in caught.value.fix
