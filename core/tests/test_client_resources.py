"""The resources of both clients against the real API: what each gives, from the first page to the last."""

from __future__ import annotations

import pytest
from threaded_client import both_clients

from trainyard.client.errors import NotFound
from trainyard.client.models import (
    BulkAction,
    EditQueue,
    EditRun,
    RunRecord,
    Transition,
)
from trainyard_core.testing.frames import events, lines, metric

pytestmark = both_clients
W = "1" * 32


async def test_a_tracked_run_from_its_first_point_to_its_end(web):
    runs = web.admin.runs
    run = await web.tracked()
    await runs.append(run.id, metric(W, 1, {"loss": [2.0, 1.0]}))
    await runs.append(run.id, events(W, 2, {"type": "end", "status": "failed", "message": "no"}))
    await runs.append(run.id, lines(W, 3, "a", "b", final=True))
    assert (await runs.wait("latest", timeout=5)).status == "failed"
    assert [line.text async for line in runs.lines(run.id)] == ["a", "b"]
    assert [line.text async for line in runs.follow(run.id)] == ["a", "b"]
    assert [metric.name for metric in await runs.metrics(run.id)] == ["loss"]
    assert [item.name async for page in runs.follow_metrics(run.id) for item in page] == ["loss"]
    assert [(series.name, series.total) for series in await runs.series(run.id, ["loss"], points=1)] == [("loss", 2)]
    assert [each.status async for each in runs.statuses(run.id)][-1] == "failed"
    assert "status" in [each.kind async for each in runs.activities(run.id)]
    assert (await runs.why(run.id)).summary
    *updates, end = [each async for each in web.admin.activities.follow_run(run.id)]
    assert isinstance(end, RunRecord) and any(isinstance(each, Transition) for each in updates)


async def test_runs_are_changed_alone_and_together(web):
    runs = web.admin.runs
    ids = [(await web.run()).id for _ in range(3)]
    assert [run.id async for run in runs.list(page_size=2)] == ids[::-1]
    assert [run.id async for run in runs.everywhere(page_size=2)] == ids[::-1]
    assert (await runs.edit(ids[0], EditRun(description="first"))).description == "first"
    assert (await runs.tag(ids[0], ["good"])).tags == ["good"]
    again = await runs.restart(ids[0], key="once")
    assert (await runs.restart(ids[0], key="once")).id == again.id
    assert [each.id for each in (await runs.lineage(ids[0])).clones] == [again.id]
    answer = await runs.act(BulkAction(action="stop", refs=ids))
    assert [each.ref for each in answer.items] == ids
    assert [(await runs.get(ref)).status for ref in ids] == ["stopped"] * 3
    assert (await runs.archive(ids[1])).archived_at is not None
    assert (await runs.restore(ids[1])).archived_at is None
    await runs.delete(ids[1])
    with pytest.raises(NotFound):
        await runs.get(ids[1])


async def test_artifacts_go_up_and_come_down_by_file_by_folder_and_by_tar(web, tmp_path):
    artifacts = web.admin.artifacts
    run = (await web.tracked()).id
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "a").write_bytes(b"a")
    (source / "deep" / "b").write_bytes(b"b" * 300_000)
    assert [each.name for each in await artifacts.put_folder(run, "up", source)] == ["up/a", "up/deep/b"]
    tar = await artifacts.tar(run, tmp_path / "all.tar", prefix="up/")
    assert [each.name for each in await artifacts.put_tar(run, tar, prefix="again/")] == [
        "again/up/a",
        "again/up/deep/b",
    ]
    back = await artifacts.get_folder(run, "again/up", tmp_path / "back")
    assert [path.read_bytes() for path in back] == [b"a", b"b" * 300_000]
    big = tmp_path / "big"
    big.write_bytes(bytes(range(256)) * 40_000)  # it goes up in parts
    await artifacts.put(run, "big", big)
    assert (await artifacts.get(run, "big", tmp_path / "copy")).read_bytes() == big.read_bytes()
    await artifacts.delete(run, "big")
    assert [each.name async for each in artifacts.list(run, prefix="up/")] == ["up/a", "up/deep/b"]


async def test_queues_and_agents(web):
    admin = web.admin
    assert (await admin.queues.set("gpu", concurrency=2)).concurrency == 2
    assert (await admin.queues.edit("gpu", EditQueue(paused=True))).paused
    assert "gpu" in [queue.name async for queue in admin.queues.list()]
    await admin.queues.delete("gpu")
    assert (await admin.agents.add("far", queues=["default"])).token
    assert (await admin.agents.drain("far")).draining
    assert not (await admin.agents.resume("far")).draining
    assert {agent.name async for agent in admin.agents.list(page_size=1)} == {"arranged", "far"}
    assert len((await admin.agents.page(limit=1)).items) == 1
    await admin.agents.remove("far")
    with pytest.raises(NotFound):
        await admin.agents.get("far")
