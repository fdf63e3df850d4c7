"""What happens, as pages and as a stream: each activity once and in order, to whoever may see it and no longer than
they may; and nothing is left of a stream that is over."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import msgspec
import pytest
from listener import Listener, listening
from web import serving, token_of

from trainyard.client import models
from trainyard_core import instruments
from trainyard_core.api import event_stream, streams
from trainyard_core.db import activities, projects
from trainyard_core.db.activities import NewActivity
from trainyard_core.testing.frames import lines
from trainyard_core.work import event_feed
from trainyard_core.work import subscription as listening_of

FEED = "projects/default/activities"


async def happen(web, *kinds, project="default", run="r"):
    """Activities, each in a transaction of its own."""
    for kind in kinds:
        new = NewActivity(project=project, run=run, kind=kind, actor="t", at=1, data={})
        await web.runtime.database.write(lambda tx, new=new: activities.append(tx, new))


async def kinds(listener, count):
    """The kinds of the next activities."""
    return [(await listener.next("activity"))[1]["kind"] for _ in range(count)]


async def pages(web, path, **more):
    """All items of a list, page by page."""
    found, cursor = [], ""
    while cursor is not None:
        answer = await web.ask("GET", f"{path}?limit=2&cursor={cursor}", **more)
        assert answer.status_code == 200, answer.text
        page = msgspec.json.decode(answer.content, type=models.ActivityPage)
        found, cursor = [*found, *page.items], page.next
    return found


async def nobody_is_left(web):
    """Every subscriber has gone."""
    async with asyncio.timeout(10):
        while web.runtime.event_feed.subscribers:
            await asyncio.sleep(0)


async def another_project(web, name="other"):
    at = web.arrange.clock.now()
    await web.runtime.database.write(lambda tx: projects.ensure(tx, name, at=at))
    return name


async def member(web, *of, name="mia"):
    """A token of somebody who is only in these projects."""
    token = await token_of(web.runtime, name, role="none", at=web.arrange.clock.now())
    for project in of:
        answer = await web.ask("PUT", f"projects/{project}/members/{name}", json={"role": "viewer"})
        assert answer.status_code == 200, answer.text
    return token


async def test_pages_tell_everything_once_newest_first(web):
    await another_project(web)
    await happen(web, "a", "b", "c", "d", "e")
    await happen(web, "x", project="other")
    assert [each.kind for each in await pages(web, FEED)] == ["e", "d", "c", "b", "a"]
    assert [each.kind for each in await pages(web, "activities")][:2] == ["x", "e"]
    one = await web.ask("GET", f"{FEED}?kind=c")
    assert [each["kind"] for each in one.json()["items"]] == ["c"]


async def test_the_client_reads_pages_and_follows_a_run_to_its_end(web):
    await another_project(web)
    await happen(web, "a", "b")
    await happen(web, "x", project="other")
    client = web.admin.activities
    assert [each.kind async for each in client.list(kind="b")] == ["b"]
    assert [each.kind for each in (await client.page(limit=1, project="*")).items] == ["x"]
    assert [each.kind async for each in client.list(project="other")] == ["x"]
    run = await web.run()
    await web.admin.runs.stop(run.id)
    *news, end = [each async for each in client.follow_run(run.id)]
    assert [each.status for each in news] == ["created", "compiled", "queued", "stopped"]
    assert (end.id, end.status) == (run.id, "stopped")


@pytest.mark.parametrize("path", ["activities?cursor=xx", f"{FEED}?cursor=IjEi", f"{FEED}?limit=0"])
async def test_a_wrong_cursor_or_limit_is_refused(web, path):
    assert (await web.ask("GET", path)).status_code == 422


@pytest.mark.parametrize("mark", ["x", "-1", "1.5", "9" * 30, "0" * 5000, "٣"])
async def test_a_wrong_place_is_refused_before_the_stream_begins(web, mark):
    headers = {"Accept": "text/event-stream", "Last-Event-ID": mark.encode()}
    answer = await web.ask("GET", FEED, headers=headers)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_stream_tells_what_happens_from_now_on_in_order(web):
    await happen(web, "before")
    async with listening(web, FEED) as listener:
        await happen(web, *"abcdefgh")
        assert await kinds(listener, 8) == [*"abcdefgh"]
    await nobody_is_left(web)


async def test_a_stream_tells_a_life_of_a_run(web):
    async with listening(web, "activities") as listener:
        run = await web.run()
        await web.admin.runs.stop(run.id)
        seen = [(await listener.next("activity"))[1] for _ in range(5)]
    assert [(one["run"], one["data"].get("status")) for one in seen] == [
        (run.id, status) for status in ("created", "compiled", "queued", None, "stopped")
    ]


async def test_who_comes_again_misses_and_repeats_nothing(web):
    async with listening(web, FEED) as listener:
        await happen(web, "a", "b", "c")
        await kinds(listener, 1)
        _, _, mark = await listener.next("activity")
    await happen(web, *(str(n) for n in range(event_feed.PAGE + 20)))
    async with listening(web, FEED, **{"Last-Event-ID": mark}) as listener:
        waiting = asyncio.create_task(kinds(listener, 1 + event_feed.PAGE + 20 + 3))
        await happen(web, "x", "y", "z")
        assert await waiting == ["c", *(str(n) for n in range(event_feed.PAGE + 20)), "x", "y", "z"]


async def test_a_stream_that_had_no_activity_yet_knows_where_to_go_on(web):
    await happen(web, "before")
    async with listening(web, FEED) as listener:
        mark = listener._reader.last_id
    await happen(web, "meanwhile")
    async with listening(web, FEED, **{"Last-Event-ID": mark}) as listener:
        assert await kinds(listener, 1) == ["meanwhile"]


async def test_a_place_beyond_the_end_of_the_log_is_its_end(web):
    async with listening(web, FEED, **{"Last-Event-ID": str(2**62)}) as listener:
        await happen(web, "new")
        assert await kinds(listener, 1) == ["new"]


async def test_many_writers_and_many_readers(web):
    """Readers that come, go and come again see exactly what was committed, in order."""
    async with listening(web, FEED) as first:
        mark = first._reader.last_id
        writing = asyncio.gather(*(happen(web, *(f"{lane}.{n}" for n in range(20))) for lane in range(8)))
        half = await kinds(first, 80)
        async with listening(web, FEED, **{"Last-Event-ID": mark}) as second:
            await writing
            assert half + await kinds(first, 80) == (whole := await kinds(second, 160))
    assert len(set(whole)) == 160
    for lane in range(8):
        assert [kind for kind in whole if kind.startswith(f"{lane}.")] == [f"{lane}.{n}" for n in range(20)]


async def test_a_stream_shows_nothing_of_other_projects(web):
    await another_project(web)
    token = await member(web, "default")
    foreign = await web.ask("GET", "projects/other/activities", token=token)
    assert foreign.status_code == 404
    assert (await web.ask("GET", "projects/none/activities", token=token)).status_code == 404
    async with listening(web, "activities", token=token) as mine, listening(web, "activities") as all_:
        await happen(web, "secret", project="other")
        await happen(web, "mine")
        await happen(web, "nobody's", project="", run=None)
        await happen(web, "last")
        assert await kinds(mine, 2) == ["mine", "last"]
        assert await kinds(all_, 4) == ["secret", "mine", "nobody's", "last"]
        mark = all_._reader.last_id
    assert int(mark) > 3
    async with listening(web, "activities", token=token, **{"Last-Event-ID": "0"}) as again:
        assert [kind for kind in await kinds(again, 3) if kind != "member_put"] == ["mine", "last"]
    assert {each.project for each in await pages(web, "activities", token=token)} == {"default"}


async def test_a_run_sees_the_activities_of_its_project_alone(web):
    run, other = await web.tracked(), await another_project(web)
    token = web.of_run(run.id)
    assert (await web.ask("GET", "activities", token=token)).status_code == 403
    assert (await web.ask("GET", FEED, token=token)).status_code == 200
    assert (await web.ask("GET", f"projects/{other}/activities", token=token)).status_code == 403


STREAMS = ["activities", FEED, "projects/default/runs/{run}/events", "projects/default/runs/{run}/logs"]


@pytest.mark.parametrize("path", STREAMS)
async def test_a_stream_ends_at_once_when_its_token_is_revoked(web, path):
    run = (await web.tracked()).id
    token = await member(web, "default")
    made = (await web.ask("GET", "tokens?principal=mia")).json()["items"][0]["id"]
    async with listening(web, path.format(run=run), token=token) as listener, listening(web, FEED) as other:
        assert (await web.ask("DELETE", f"tokens/{made}")).status_code == 204
        async with asyncio.timeout(5):
            assert (await listener.rest())[-1] == "denied"
        await happen(web, "on")
        assert (await kinds(other, 1)) == ["on"]
    await nobody_is_left(web)


async def test_who_leaves_a_project_sees_no_more_of_it(web):
    await another_project(web)
    token = await member(web, "default", "other")
    async with (
        listening(web, "projects/other/activities", token=token) as project,
        listening(web, "activities", token=token) as everywhere,
    ):
        assert (await web.ask("DELETE", "projects/other/members/mia")).status_code == 204
        assert (await project.rest())[-1] == "denied"
        async with asyncio.timeout(10):
            while "other" in next(iter(web.runtime.event_feed._subscriptions)).projects:
                await asyncio.sleep(0)
        await happen(web, "hidden", project="other")
        await happen(web, "shown")
        seen = await kinds(everywhere, 2)
    assert "hidden" not in seen


async def test_a_client_that_does_not_read_is_cut_and_goes_on_from_there(web):
    most, cut = listening_of.MOST, instruments.OVERFLOWS.values[()]
    async with listening(web, FEED) as listener:
        await happen(web, "first")
        assert await kinds(listener, 1) == ["first"]
        listener.reads.clear()
        written = [str(n) for n in range(2 * most + 300)]  # one lot may be on its way, one may wait
        news = [NewActivity(project="default", run="r", kind=kind, actor="t", at=1, data={}) for kind in written]
        for start in range(0, len(news), 100):
            part = news[start : start + 100]
            await web.runtime.database.write(lambda tx, part=part: activities.append(tx, *part))
        async with asyncio.timeout(20):
            while instruments.OVERFLOWS.values[()] == cut:
                await asyncio.sleep(0)
        listener.reads.set()
        seen = []
        while (event := await listener.next())[0] == "activity":
            seen.append(event)
        assert event[0] == "overflow"
        mark = event[2]
        assert str(event[1]["last"]) == mark == seen[-1][2]
    async with listening(web, FEED, **{"Last-Event-ID": mark}) as again:
        assert [each[1]["kind"] for each in seen] + await kinds(again, len(written) - len(seen)) == written
    await nobody_is_left(web)


async def test_a_client_that_never_reads_again_does_not_stay(web, monkeypatch):
    monkeypatch.setattr(event_stream, "PATIENCE", 0.2)
    for why in ("denied", "overflow"):
        listener = await Listener(web.app, f"/api/v1/{FEED}", web.token).open()
        listener.reads.clear()
        await happen(web, "unread")
        (mine,) = web.runtime.event_feed._subscriptions
        mine.end(why)
        async with asyncio.timeout(10):
            await listener.task
        await nobody_is_left(web)


@pytest.mark.parametrize("path", STREAMS)
async def test_a_client_that_leaves_leaves_nothing(web, path):
    run = (await web.tracked()).id
    for _ in range(20):
        async with listening(web, path.format(run=run)):
            assert web.runtime.event_feed.subscribers == 1
        await nobody_is_left(web)
    await happen(web, "later")


async def test_clients_that_leave_before_they_are_answered_leave_nothing(web):
    path = f"/api/v1/{FEED}"
    for turns in range(12):
        listener = Listener(web.app, path, web.token)
        for _ in range(turns):
            await asyncio.sleep(0)
        listener.leave()
        async with asyncio.timeout(20):
            await listener.task
    await nobody_is_left(web)


async def test_cancelled_requests_leave_nothing(web):
    """As a server does that has no patience left."""
    for turns in range(12):
        listener = Listener(web.app, f"/api/v1/{FEED}", web.token)
        for _ in range(turns * 2):
            await asyncio.sleep(0)
        listener.task.cancel()
        await asyncio.wait([listener.task])
    await nobody_is_left(web)


@pytest.mark.parametrize("path", STREAMS)
async def test_a_stream_that_begins_while_the_server_goes_down_ends_at_once(web, path):
    run = (await web.tracked()).id
    web.runtime.event_feed.close()
    async with asyncio.timeout(4):
        late = await web.ask("GET", path.format(run=run), headers={"Accept": "text/event-stream"})
    assert b"event: bye" in late.content
    assert web.runtime.event_feed.subscribers == 0


@pytest.mark.parametrize("path", STREAMS)
async def test_every_stream_ends_at_once_and_with_a_word_when_the_server_does(web, path):
    run = (await web.tracked()).id
    async with listening(web, path.format(run=run)) as listener:
        web.runtime.event_feed.close()
        async with asyncio.timeout(5):
            assert (await listener.rest())[-1] == "bye"
        assert b"retry: 1000" in listener.raw


async def test_a_quiet_stream_is_pinged_with_its_place(web):
    web.runtime.event_feed._ping_every = 0.05
    await another_project(web)
    async with listening(web, FEED) as listener:
        await happen(web, "x", project="other")
        async with asyncio.timeout(10):
            while listener.raw.count(b": ping") < 4:
                await asyncio.sleep(0.01)
        last = await web.runtime.database.read(activities.newest)
        assert listener._reader.last_id == str(last), "what it may not see is behind it too"


async def test_the_streams_of_a_run_wait_for_news_and_not_for_time(web, monkeypatch):
    monkeypatch.setattr(streams, "LOOK", 3600.0)
    monkeypatch.setattr(event_feed, "POLL", 3600.0)
    run = await web.run()
    async with listening(web, f"projects/default/runs/{run.id}/events") as listener:
        assert [(await listener.next("status"))[1]["status"] for _ in range(3)] == ["created", "compiled", "queued"]
        await web.arrange.assign()
        assert (await listener.next("status"))[1]["status"] == "scheduled"
        await web.admin.runs.stop(run.id)
        assert (await listener.next("status"))[1]["status"] == "stopping"


async def test_a_status_that_comes_while_the_log_is_being_found_is_told_at_once(web, monkeypatch):
    monkeypatch.setattr(streams, "LOOK", 3600.0)
    monkeypatch.setattr(event_feed, "POLL", 3600.0)
    found, settle = asyncio.Event(), activities.Tail.settle

    async def late(tail):
        await found.wait()
        return await settle(tail)

    monkeypatch.setattr(activities.Tail, "settle", late)
    run = await web.run()
    async with listening(web, f"projects/default/runs/{run.id}/events") as listener:
        assert [(await listener.next("status"))[1]["status"] for _ in range(3)] == ["created", "compiled", "queued"]
        await web.arrange.assign()
        found.set()
        assert (await listener.next("status"))[1]["status"] == "scheduled"


@pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")  # arq's own, at its end
async def test_news_reach_the_streams_of_another_process(postgres_url, tmp_path, valkey_url, monkeypatch):
    """Two platforms around one database and one Valkey: what the one writes, the other's streams tell, without a look
    of their own."""
    monkeypatch.setattr(streams, "LOOK", 3600.0)
    monkeypatch.setattr(event_feed, "POLL", 3600.0)
    async with (
        serving(postgres_url, tmp_path / "a", valkey=valkey_url) as one,
        serving(postgres_url, tmp_path / "a", valkey=valkey_url) as other,
    ):
        ringing = [asyncio.create_task(web.runtime.notifier.serve()) for web in (one, other)]
        run = await one.tracked()
        async with (
            listening(other, FEED) as feed,
            listening(other, f"projects/default/runs/{run.id}/logs") as logs,
        ):
            async with asyncio.timeout(10):
                while not await _hears(one, other):
                    await asyncio.sleep(0.01)
            await happen(one, "there")
            while (await feed.next("activity"))[1]["kind"] != "there":
                continue
            await one.admin.runs.append(run.id, lines("2" * 32, 1, "hello"))
            assert (await logs.next("lines"))[1]["items"][0]["text"] == "hello"
        for task in ringing:
            task.cancel()
        await asyncio.gather(*ringing, return_exceptions=True)


async def _hears(one, other):
    """Whether the messages of the one reach the other."""
    heard = asyncio.Event()
    with other.runtime.event_feed.subscribe_run("probe") as listener:
        listener.wake = heard.set
        one.runtime.event_feed.forward("probe")
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await heard.wait()
    return heard.is_set()
