"""The server's look at itself: what is well, what is not, and that it leaves nothing behind."""

from __future__ import annotations

import hashlib

import pytest

from trainyard_core import diagnosis, probes
from trainyard_core.errors import Unavailable

NAMES = [
    "database",
    "database write",
    "migrations",
    "queue",
    "tracker",
    "plugins",
    "agents",
    "jobs",
    "observers",
    "server disk",
]


async def looked(web):
    return {check.name: check for check in await diagnosis.diagnose(web.runtime)}


async def test_every_part_is_looked_at_in_order_over_the_api(web):
    answer = await web.ask("POST", "diagnosis")
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [item["name"] for item in items] == NAMES
    assert {item["name"]: item["state"] for item in items} | {"agents": ""} == {
        **dict.fromkeys(NAMES, "ok"),
        "agents": "",
    }
    assert all(item["milliseconds"] >= 0 for item in items)


async def test_nothing_is_left_of_what_the_tracker_was_given(web, tmp_path):
    assert (await looked(web))["tracker"].state == "ok"
    assert [path for path in tmp_path.rglob("*") if path.is_file() and probes.PROJECT in str(path)] == []
    assert probes.PROJECT not in [project.name async for project in web.admin.projects.list()]


async def test_without_an_agent_no_run_starts_and_it_says_so(web):
    assert (await looked(web))["agents"].state == "ok"
    web.arrange.clock.turn(3600)
    found = (await looked(web))["agents"]
    assert (found.state, "no agent is alive" in found.detail, "yard agent" in found.fix) == ("failed", True, True)


async def test_what_fails_is_told_and_the_others_are_looked_at_all_the_same(web, monkeypatch):
    class Down:
        async def append(self, *args):
            raise ConnectionRefusedError("postgresql://me:hunter2@db refused")

        async def delete_run(self, *args):
            return

    async def away():
        raise Unavailable("the queue does not answer", fix="start it")

    monkeypatch.setattr(web.runtime, "tracker", Down())
    monkeypatch.setattr(web.runtime.notifier, "ping", away)
    found = await looked(web)
    assert (found["tracker"].state, found["tracker"].detail) == ("failed", "it failed with ConnectionRefusedError")
    assert (found["queue"].detail, found["queue"].fix) == ("the queue does not answer", "start it")
    assert found["server disk"].state == "ok"
    assert "hunter2" not in str(found)


async def test_a_part_that_does_not_answer_is_given_up(web, monkeypatch):
    import asyncio

    async def silent():
        await asyncio.Event().wait()

    monkeypatch.setattr(diagnosis, "PATIENCE", 0.05)
    monkeypatch.setattr(web.runtime.notifier, "ping", silent)
    assert (await looked(web))["queue"].detail == "no answer within 0.05 s"


@pytest.mark.parametrize("size", [0, 1, 1_000_000])
async def test_an_upload_is_measured_and_kept_nowhere(web, size):
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    answer = await web.ask("POST", "diagnosis/upload", content=body)
    assert answer.json() == {"size": size, "digest": f"sha256:{hashlib.sha256(body).hexdigest()}"}
