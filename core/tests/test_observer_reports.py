"""Observers as they are seen: the routes, the check of `yard doctor`, the numbers for Prometheus."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest
from observer_harness import PLUGIN, append, registry_of
from web import serving

from trainyard.client.errors import Conflict, NotFound
from trainyard_core import diagnosis
from trainyard_core.contracts.observer import Event, Observer
from trainyard_core.db import observers
from trainyard_core.db.observers import Checkpoint, DeferredEvent, Holding
from trainyard_core.hookspecs import hookimpl
from trainyard_core.registry import Registry
from trainyard_core.work import activity_retention


async def nothing(platform, event):
    """Handles everything."""


@pytest.fixture
async def web(database_url, tmp_path):
    """A server with an observer that is at the end of the log, and no worker."""
    registry = registry_of(Observer(name="books", handle=nothing))
    async with serving(database_url, tmp_path, registry=registry) as served:
        await place(served, PLUGIN, "books", await end_of(served))
        yield served


async def end_of(web):
    return (await web.runtime.database.read(lambda tx: tx.one("SELECT COALESCE(MAX(id), 0) AS id FROM activity")))["id"]


async def place(web, plugin, name, cursor):
    await web.runtime.database.write(lambda tx: observers.ensure(tx, plugin, name, cursor=cursor, at=0))


async def fail(web, *numbers, dead):
    """Events of the observer that failed, of a subject each."""
    events = [Event(id=n, project="p", run="", kind="noted", actor="a", at=0, data={"n": n}) for n in numbers]
    deferred = [
        DeferredEvent(
            activity=each.id,
            subject=f"s{each.id}",
            event=msgspec.json.encode(each).decode(),
            attempts=3,
            delay=0,
            error="ValueError: no",
            dead=dead,
        )
        for each in events
    ]
    reached = Checkpoint(cursor=await end_of(web), deferred=deferred, finished=[])
    assert await web.runtime.database.write(
        lambda tx: observers.checkpoint(tx, Holding(PLUGIN, "books", 0), reached, now=0)
    )


async def seen(web):
    checks = await diagnosis.diagnose(web.runtime)
    return next(each for each in checks if each.name == "observers")


async def test_an_observer_at_the_end_of_the_log_is_well(web):
    (found,) = await web.admin.observers.list()
    assert (found.installed, found.lag, found.lag_seconds, found.dead, found.blocked) == (True, 0, 0.0, 0, 0)
    assert (await seen(web)).state == "ok"


async def test_an_observer_that_lags_is_told(web):
    await append(web.runtime, 1, 2)
    web.arrange.clock.turn(50)
    assert (await seen(web)).state == "ok"
    web.arrange.clock.turn(50)
    check = await seen(web)
    assert (check.state, f"{PLUGIN} books: it is 100 s behind" in check.detail) == ("warning", True)
    text = (await web.ask("GET", "prometheus")).text
    assert f'trainyard_observer_lag_activities{{observer="{PLUGIN}:books"}} 2.0' in text
    assert f'trainyard_observer_lag_seconds{{observer="{PLUGIN}:books"}} 100.0' in text


async def test_what_an_observer_failed_at_is_shown_and_dead_letters_are_retried(web):
    await fail(web, 3, dead=True)
    await fail(web, 1, 2, dead=False)
    check = await seen(web)
    assert "subjects that wait for an event that fails: 2" in check.detail
    assert "dead letters: 1" in check.detail
    text = (await web.ask("GET", "prometheus")).text
    assert f'trainyard_observer_dead_letters{{observer="{PLUGIN}:books"}} 1.0' in text
    assert f'trainyard_observer_waiting_events{{observer="{PLUGIN}:books"}} 2.0' in text
    found = await web.admin.observers.get(PLUGIN, "books")
    assert [(each.activity, each.dead, each.kind, each.error) for each in found.failures] == [
        (1, False, "noted", "ValueError: no"),
        (2, False, "noted", "ValueError: no"),
        (3, True, "noted", "ValueError: no"),
    ]
    found = await web.admin.observers.retry(PLUGIN, "books")
    assert (found.dead, found.waiting) == (0, 3)
    (told, *_) = (await web.ask("GET", "activities")).json()["items"]
    assert (told["kind"], told["data"]) == ("observer_retried", {"plugin": PLUGIN, "observer": "books", "events": 1})


async def test_an_observer_is_forgotten_once_its_plugin_is_gone(web):
    await place(web, "old", "books", 0)
    await web.admin.observers.delete("old", "books")
    with pytest.raises(NotFound, match="yard observers ls"):
        await web.admin.observers.get("old", "books")
    with pytest.raises(Conflict, match="uninstall"):
        await web.admin.observers.delete(PLUGIN, "books")


async def test_an_observer_whose_plugin_is_gone_is_told_while_it_is_behind(web, monkeypatch):
    await place(web, "old", "books", await end_of(web))
    assert (await seen(web)).state == "ok"
    await append(web.runtime, 1)
    check = await seen(web)
    assert (check.state, "old books: its plugin is gone" in check.detail, "rm" in check.fix) == ("warning", True, True)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"start": "now"}, "`start` is 'now'; write 'end' or 'beginning'"),
        ({"parallel": 0}, "`parallel` is 0; the least is 1"),
        ({"attempts": -1}, "`attempts` is -1; the least is 0"),
        ({"timeout": 0}, "`timeout` is 0 s"),
        ({"kinds": "noted"}, "`kinds` is one text"),
        ({"name": "A/b"}, "`name` has"),
    ],
)
def test_an_observer_with_a_mistake_leaves_its_plugin_out_with_the_reason(wrong, said):
    @hookimpl
    def register_observers():
        return [Observer(**{"name": "books", "handle": nothing, **wrong})]

    registry = Registry()
    registry.add("mistaken", SimpleNamespace(register_observers=register_observers))
    assert said in registry.plugins["mistaken"].error


async def test_activities_are_kept_for_ever_unless_a_setting_says_otherwise(web):
    await append(web.runtime, 1)
    web.arrange.clock.turn(1e9)
    assert await tidied(web, days=0) == 0


async def tidied(web, days):
    return await activity_retention.tidy_activities(web.runtime.database, web.arrange.clock, days=days)


async def kept(web, kind="noted"):
    rows = await web.runtime.database.read(
        lambda tx: tx.all("SELECT data FROM activity WHERE kind = ? ORDER BY id", kind)
    )
    return [row["data"] for row in rows]


async def test_old_activities_are_deleted_that_every_observer_has_passed(web, monkeypatch):
    monkeypatch.setattr(activity_retention, "PAGE", 2)
    live, ended = await web.tracked(), await web.tracked()
    await web.admin.runs.stop(ended.id)
    await append(web.runtime, 1, run=live.id)
    await append(web.runtime, 2, run=ended.id)
    await append(web.runtime, *range(3, 10))
    web.arrange.clock.turn(2 * 24 * 3600)
    await append(web.runtime, 10)
    assert await tidied(web, days=1) == 0
    await web.runtime.database.write(lambda tx: tx.run("UPDATE observer SET cursor_id = ?", 10**9))
    assert await tidied(web, days=1) > 0
    assert await kept(web) == ['{"n":1}', '{"n":10}']
    assert await tidied(web, days=1) == 0


async def test_an_observer_that_is_too_far_behind_holds_nothing_up_and_is_told(web, monkeypatch, capsys):
    monkeypatch.setattr(activity_retention, "MOST_BEHIND", 3)
    monkeypatch.setattr("trainyard_core.observers.report.MOST_BEHIND", 3)
    await append(web.runtime, *range(6))
    web.arrange.clock.turn(2 * 24 * 3600)
    assert "activities are deleted before it has read them" in (await seen(web)).detail
    assert await tidied(web, days=1) >= 5
    assert "activities were deleted before an observer read them" in capsys.readouterr().out
