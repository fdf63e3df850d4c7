"""Many metrics of one run, on both databases: streams of them read what has changed and read it once for all, and the
list of them comes in pages."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from itertools import chain

import pytest
from listener import listening
from web import BASE

from trainyard_core.api import streams
from trainyard_core.db import tracking
from trainyard_core.testing.frames import lines, metric

W = "1" * 32
NAMES = [f"m{n:04d}" for n in range(1200)]


@pytest.fixture
async def wide(web):
    """The id of a run with many metrics."""
    run = (await web.tracked()).id
    await web.admin.runs.append(run, metric(W, 1, {name: [1.0] for name in NAMES}))
    return run


@pytest.fixture
def asked(monkeypatch):
    """How many metrics each reading of changes gave."""
    found, read = [], tracking.changed_metrics

    async def counted(tx, run, **more):
        names, version = await read(tx, run, **more)
        found.append(len(names))
        return names, version

    monkeypatch.setattr(tracking, "changed_metrics", counted)
    monkeypatch.setattr(streams, "LOOK", 60.0)  # nothing is read but for news
    return found


async def given(listener, count):
    """The names of the next metrics, event by event, once there are so many."""
    found = []
    while sum(map(len, found)) < count:
        _, page, _ = await listener.next("metrics")
        found.append([each["name"] for each in page["items"]])
    return found


async def test_a_list_of_metrics_comes_in_pages(web, wide):
    first = (await web.ask("GET", f"{BASE}/{wide}/metrics?limit=100")).json()
    assert [each["name"] for each in first["items"]] == NAMES[:100]
    second = (await web.ask("GET", f"{BASE}/{wide}/metrics?limit=100&cursor={first['next']}")).json()
    assert [each["name"] for each in second["items"]] == NAMES[100:200]
    assert len((await web.ask("GET", f"{BASE}/{wide}/metrics")).json()["items"]) == 500
    assert [each.name for each in await web.admin.runs.metrics(wide)] == NAMES


async def test_a_page_of_metrics_has_a_limit_and_a_cursor_of_ours(web, wide):
    for query in ("limit=501", "limit=0", "cursor=garbage!"):
        assert (await web.ask("GET", f"{BASE}/{wide}/metrics?{query}")).status_code == 422


async def test_a_stream_gives_all_metrics_in_pages_and_then_those_that_change(web, wide):
    async with listening(web, f"{BASE}/{wide}/metrics") as stream:
        pages = await given(stream, len(NAMES))
        assert max(map(len, pages)) <= streams.PAGE
        assert sorted(name for page in pages for name in page) == NAMES
        await web.admin.runs.append(wide, metric(W, 2, {"m0007": [3.0], "new": [4.0]}))
        assert sorted(chain(*await given(stream, 2))) == ["m0007", "new"]
        await web.admin.runs.stop(wide)
        assert (await stream.next())[0] == "end"


@pytest.mark.parametrize("what", ["metrics", "events"])
async def test_streams_of_one_run_share_what_they_read(web, wide, asked, what):
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(listening(web, f"{BASE}/{wide}/{what}")) for _ in range(8)]
        for stream in opened:
            await given(stream, len(NAMES))
        asked.clear()
        await web.admin.runs.append(wide, metric(W, 2, {"m0007": [3.0]}))
        for stream in opened:
            assert await given(stream, 1) == [["m0007"]]
        assert sum(asked) < len(opened)


async def test_a_stream_of_a_run_that_only_prints_reads_no_metric_again(web, wide, asked):
    async with listening(web, f"{BASE}/{wide}/metrics") as stream:
        await given(stream, len(NAMES))
        asked.clear()
        await web.admin.runs.append(wide, lines(W, 2, "hello"))
        await web.admin.runs.append(wide, metric(W, 3, {"m0001": [5.0]}))
        assert await given(stream, 1) == [["m0001"]]
        assert sum(asked) == 1


async def test_metrics_of_several_writers_at_once_all_reach_the_stream(web, asked):
    run = (await web.tracked()).id
    async with listening(web, f"{BASE}/{run}/metrics") as stream:
        writers = [f"{n:032d}" for n in range(8)]
        sent = [web.admin.runs.append(run, metric(writer, 1, {f"of {writer}": [1.0]})) for writer in writers]
        await asyncio.gather(*sent)
        names = await given(stream, len(writers))
    assert sorted(chain(*names)) == [f"of {writer}" for writer in writers]
