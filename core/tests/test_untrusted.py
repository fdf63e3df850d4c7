"""Runs whose code comes from outside: which connections they may use, what is made from them, and what their token may
do."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import pytest_asyncio
from web import BASE, serving

from trainyard.client.errors import Invalid, NotAllowed
from trainyard.client.models import CreateRun
from trainyard_core.contracts.connection import ConnectionKind
from trainyard_core.contracts.needs import Needs
from trainyard_core.directing.cycle import PlanCycle
from trainyard_core.hookspecs import hookimpl
from trainyard_core.registry import Registry
from trainyard_core.testing.frames import metric

CANARY = "hunter2-is-secret"
W = "1" * 32
USES = {
    "version": 1.1,
    "kind": "operation",
    "component": {"run": {"kind": "job", "connections": ["one"], "container": {"command": ["env"]}}},
}
PLAIN = {
    "version": 1.1,
    "kind": "operation",
    "component": {"run": {"kind": "job", "container": {"command": ["env"]}}},
}
SWEEP = {"matrix": {"kind": "grid", "params": {"lr": {"kind": "choice", "value": [0.1, 0.2]}}}}


class Box(ConnectionKind):
    name = "box"

    def schema(self):
        return {"type": "object", "properties": {}, "additionalProperties": False}

    def secrets(self):
        return {"key": "what opens it"}

    def check(self, connection):
        return []

    def needs(self, connection):
        return Needs(owner=f"connection '{connection.name}'", secret_env={"BOX_KEY": connection.secrets["key"]})


@pytest_asyncio.fixture
async def web(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_BOX_KEY", CANARY)
    registry = Registry.load(["sweeps", "optimizer_search", "tracker_folder"])
    registry.add("boxes", SimpleNamespace(register_connection_kinds=hookimpl(lambda: [Box()])))
    async with serving(database_url, tmp_path / "data", registry=registry) as served:
        yield served


async def put(web, *, untrusted=False):
    return await web.admin.connections.set(
        "one", kind="box", secrets={"key": {"env": "TEST_BOX_KEY"}}, untrusted=untrusted
    )


def swept(operation):
    component = {**operation["component"], "inputs": [{"name": "lr", "type": "float"}]}
    return {**operation, "component": component, **SWEEP}


async def handed(web):
    """What the agent is handed of all that it is assigned."""
    refs = await web.arrange.assign()
    row = await web.runtime.database.read(
        lambda tx: tx.one("SELECT epoch FROM agent WHERE name = ?", web.arrange.agent)
    )
    return await web.runtime.session_service().workloads(web.arrange.agent, row["epoch"], refs)


@pytest.mark.parametrize("operation", [USES, swept(USES)], ids=["run", "sweep"])
async def test_it_may_not_use_a_connection_that_does_not_allow_it(web, operation):
    await put(web)
    for ask in (web.admin.runs.create, web.admin.runs.preview):
        with pytest.raises(Invalid) as refused:
            await ask(CreateRun(operation=operation, untrusted=True))
        assert "may not use connection 'one'" in str(refused.value)
        assert "`untrusted: true` in the file of 'one'" in refused.value.fix
    assert [run async for run in web.admin.runs.list()] == []
    assert await web.admin.runs.create(CreateRun(operation=operation))


async def test_a_connection_that_allows_it_is_handed_over_and_the_scheduler_is_told(web):
    assert not (await put(web)).untrusted
    assert (await put(web, untrusted=True)).untrusted
    run = await web.admin.runs.create(CreateRun(operation=USES, untrusted=True))
    assert (run.untrusted, (await web.admin.runs.why(run.id)).untrusted) == (True, True)
    (workload,) = await handed(web)
    assert (workload.untrusted, workload.secret_env) == (True, {"BOX_KEY": CANARY})


async def test_a_trusted_run_is_handed_over_as_such(web):
    run = await web.admin.runs.create(CreateRun(operation=PLAIN))
    (workload,) = await handed(web)
    assert (workload.untrusted, (await web.admin.runs.why(run.id)).untrusted) == (False, False)


async def test_what_is_taken_away_meanwhile_is_not_handed_over(web):
    await put(web, untrusted=True)
    run = await web.admin.runs.create(CreateRun(operation=USES, untrusted=True))
    await put(web)
    assert await handed(web) == []
    await web.arrange.reconcile(run.id)
    ended = await web.admin.runs.get(run.id)
    assert (ended.status, ended.reason) == ("failed", "submit_failed")
    assert "may not use connection 'one'" in ended.message


@pytest.mark.parametrize("kind", ["restart", "resume", "copy"])
async def test_what_is_made_from_it_is_untrusted_too(web, kind):
    first = await web.admin.runs.create(CreateRun(operation=PLAIN, untrusted=True))
    await web.admin.runs.stop(first.id)
    second = await getattr(web.admin.runs, kind)(first.id)
    await web.admin.runs.stop(second.id)
    third = await getattr(web.admin.runs, kind)(second.id)
    assert (second.untrusted, third.untrusted) == (True, True)


async def test_a_restart_asks_for_its_connections_again(web):
    await put(web, untrusted=True)
    run = await web.admin.runs.create(CreateRun(operation=USES, untrusted=True))
    await put(web)
    with pytest.raises(Invalid, match="may not use connection 'one'"):
        await web.admin.runs.restart(run.id)


async def test_a_tracked_run_that_continues_one_is_untrusted_too(web):
    first = await web.admin.runs.create(CreateRun(managed=False, untrusted=True))
    second = await web.admin.runs.create(CreateRun(managed=False, resumes=first.id))
    assert (first.untrusted, second.untrusted) == (True, True)


async def test_the_trials_of_a_sweep_are_untrusted_and_what_is_made_from_them(web):
    sweep = await web.admin.runs.create(CreateRun(operation=swept(PLAIN), untrusted=True))
    trials = await trials_of(web, sweep.id)
    assert [trial.untrusted for trial in trials] == [True] * len(trials)
    assert (await web.admin.runs.restart(trials[0].id)).untrusted


async def trials_of(web, sweep):
    """Its trials, once it is planned."""
    await PlanCycle(sweep, web.runtime.directors.dependencies()).plan()
    rows = await web.runtime.database.read(lambda tx: tx.all("SELECT id FROM run WHERE parent = ?", sweep))
    assert rows
    return [await web.admin.runs.get(row["id"]) for row in rows]


async def test_its_token_reads_and_tracks_that_run_and_nothing_else(web):
    await put(web, untrusted=True)
    mine = await web.admin.runs.create(CreateRun(managed=False, untrusted=True))
    other = await web.admin.runs.create(CreateRun(managed=False))
    client, token = web.client(web.of_run(mine.id)), web.of_run(mine.id)
    assert (await client.runs.get(mine.id)).id == (await client.runs.get(mine.short_id)).id == mine.id
    await client.runs.append(mine.id, metric(W, 1, {"loss": [1.0]}))
    assert (await client.runs.renew_token(mine.id)).token
    for path in ("", f"/{other.id}", f"/{other.id}/metrics", f"/{other.short_id}", "/latest", f"/{'f' * 8}"):
        answer = await web.ask("GET", BASE + path, token=token)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path
        assert "may read that run only" in answer.json()["detail"]
    others = [f"POST {BASE}/{other.id}/frames", f"POST {BASE}/{mine.id}/stop", f"POST {BASE}", "GET connections"]
    others += [f"GET projects{path}" for path in ("", "/default", "/default/activities", "/other/runs")]
    for method, path in map(str.split, others):
        answer = await web.ask(method, path, token=token, json={})
        assert answer.status_code == 403, (path, answer.text)
    await client.aclose()
    trusted = web.client(web.of_run(other.id))
    assert (await trusted.runs.get(mine.id)).id == mine.id
    with pytest.raises(NotAllowed):
        await trusted.runs.stop(mine.id)
    await trusted.aclose()
