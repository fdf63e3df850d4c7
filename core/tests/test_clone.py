"""Restart, resume and copy through the API, on both databases."""

from __future__ import annotations

import asyncio

import pytest
from fake_tracker import Counting
from run_factory import end, ended, started
from web import BASE

from trainyard.client.errors import Conflict, Invalid
from trainyard.client.models import CloneRun, CreateRun, EditRun
from trainyard_core.db.batch import ROWS
from trainyard_core.testing.factories import operation
from trainyard_core.testing.frames import events, metric
from trainyard_core.work.session_service import SessionService

A, B, C = "a" * 32, "b" * 32, "c" * 32
PARAMS = """
  inputs:
    - {name: lr, type: float, value: 0.1}
    - {name: size, type: int, value: 8}
"""


def with_params():
    return operation("echo {{ lr }} {{ size }}").replace("component:", "component:" + PARAMS.rstrip(), 1)


async def series(web, run, name, **more):
    (found,) = await web.admin.runs.series(run, [name], **{"points": 0, **more})
    return found


async def sources(web, run):
    listed = (await web.ask("GET", f"{BASE}/{run}/artifacts")).json()["items"]
    return {each["name"]: each["source"] for each in listed}


async def steps(web, run, name, **more):
    return [point[0] for point in (await series(web, run, name, **more)).points]


async def test_restart_runs_the_same_operation_again_with_what_was_given(web):
    first = await web.admin.runs.create(CreateRun(content=with_params(), params={"lr": 0.5}, name="n", tags=["t"]))
    again = await web.admin.runs.restart(first.id)
    assert (again.params, again.name, again.tags) == ({"lr": 0.5, "size": 8}, "n", ["t"])
    assert (again.digest, again.status, again.cloned_from) == (first.digest, "queued", first.id)
    assert (again.clone_kind, again.user) == ("restart", "user:admin")
    assert again.id != first.id


async def test_restart_with_other_params_queue_and_name_is_compiled_anew(web):
    await web.arrange.queue("gpu")
    first = await web.admin.runs.create(CreateRun(content=with_params(), params={"lr": 0.5}))
    body = CloneRun(params={"size": 16}, queue="gpu", name="big")
    again = await web.admin.runs.restart(first.id, body)
    assert (again.params, again.queue, again.name) == ({"lr": 0.5, "size": 16}, "gpu", "big")
    assert again.resolved["command"][-1] == "echo 0.5 16"
    assert again.digest != first.digest
    third = await web.admin.runs.restart(again.id)
    assert (third.params, third.queue) == ({"lr": 0.5, "size": 16}, "gpu")
    with pytest.raises(Invalid, match="size"):
        await web.admin.runs.restart(first.id, CloneRun(params={"size": "many"}))
    with pytest.raises(Invalid, match="no queue 'gp'"):
        await web.admin.runs.restart(first.id, CloneRun(queue="gp"))


async def test_the_same_key_makes_one_clone(web):
    first = await web.run()
    made = await asyncio.gather(*(web.admin.runs.restart(first.id, key="k") for _ in range(10)))
    assert len({run.id for run in made}) == 1
    assert len([run async for run in web.admin.runs.list()]) == 2


async def test_a_priority_that_was_changed_goes_with_the_clone(web):
    first = await web.run()
    await web.admin.runs.edit(first.id, EditRun(priority=7, description="why"))
    again = await web.admin.runs.restart(first.id)
    assert (again.priority, again.description) == (7, "why")


async def test_a_tracked_run_cannot_be_started_from_here(web):
    run = await web.tracked()
    for verb in (web.admin.runs.restart, web.admin.runs.resume, web.admin.runs.copy):
        with pytest.raises(Conflict, match="started by hand"):
            await verb(run.id)


async def test_what_has_not_ended_can_be_restarted_but_not_continued_or_copied(web):
    run = await started(web)
    assert (await web.admin.runs.restart(run.id)).status == "queued"
    for verb in (web.admin.runs.resume, web.admin.runs.copy):
        with pytest.raises(Conflict, match="still running"):
            await verb(run.id)
    with pytest.raises(Invalid, match="`step` is for resume"):
        await web.admin.runs.restart(run.id, CloneRun(step=3))


async def test_a_resumed_run_begins_with_outputs_tags_metrics_and_artifacts(web):
    frames = metric(A, 1, {"loss": [3.0, 1.0, 2.0]}) + events(
        A, 2, {"type": "outputs", "values": {"best": 1.0}}, {"type": "tags", "tags": ["x"]}
    )
    first = await started(web)
    await web.admin.runs.upload(first.id, "outputs/model", b"weights")
    first = await end(web, first, frames, code=1)
    resumed = await web.admin.runs.resume(first.id)
    assert (resumed.outputs, resumed.tags, resumed.metrics) == ({"best": 1.0}, ["x"], {"loss": 2.0})
    assert (resumed.clone_kind, resumed.fork_step, resumed.cloned_from) == ("resume", 2, first.id)
    (brief,) = await web.admin.runs.metrics(resumed.id)
    assert (brief.min, brief.max, brief.count, brief.step) == (1.0, 3.0, 3, 2)
    assert await steps(web, resumed.id, "loss") == [0, 1, 2]
    assert await sources(web, resumed.id) == {"outputs/model": first.id}
    assert await web.admin.runs.read(resumed.id, "outputs/model") == b"weights"
    await web.admin.runs.upload(resumed.id, "outputs/model", b"better")
    assert await web.admin.runs.read(resumed.id, "outputs/model") == b"better"
    assert await web.admin.runs.read(first.id, "outputs/model") == b"weights"
    assert await sources(web, resumed.id) == {"outputs/model": ""}


async def test_how_many_statements_a_resume_takes_hardly_depends_on_how_many_metrics_there_are(web, monkeypatch):
    values = {f"m{n:04d}": [float(n)] for n in range(4 * ROWS)}
    first = await ended(web, metric(A, 1, values))
    monkeypatch.setattr(web.runtime, "database", counting := Counting(web.runtime.database))
    resumed = await web.admin.runs.resume(first.id)
    assert 0 < counting.statements < 200
    assert resumed.metrics == {name: value for name, (value,) in values.items()}


async def test_one_chart_however_often_resumed_and_from_which_step(web):
    first = await ended(web, metric(A, 1, {"loss": [0.0, 1.0, 2.0, 3.0, 4.0], "only": [1.0] * 5}))
    second = await web.admin.runs.resume(first.id, CloneRun(step=2))
    assert (second.metrics, second.fork_step) == ({"loss": 2.0, "only": 1.0}, 2)
    (ref,) = await web.arrange.assign()
    assert ref.run == second.id
    await web.arrange.report(ref, "running", started_at=1.0)
    second = await end(web, second, metric(B, 1, {"loss": [30.0, 40.0, 50.0], "new": [1.0] * 3}, first=3))
    third = await web.admin.runs.resume(second.id, CloneRun(step=4))
    await web.admin.runs.append(third.id, metric(C, 1, {"loss": [500.0, 600.0]}, first=5))
    found = await series(web, third.id, "loss")
    assert [(point[0], point[5]) for point in found.points] == [
        (0, 0.0), (1, 1.0), (2, 2.0), (3, 30.0), (4, 40.0), (5, 500.0), (6, 600.0),
    ]  # fmt: skip
    assert found.total == 7
    assert await steps(web, third.id, "only") == [0, 1, 2]
    assert await steps(web, third.id, "new") == [3, 4]
    assert await steps(web, third.id, "loss", first=1, last=5) == [1, 2, 3, 4, 5]
    assert await steps(web, third.id, "loss", first=6) == [6]
    names = {each.name for each in await web.admin.runs.series(third.id, [])}
    assert names == {"loss", "new", "only"}
    few = await series(web, third.id, "loss", points=3)
    assert len(few.points) <= 3
    assert (min(p[3] for p in few.points), max(p[4] for p in few.points)) == (0.0, 600.0)
    assert await steps(web, first.id, "loss") == [0, 1, 2, 3, 4]
    brief = {each.name: each for each in await web.admin.runs.metrics(third.id)}
    assert (brief["loss"].last, brief["loss"].min, brief["loss"].max, brief["loss"].count) == (600.0, 0.0, 600.0, 7)


async def test_steps_that_a_resumed_program_repeats_count_once(web):
    first = await ended(web, metric(A, 1, {"loss": [0.0, 1.0, 2.0, 3.0]}))
    resumed = await web.admin.runs.resume(first.id)
    await web.admin.runs.append(resumed.id, metric(B, 1, {"loss": [20.0, 30.0, 40.0]}, first=2))
    found = await series(web, resumed.id, "loss")
    assert [point[5] for point in found.points] == [0.0, 1.0, 20.0, 30.0, 40.0]
    assert await steps(web, resumed.id, "loss", first=3) == [3, 4]
    assert await steps(web, resumed.id, "loss", last=1) == [0, 1]
    (brief,) = await web.admin.runs.metrics(resumed.id)
    assert (brief.last, brief.step, brief.min, brief.max, brief.count) == (40.0, 4, 0.0, 40.0, 5)


async def test_the_program_of_a_resumed_run_is_told_what_it_continues(web):
    first = await ended(web, metric(A, 1, {"loss": [0.0, 1.0]}))
    resumed = await web.admin.runs.resume(first.id)
    refs = await web.arrange.assign()
    workload = await _workload(web, refs)
    assert workload.run == resumed.id
    assert (workload.env["TRAINYARD_RESUME_FROM"], workload.env["TRAINYARD_RESUME_STEP"]) == (first.id, "1")
    again = await web.admin.runs.restart(resumed.id)
    workload = await _workload(web, await web.arrange.assign())
    assert workload.run == again.id
    assert not [name for name in workload.env if "RESUME" in name]


async def _workload(web, refs):
    runtime, agent = web.runtime, web.arrange.agent
    service = SessionService(
        runtime.database,
        runtime.notifier,
        runtime.clock,
        runtime.policy,
        secret=b"s",
        url="http://x",
        grace=1.0,
        secrets=runtime.secrets,
        connection_kinds=dict,
    )
    row = await runtime.database.read(lambda tx: tx.one("SELECT epoch FROM agent WHERE name = ?", agent))
    (workload,) = await service.workloads(agent, row["epoch"], refs)
    return workload


async def test_a_copy_begins_with_the_artifacts_alone(web):
    first = await started(web)
    await web.admin.runs.upload(first.id, "data/a", b"1")
    first = await end(web, first, metric(A, 1, {"loss": [1.0]}), events(A, 2, {"type": "outputs", "values": {"o": 1}}))
    copy = await web.admin.runs.copy(first.id, CloneRun(name="again"))
    assert (copy.outputs, copy.metrics, copy.name, copy.clone_kind) == ({}, {}, "again", "copy")
    assert await web.admin.runs.read(copy.id, "data/a") == b"1"
    assert await web.admin.runs.series(copy.id, []) == []
    second = await web.admin.runs.get(copy.id)
    await web.admin.runs.stop(second.id)
    third = await web.admin.runs.copy(copy.id)
    assert await sources(web, third.id) == {"data/a": first.id}


async def test_what_an_ended_run_delivers_late_reaches_the_runs_that_were_made_from_it(web):
    first = await ended(web)
    resumed = await web.admin.runs.resume(first.id)
    await web.admin.runs.stop(resumed.id)
    copy, again = await web.admin.runs.copy(resumed.id), await web.admin.runs.restart(resumed.id)
    late = {"type": "artifact", "name": "model", "kind": "file", "size": 1, "digest": "sha256:0"}
    await web.admin.runs.append(first.id, events(A, 1, late))
    assert [await sources(web, run.id) for run in (resumed, copy, again)] == [
        {"model": first.id}, {"model": first.id}, {},
    ]  # fmt: skip


async def test_lineage_tells_where_a_run_comes_from_and_what_came_of_it(web):
    first = await ended(web)
    resumed = await web.admin.runs.resume(first.id)
    again = await web.admin.runs.restart(first.id, CloneRun(name="twin"))
    around = await web.admin.runs.lineage(first.id)
    assert {(each.id, each.how, each.name) for each in around.clones} == {
        (resumed.id, "resume", ""), (again.id, "restart", "twin"),
    }  # fmt: skip
    assert (around.original, around.cut) == (None, [])
    assert (await web.admin.runs.lineage(resumed.id)).original.id == first.id
    assert (await web.admin.runs.lineage(again.id)).original.status == "succeeded"


async def track(web, **more):
    return await web.admin.runs.create(CreateRun(managed=False, **more))


async def send(web, run, *frames):
    sent = await web.ask("POST", f"{BASE}/{run}/frames", content=b"".join(frames))
    assert sent.status_code == 200, sent.text


async def test_a_tracked_run_continues_another_one_as_resume_does(web):
    first = await track(web, name="n", tags=["t"])
    await send(web, first.id, metric(A, 1, {"loss": [0.0] * 60}), metric(A, 2, {"system/cpu": [50.0]}, first=900))
    again = await track(web, resumes=first.id)
    assert (again.cloned_from, again.clone_kind, again.fork_step) == (first.id, "resume", 59)
    await send(web, again.id, metric(B, 1, {"loss": [1.0] * 62}, first=38))
    assert await steps(web, again.id, "loss") == list(range(100))
    assert (await web.admin.runs.get(again.id)).tags == ["t"]


async def test_a_tracked_run_takes_name_and_params_of_the_one_it_continues(web):
    first = await track(web, name="n", params={"lr": 0.1, "layers": 2})
    again = await track(web, resumes=first.id, params={"lr": 0.2})
    assert (again.name, again.params) == ("n", {"lr": 0.2, "layers": 2})
    assert (await track(web, name="other", resumes=again.id)).name == "other"


async def test_the_last_lines_of_a_tracked_run_are_its_own(web):
    first = await track(web)
    end = {"type": "end", "status": "failed", "last_lines": ["epoch 1", "x" * 1000, 3, "ValueError: bad data"]}
    await send(web, first.id, events(A, 1, end, final=True))
    found = await web.admin.runs.get(first.id)
    assert found.last_lines == ["epoch 1", "x" * 500, "ValueError: bad data"]
    assert "last_lines" not in found.meta
    again = await track(web, resumes=first.id)
    assert (await web.admin.runs.get(again.id)).last_lines == []


async def test_a_run_that_resumes_one_that_is_not_there_waits_for_it(web):
    source = "01890000-0000-7000-8000-000000000001"
    with pytest.raises(Invalid, match="no run"):
        await track(web, resumes=source)
    await track(web, id=source)
    assert (await track(web, resumes=source)).cloned_from == source


async def test_a_run_that_resumes_a_deleted_one_says_so(web):
    first = await track(web)
    await send(web, first.id, events(A, 1, {"type": "end", "status": "succeeded"}, final=True))
    await web.admin.runs.delete(first.id)
    again = await track(web, resumes=first.id)
    assert again.cloned_from is None
    assert "has been deleted" in again.meta["not_recorded"]["resumes"]["why"]


async def test_a_managed_run_resumes_by_its_own_route(web):
    with pytest.raises(Invalid, match="managed: false"):
        await web.admin.runs.create(CreateRun(content=operation("true"), resumes="x"))
