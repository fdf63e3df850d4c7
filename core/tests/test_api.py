"""The API on its good days, through the SDK's client in process, on both databases."""

from __future__ import annotations

import asyncio
import hashlib
import math

import msgspec
import pytest
from web import BASE

from trainyard.client import models
from trainyard.client.errors import Invalid, NotFound
from trainyard.client.models import CreateRun
from trainyard.client.sse import EventReader
from trainyard_core.lifecycle import Status
from trainyard_core.testing.factories import operation
from trainyard_core.testing.frames import events, lines, metric

W = "1" * 32


async def stream(web, path, **headers):
    """The events of a stream that has ended."""
    answer = await web.ask("GET", path, headers={"Accept": "text/event-stream", **headers})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return EventReader("").feed(answer.content)


async def test_a_run_is_created_read_listed_and_stopped(web):
    run = await web.run(name="digits", tags=["a"])
    assert (run.status, run.name, run.queue, run.kind) == ("queued", "digits", "default", "job")
    assert (await web.admin.runs.get(run.id)).resolved is not None
    assert (await web.admin.runs.get(run.short_id)).id == run.id
    statuses = [each.status async for each in web.admin.runs.statuses(run.id)]
    assert statuses == ["created", "compiled", "queued"]
    stopped = await web.admin.runs.stop(run.id, "enough")
    assert (stopped.status, stopped.reason, stopped.message) == ("stopped", "user", "enough")
    assert (await web.admin.runs.stop(run.id)).message == "enough"
    kinds = [each.kind async for each in web.admin.runs.activities(run.id)]
    assert kinds.count("stop_wanted") == 1


async def test_latest_is_the_newest_run_that_is_no_child(web):
    with pytest.raises(NotFound, match="no latest run"):
        await web.admin.runs.get("latest")
    sweep = await web.run(name="sweep")
    await web.arrange.run(Status.QUEUED, parent=sweep.id, key="1")
    await web.admin.projects.create("other")
    await web.admin.runs.create(CreateRun(managed=False), project="other")
    assert (await web.admin.runs.get("latest")).id == sweep.id
    assert (await web.admin.runs.stop("latest")).id == sweep.id


async def test_what_is_sent_again_is_not_sent_to_the_latest(web):
    await web.tracked()
    with pytest.raises(Invalid, match="by its id"):
        await web.admin.runs.append("latest", lines(W, 1, "a"))


async def test_lists_are_paged_newest_first_and_filtered(web):
    ids = [(await web.run(tags=[f"t{n % 2}", "100%"])).id for n in range(7)]
    assert [run.id async for run in web.admin.runs.list(page_size=3)] == ids[::-1]
    assert len((await web.admin.runs.page(q="tags:t1")).items) == 3
    assert len((await web.admin.runs.page(q=r'tags:"100\%"')).items) == 7
    assert (await web.admin.runs.page(q="tags:100_")).items == []
    await web.admin.runs.stop(ids[0])
    assert [run.id for run in (await web.admin.runs.page(q="status:stopped")).items] == [ids[0]]
    assert (await web.admin.runs.page(q="queue:other")).items == []
    page = await web.admin.runs.page(limit=7)
    assert page.next is None or (await web.admin.runs.page(limit=7, cursor=page.next)).items == []


async def test_the_same_key_gives_the_same_run_and_another_body_is_refused(web):
    body = CreateRun(content=operation())
    made = await asyncio.gather(*(web.admin.runs.create(body, key="k") for _ in range(20)))
    assert len({run.id for run in made}) == 1
    with pytest.raises(Invalid) as caught:
        await web.admin.runs.create(CreateRun(content=operation("exit 1")), key="k")
    assert caught.value.code == "idempotency_key_reused"


async def test_frames_become_metrics_series_logs_and_fields(web):
    run = await web.tracked()
    body = metric(W, 1, {"loss": [3.0, 1.0, float("nan")]}) + lines(W, 2, "one", "two")
    body += events(W, 3, {"type": "outputs", "values": {"best": 1.0}}, {"type": "tags", "tags": ["x"]})
    assert (await web.admin.runs.append(run.id, body)) == models.FrameAck(writer=W, durable=3)
    assert (await web.admin.runs.append(run.id, body)).durable == 3
    found = await web.admin.runs.get(run.id)
    assert (found.outputs, found.tags) == ({"best": 1.0}, ["x"])
    assert math.isnan(found.metrics["loss"])
    (loss,) = await web.admin.runs.metrics(run.id)
    assert (loss.min, loss.max, loss.count, loss.step) == (1.0, 3.0, 3, 2)
    (series,) = await web.admin.runs.series(run.id, ["loss"], points=0)
    assert series.total == 3
    assert [line.text async for line in web.admin.runs.lines(run.id)] == ["one", "two"]
    assert [line.text for line in (await web.admin.runs.logs(run.id, tail=True, limit=1)).items] == ["two"]


async def test_a_tracked_run_ends_when_it_says_so_and_its_frames_are_in(web):
    run = await web.tracked()
    await web.admin.runs.append(run.id, events(W, 1, {"type": "end", "status": "failed", "message": "no"}))
    waiting = await web.admin.runs.get(run.id)
    assert (waiting.status, waiting.reason) == ("running", "draining")
    await web.admin.runs.append(run.id, lines(W, 2, "bye", final=True))
    ended = await web.admin.runs.get(run.id)
    assert (ended.status, ended.message) == ("failed", "no")


async def test_a_stream_of_logs_goes_on_after_the_last_event_and_ends_with_the_run(web):
    run = await web.tracked()
    await web.admin.runs.append(run.id, lines(W, 1, *(f"{n}" for n in range(1200))))
    await web.admin.runs.stop(run.id)
    whole = await stream(web, f"{BASE}/{run.id}/logs")
    assert [event.name for event in whole] == ["lines", "lines", "lines", "end"]
    assert msgspec.json.decode(whole[-1].data, type=models.RunRecord).status == "stopped"
    first = msgspec.json.decode(whole[0].data, type=models.LogPage)
    again = await stream(web, f"{BASE}/{run.id}/logs", **{"Last-Event-ID": whole[0].id})
    rest = [line.text for event in again[:-1] for line in msgspec.json.decode(event.data, type=models.LogPage).items]
    assert [line.text for line in first.items] + rest == [f"{n}" for n in range(1200)]
    assert [line.text async for line in web.admin.runs.follow(run.id)] == [f"{n}" for n in range(1200)]


async def test_a_stream_follows_what_comes_while_it_is_open(web):
    run = await web.tracked()
    await web.admin.runs.append(run.id, metric(W, 1, {"loss": [2.0]}))
    both = [
        asyncio.create_task(stream(web, f"{BASE}/{run.id}/logs")),
        asyncio.create_task(stream(web, f"{BASE}/{run.id}/metrics")),
    ]
    for seq in range(2, 6):
        await web.admin.runs.append(run.id, lines(W, seq, str(seq)))
    await web.admin.runs.append(run.id, metric(W, 6, {"acc": [1.0]}))
    await web.admin.runs.stop(run.id)
    async with asyncio.timeout(30):
        logs, metrics = await asyncio.gather(*both)
    texts = [line.text for e in logs[:-1] for line in msgspec.json.decode(e.data, type=models.LogPage).items]
    assert texts == ["2", "3", "4", "5"]
    names = [m.name for e in metrics[:-1] for m in msgspec.json.decode(e.data, type=models.MetricPage).items]
    assert sorted(names) == ["acc", "loss"]
    assert [events[-1].name for events in (logs, metrics)] == ["end", "end"]


async def test_streams_end_when_the_server_does(web):
    run = await web.tracked()
    waiting = [asyncio.create_task(stream(web, f"{BASE}/{run.id}/{what}")) for what in ("logs", "metrics")]
    await asyncio.sleep(0)
    web.runtime.event_feed.close()
    async with asyncio.timeout(10):
        assert [[e for e in events if e.name == "end"] for events in await asyncio.gather(*waiting)] == [[], []]


async def test_a_cursor_that_is_not_ours_is_refused_before_the_stream_begins(web):
    run = await web.tracked()
    for headers in ({}, {"Accept": "text/event-stream"}):
        answer = await web.ask("GET", f"{BASE}/{run.id}/logs?cursor=garbage!", headers=headers)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"


async def test_artifacts_come_back_whole_and_in_parts(web, tmp_path):
    run = await web.tracked()
    data = bytes(range(256)) * 100
    info = await web.admin.runs.upload(run.id, "models/a b.bin", data, kind="model")
    assert (info.size, info.digest) == (len(data), "sha256:" + hashlib.sha256(data).hexdigest())
    assert await web.admin.runs.read(run.id, "models/a b.bin") == data
    target = await web.admin.runs.download(run.id, "models/a b.bin", tmp_path / "out")
    assert target.read_bytes() == data
    assert [a.name for a in await web.admin.runs.artifacts(run.id)] == ["models/a b.bin"]
    with pytest.raises(NotFound):
        await web.admin.runs.read(run.id, "models/other")


RANGES = [
    ("bytes=0-9", 206, slice(0, 10), "bytes 0-9/100"),
    ("bytes=90-", 206, slice(90, 100), "bytes 90-99/100"),
    ("bytes=-5", 206, slice(95, 100), "bytes 95-99/100"),
    ("bytes=-500", 206, slice(0, 100), "bytes 0-99/100"),
    ("bytes=50-500", 206, slice(50, 100), "bytes 50-99/100"),
    ("bytes=100-", 416, None, None),
    ("bytes=9-3", 416, None, None),
    ("bytes=-0", 416, None, None),
    ("bytes=0-1,5-6", 416, None, None),
    ("lines=0-1", 416, None, None),
    ("bytes", 416, None, None),
]


@pytest.mark.parametrize(("header", "status", "part", "content_range"), RANGES)
async def test_ranges(web, header, status, part, content_range):
    run = await web.tracked()
    data = bytes(range(100))
    await web.admin.runs.upload(run.id, "x", data)
    answer = await web.ask("GET", f"{BASE}/{run.id}/artifacts/x", headers={"Range": header})
    assert answer.status_code == status
    if part is not None:
        assert answer.content == data[part]
        assert answer.headers["content-range"] == content_range
        assert int(answer.headers["content-length"]) == len(answer.content)


async def test_bytes_without_their_digest_are_not_kept(web):
    run = await web.tracked()
    headers = {"Digest": "sha256:" + "0" * 64}
    answer = await web.ask("PUT", f"{BASE}/{run.id}/artifacts/x", content=b"data", headers=headers)
    assert answer.status_code == 422
    assert await web.admin.runs.artifacts(run.id) == []


async def test_the_catalog(web):
    await web.admin.projects.create("p", "mine")
    assert [p.name async for p in web.admin.projects.list()] == ["default", "p"]
    set_ = await web.admin.queues.set("gpu", concurrency=2, paused=True)
    assert (set_.concurrency, set_.paused, set_.waiting) == (2, True, 0)
    run = await web.run(queue="gpu")
    assert [b.code for b in (await web.admin.runs.why(run.id)).blockers][-1] == "paused"
    assert {q.name: q.waiting async for q in web.admin.queues.list()} == {"default": 0, "gpu": 1}
    (agent,) = [each async for each in web.admin.agents.list()]
    assert (agent.name, agent.alive) == ("arranged", True)
    assert [p.name for p in await web.admin.plugins()] == ["tracker_folder"]
    assert (await web.admin.version()).missing == ["scheduler"]
    assert (await web.bare.get("/api/v1/health")).json() == {"status": "ok"}


@pytest.mark.parametrize("status", Status)
async def test_a_run_of_every_status_can_be_read_and_explained(web, status):
    run = await web.arrange.run(status)
    found = await web.admin.runs.get(run)
    why = await web.admin.runs.why(run)
    assert found.status == why.status == status
    assert why.summary
