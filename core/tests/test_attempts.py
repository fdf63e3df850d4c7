"""What an agent makes of attempts that its scheduler cannot take, has lost, or should never have had."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from manual_scheduler import Remote, running
from web import Web

from trainyard.client.retry import Backoff
from trainyard_core.agent import agent as agents
from trainyard_core.agent import tasks
from trainyard_core.contracts.workload import AttemptRef, Exit, Phase
from trainyard_core.db import activities
from trainyard_core.lifecycle import Status

PATIENCE = 20.0


@pytest.fixture
async def far(web, tmp_path):
    """An agent over HTTP, the only one that takes work."""
    await web.admin.agents.drain("arranged")
    token = (await web.admin.agents.add("far")).token
    async with running(Remote(web, token, tmp_path / "far")) as remote:
        yield remote


async def told(web: Web, run: str, condition) -> object:
    """The run once the API tells so of it."""
    async with asyncio.timeout(PATIENCE):
        while not condition(found := await web.admin.runs.get(run)):
            await asyncio.sleep(0.01)
    return found


@asynccontextmanager
async def closed(gate: asyncio.Event):
    gate.clear()
    try:
        yield
    finally:
        gate.set()


async def test_a_submit_that_fails_is_told_backs_off_and_is_made_again(web, far, monkeypatch):
    waits = []

    def delay(self, failures):
        waits.append(failures)
        return 0.01

    monkeypatch.setattr(Backoff, "delay", delay)
    monkeypatch.setattr(agents, "BEAT", 0.01)
    far.scheduler.trouble = RuntimeError("the quota of tyr.a-secret-of-a-run.1.2 is used up")
    run = await web.run()
    found = await told(web, run.id, lambda run: run.reason == "submit_failed")
    assert found.status == "scheduled"
    assert "RuntimeError: the quota of tyr.[hidden] is used up" in found.message
    assert "the quota of" in (await web.admin.runs.why(run.id)).summary
    await far.scheduler.until(lambda: far.scheduler.tried.count("submit") >= 3)
    assert waits[:2] == [1, 2], "each wait counts the failures before it"
    far.scheduler.trouble = None
    found = await told(web, run.id, lambda run: run.status == "running")
    assert (found.reason, found.message) == ("", "")
    assert [workload.ref for workload in far.scheduler.workloads] == [AttemptRef(run.id, 1)]


async def test_a_stop_that_fails_waits_longer_each_time(web, far, monkeypatch):
    monkeypatch.setattr(agents, "BEAT", 0.01)
    monkeypatch.setattr(tasks, "AGAIN", Backoff(base=0.05, cap=3600.0, chance=lambda: 1.0))
    run = await web.run()
    await told(web, run.id, lambda run: run.status == "running")
    far.scheduler.trouble = RuntimeError("not now")
    await web.admin.runs.stop(run.id)
    await far.scheduler.until(lambda: far.scheduler.tried.count("stop") >= 3)
    assert far.agent._tasks._resting["stop", AttemptRef(run.id, 1)].failures >= 3
    far.scheduler.trouble = None
    assert (await told(web, run.id, lambda run: run.is_final)).status == "stopped"


async def test_an_attempt_is_not_gone_while_its_submit_is_on_its_way(web, far):
    async with closed(far.scheduler.gate):
        run = await web.run()
        await far.scheduler.until(lambda: "submit" in far.scheduler.tried)
        await web.admin.runs.stop(run.id)
        await far.scheduler.until(lambda: AttemptRef(run.id, 1) in far.scheduler.stopped)
        assert (await web.admin.runs.get(run.id)).status == "stopping"
    found = await told(web, run.id, lambda run: run.is_final)
    assert (found.status, found.attempts[0].reason) == ("stopped", "user")


async def test_an_attempt_that_was_lost_is_tried_again(web, far):
    run = await web.run()
    await told(web, run.id, lambda run: run.status == "running")
    far.scheduler.exits.clear()
    found = await told(web, run.id, lambda run: run.status == "retrying")
    assert (found.attempts[0].reason, found.reason) == ("lost", "lost")
    web.arrange.clock.turn(60)
    await web.runtime.maintainer().once()
    await told(web, run.id, lambda run: run.status == "running" and run.attempt == 2)


async def test_an_agent_is_heard_of_while_its_scheduler_does_not_answer(web, far, monkeypatch):
    monkeypatch.setattr(agents, "BEAT", 0.01)
    run = await web.run()
    await told(web, run.id, lambda run: run.status == "running")
    async with closed(far.scheduler.gate):
        far.scheduler.tried.clear()
        await far.scheduler.until(lambda: "observe" in far.scheduler.tried)
        at = web.arrange.clock.turn(600)
        async with asyncio.timeout(PATIENCE):
            while (await web.runtime.database.read(_seen_at)) < at:
                await asyncio.sleep(0.01)
    assert (await web.admin.runs.get(run.id)).status == "running"


async def _seen_at(tx) -> int:
    row = await tx.one("SELECT seen_at FROM agent WHERE name = 'far'")
    return int(row["seen_at"])


async def test_what_the_database_has_forgotten_is_stopped_while_the_agent_goes_on(web, tmp_path, monkeypatch):
    monkeypatch.setattr(agents, "STRAYS", 0.05)
    await web.admin.agents.drain("arranged")
    token = (await web.admin.agents.add("far")).token
    async with running(Remote(web, token, tmp_path / "far")) as far:
        known, forgotten = await web.run(), await web.run()
        for run in (known, forgotten):
            await told(web, run.id, lambda run: run.status == "running")
        await web.runtime.database.write(lambda tx: _forget(tx, forgotten.id))
        ref = AttemptRef(forgotten.id, 1)
        await far.scheduler.until(lambda: ref in far.scheduler.released)
        assert far.scheduler.stopped == [ref]
        assert (await web.admin.runs.get(known.id)).status == "running"
        far.scheduler.exits[AttemptRef(known.id, 1)] = Exit(code=0)
        assert (await told(web, known.id, lambda run: run.is_final)).status == "succeeded"


async def _forget(tx, run: str) -> None:
    """As a database that went back to an older copy."""
    for table in ("attempt", "operation", "activity"):
        await tx.run(f"DELETE FROM {table} WHERE run = ?", run)
    await tx.run("DELETE FROM run WHERE id = ?", run)


async def test_each_new_reason_why_an_attempt_waits_is_told_once(web):
    run = await web.arrange.run(Status.SCHEDULED)
    ref = await web.arrange.current(run)
    for said in ("full", "full", "broken"):
        await web.arrange.report(ref, Phase.PENDING, reason="submit_failed", message=said)
    rows = await web.runtime.database.read(lambda tx: activities.of_run(tx, run, kind="status"))
    assert [row["data"] for row in rows if "submit_failed" in row["data"]][-1].count("broken") == 1
    assert sum("submit_failed" in row["data"] for row in rows) == 2
    assert (await web.arrange.attempts(run))[0]["state"] == "assigned"
