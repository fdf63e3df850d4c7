"""The asynchronous client: the same requests over another transport, so these tests are about what is its own."""

from __future__ import annotations

import inspect
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from trainyard.client import AsyncClient, Backoff, Client, errors
from trainyard.client.models import CreateRun

RUN = "01890000-0000-7000-8000-00000000abcd"


async def test_every_verb_of_the_one_is_a_verb_of_the_other(client, async_client):
    for ours, theirs in [(client, async_client), *((getattr(client, n), getattr(async_client, n)) for n in NOUNS)]:
        assert _verbs(ours) - {"close"} == _verbs(theirs) - {"aclose"}


async def test_create_is_tried_again_with_the_same_key(async_client, platform):
    platform.faults = [503, "drop"]
    run = await async_client.runs.create(CreateRun(content="a"))
    assert run.status == "created"
    assert len({seen.headers["idempotency-key"] for seen in platform.seen}) == 1
    assert len(platform.runs) == 1


async def test_errors_are_the_same(async_client):
    with pytest.raises(errors.NotFound, match="yard ls"):
        await async_client.runs.get("nope")


async def test_pages_and_activities(async_client, platform):
    for number in range(5):
        platform.add_run(f"{RUN[:-4]}{number:04d}")
    assert [run.id[-1] async for run in async_client.runs.list(page_size=2)] == list("43210")
    assert [activity.id async for activity in async_client.runs.activities("0001")] == [1, 2, 3, 4, 5]


async def test_the_verbs_of_one_run(async_client, platform):
    platform.add_run(RUN, status="running")
    platform.metrics[RUN] = [{"name": "loss", "last": 1, "step": 3, "low": 0.1, "high": 2.0, "count": 4}]
    platform.series[RUN] = [{"name": "loss", "total": 0, "points": []}]
    runs = async_client.runs
    assert (await runs.stop(RUN, "enough")).intent == "stop"
    assert [each.status async for each in runs.statuses(RUN)] == ["running"]
    assert (await runs.why(RUN)).summary == "it ended"
    assert (await runs.metrics(RUN))[0].name == "loss"
    assert (await runs.series(RUN, ["loss"]))[0].total == 0
    assert (await runs.append(RUN, b"abc")).durable == 3
    assert [item.name async for page in runs.follow_metrics(RUN) for item in page] == ["loss"]


async def test_the_nouns_of_the_server(async_client):
    assert (await async_client.version()).api == "v1"
    assert [agent.name async for agent in async_client.agents.list()] == ["local"]
    assert (await async_client.plugins())[0].name == "scheduler-process"
    assert (await async_client.queues.set("gpu", paused=True)).paused
    assert [queue.name async for queue in async_client.queues.list()] == ["gpu"]
    assert (await async_client.projects.create("vision")).name == "vision"
    assert [project.name async for project in async_client.projects.list()] == ["default", "vision"]


async def test_follow_gives_every_line_once_over_cuts(async_client, platform):
    platform.add_run(RUN)
    platform.lines[RUN] = [f"line {n}" for n in range(20)]
    platform.cuts = [5, 0, 1, 0, 7]
    assert [line.text async for line in async_client.runs.follow(RUN)] == platform.lines[RUN]
    assert [line.text async for line in async_client.runs.lines(RUN)] == platform.lines[RUN]


async def test_a_follower_that_leaves_early_closes_its_connection(async_client, platform):
    platform.add_run(RUN)
    platform.lines[RUN] = ["a", "b", "c"]
    async with aclosing(async_client.runs.follow(RUN)) as lines:
        assert (await anext(lines)).text == "a"


async def test_artifacts_go_up_and_come_down_whole(async_client, platform, tmp_path: Path):
    platform.add_run(RUN)
    source = tmp_path / "a.bin"
    source.write_bytes(b"x" * 600_000)
    platform.faults = ["drop", 503]
    stored = await async_client.runs.upload(RUN, "a.bin", source)
    platform.faults = [503]
    target = await async_client.runs.download(RUN, "a.bin", tmp_path / "b.bin")
    assert target.read_bytes() == source.read_bytes()
    assert [item.digest for item in await async_client.runs.artifacts(RUN)] == [stored.digest]
    assert len(await async_client.runs.read(RUN, "a.bin")) == stored.size


async def test_wait_and_its_end(async_client, platform):
    platform.add_run(RUN, status="running")
    with pytest.raises(errors.StillRunning):
        await async_client.runs.wait(RUN, timeout=0.01)
    platform.runs[RUN]["status"] = "succeeded"
    assert (await async_client.runs.wait(RUN)).is_final


async def test_an_application_in_this_process_is_reached_without_an_address():
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"version":"9","later":1}'})

    transport = httpx.ASGITransport(application)
    async with AsyncClient(transport=transport, token="t", backoff=Backoff(tries=1)) as client:
        assert (await client.version()).version == "9"


NOUNS = ("runs", "projects", "queues", "sweeps")


def _verbs(thing: Client | AsyncClient | object) -> set[str]:
    return {name for name, _ in inspect.getmembers(thing, inspect.ismethod) if not name.startswith("_")}
