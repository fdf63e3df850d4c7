"""What an agent of its own says over HTTP, and what it is answered: sessions that fence older ones, leases that wait,
workloads of its own attempts only."""

from __future__ import annotations

import asyncio
import json

import pytest
from manual_scheduler import Remote, running
from test_agents import begin

from trainyard_core.agent.port import AgentRejected, EndpointChanged
from trainyard_core.agent.remote import HttpPort
from trainyard_core.contracts.workload import Exit, Observation, Phase
from trainyard_core.errors import Superseded
from trainyard_core.lifecycle import Status


@pytest.fixture
async def far(web):
    """The token of an agent, the only one that takes work."""
    await web.admin.agents.drain("arranged")
    return (await web.admin.agents.add("far")).token


async def say(web, token, what, **body):
    return await web.ask("POST", f"agents/far/{what}", token=token, json=body)


CALLS = [
    ("assignments", {}),
    ("workloads", {"refs": []}),
    ("report", {"seen": []}),
    ("orders", {}),
    ("released", {"refs": []}),
    ("leave", {}),
]


@pytest.mark.parametrize(("what", "body"), CALLS, ids=[what for what, _ in CALLS])
async def test_every_call_of_an_older_session_is_refused(web, far, what, body):
    first = (await begin(web, far))["epoch"]
    assert (await say(web, far, what, epoch=first, **body)).status_code == 200
    second = (await begin(web, far))["epoch"]
    answer = await say(web, far, what, epoch=first, **body)
    assert (answer.status_code, answer.json()["code"]) == (409, "superseded")
    assert (await say(web, far, what, epoch=second, **body)).status_code == 200


async def test_a_lease_waits_and_is_answered_at_once_when_there_is_work(web, far):
    epoch = (await begin(web, far, capacity={"cpu": 4, "memory": 1 << 40}))["epoch"]
    waiting = asyncio.create_task(say(web, far, "assignments", epoch=epoch, wait=60))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        run = await web.run()
        found = (await waiting).json()
    assert found["items"] == [{"run": run.id, "attempt": 1}]


async def test_a_waiting_lease_hears_of_orders_and_of_a_newer_session(web, far):
    epoch = (await begin(web, far))["epoch"]
    waiting = asyncio.create_task(say(web, far, "assignments", epoch=epoch, wait=60))
    async with asyncio.timeout(10):
        while not web.runtime.notifier._events:
            await asyncio.sleep(0)
        web.runtime.notifier.notify_agents(orders=True)
        assert (await waiting).json() == {"items": [], "orders": True}
        waiting = asyncio.create_task(say(web, far, "assignments", epoch=epoch, wait=60))
        await asyncio.sleep(0)
        await begin(web, far)
        assert (await waiting).json()["code"] == "superseded"
    assert web.runtime.notifier._events == [], "nobody is left waiting"


async def test_nothing_is_leased_to_an_agent_that_has_hung_up(web, far):
    epoch = (await begin(web, far, capacity={"cpu": 4, "memory": 1 << 40}))["epoch"]
    body = json.dumps({"epoch": epoch, "wait": 60}).encode()
    hung_up, sent = asyncio.Event(), []
    parts = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive():
        if (part := next(parts, None)) is not None:
            return part
        await hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    headers = {"authorization": f"Bearer {far}", "content-type": "application/json", "host": "x"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/api/v1/agents/far/assignments",
        "raw_path": b"/api/v1/agents/far/assignments",
        "root_path": "",
        "query_string": b"",
        "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("x", 80),
    }
    waiting = asyncio.create_task(web.app(scope, receive, send))
    async with asyncio.timeout(10):
        while not web.runtime.notifier._events:
            await asyncio.sleep(0)
        hung_up.set()
        await waiting
    run = await web.run()
    assert (await web.admin.runs.get(run.id)).status == "queued"
    assert web.runtime.notifier._events == []


async def test_an_assignment_that_waits_ends_when_the_server_does(web, far):
    epoch = (await begin(web, far))["epoch"]
    waiting = asyncio.create_task(say(web, far, "assignments", epoch=epoch, wait=60))
    await asyncio.sleep(0)
    web.runtime.event_feed.close()
    async with asyncio.timeout(10):
        assert (await waiting).json() == {"items": [], "orders": False}


@pytest.mark.parametrize("body", [{"wait": -1}, {"wait": 61}, {"most": 0}, {"most": 129}])
async def test_an_assignment_that_asks_for_too_much_is_refused(web, far, body):
    epoch = (await begin(web, far))["epoch"]
    assert (await say(web, far, "assignments", epoch=epoch, **body)).status_code == 422


@pytest.mark.parametrize(
    "hello",
    [
        {"capacity": {"cpu": -1}},
        {"capacity": {"cpu": 0}},
        {"capacity": {"memory": 0}},
        {"capacity": {"gpu": 10**6, "devices": "indexed"}},
        {"capacity": {"devices": "indexed"}},
        {"capacity": {"cpu": 4, "largest": {"cpu": 8}}},
        {"capacity": {"other": {"": 1}}},
        {"queues": ["no name!"]},
        {"labels": {"a": "b" * 65}},
    ],
)
async def test_an_agent_that_cannot_be_is_refused(web, far, hello):
    assert (await say(web, far, "sessions", scheduler="x", **hello)).status_code == 422


async def test_it_is_told_of_and_lets_go_of_its_own_attempts_only(web, far):
    await web.admin.agents.resume("arranged")
    run = await web.arrange.run(Status.SCHEDULED)
    theirs = [{"run": run, "attempt": 1}]
    epoch = (await begin(web, far))["epoch"]
    assert (await say(web, far, "workloads", epoch=epoch, refs=theirs)).json() == {"items": []}
    assert (await say(web, far, "released", epoch=epoch, refs=theirs)).status_code == 200
    gone = [{"ref": theirs[0], "phase": "gone"}]
    assert (await say(web, far, "report", epoch=epoch, seen=gone)).status_code == 200
    (attempt,) = await web.arrange.attempts(run)
    assert (attempt["released"], await web.arrange.status(run)) == (0, Status.SCHEDULED)


async def test_a_run_whose_project_may_not_use_its_queue_any_more_is_not_started(web, far):
    epoch = (await begin(web, far, capacity={"cpu": 4, "memory": 1 << 40}))["epoch"]
    run = await web.run()
    assigned = (await say(web, far, "assignments", epoch=epoch)).json()["items"]
    limits = '["batch-*"]'
    await web.runtime.database.write(lambda tx: tx.run("UPDATE project SET queues = ?", limits))
    assert (await say(web, far, "workloads", epoch=epoch, refs=assigned)).json() == {"items": []}
    found = await web.admin.runs.get(run.id)
    assert (found.status, found.reason) == ("failed", "submit_failed")
    assert "it may use batch-*" in found.message


async def test_an_agent_over_http_takes_a_run_from_lease_to_release(web, far, tmp_path):
    async with running(Remote(web, far, tmp_path)) as remote:
        run = await web.run()
        await remote.scheduler.until(lambda: remote.scheduler.workloads)
        (workload,) = remote.scheduler.workloads
        assert (workload.run, workload.queue, workload.url) == (run.id, "default", "http://trainyard")
        assert (await web.ask("GET", f"projects/default/runs/{run.id}", token=workload.token)).status_code == 200
        remote.scheduler.exits[workload.ref] = Exit(code=0)
        await remote.scheduler.until(lambda: workload.ref in remote.scheduler.released)
    assert (await web.admin.runs.get(run.id)).status == "succeeded"


async def test_a_stop_reaches_it(web, far, tmp_path):
    async with running(Remote(web, far, tmp_path)) as remote:
        run = await web.run()
        await remote.scheduler.until(lambda: remote.scheduler.workloads)
        await web.admin.runs.stop(run.id)
        await remote.scheduler.until(lambda: remote.scheduler.released)
    assert (await web.admin.runs.get(run.id)).status == "stopped"


async def test_the_older_of_two_with_one_name_ends_and_says_why(web, far, tmp_path):
    async with running(Remote(web, far, tmp_path)) as older:
        run = await web.run()
        await older.scheduler.until(lambda: older.scheduler.workloads)
        async with running(Remote(web, far, tmp_path)) as newer:
            newer.scheduler.exits = older.scheduler.exits  # one machine: they share what lies on its disk
            ended = await older.ended()
            assert isinstance(ended, Superseded), ended
            assert "session 2 has taken its place" in str(ended)
            (ref,) = older.scheduler.exits
            newer.scheduler.exits[ref] = Exit(code=0)
            await newer.scheduler.until(lambda: newer.scheduler.released)
            assert newer.scheduler.workloads == [], "what ran went on"
    assert (await web.admin.runs.get(run.id)).status == "succeeded"


async def test_a_revoked_token_ends_it_and_says_why(web, far, tmp_path):
    async with running(Remote(web, far, tmp_path)) as remote:
        run = await web.run()
        await remote.scheduler.until(lambda: remote.scheduler.workloads)
        await web.admin.agents.renew_token("far")
        ended = await remote.ended()
        assert isinstance(ended, AgentRejected), ended
        assert "does not take this agent's token" in str(ended)
        assert far not in str(ended)
        assert remote.scheduler.stopped == [], "runs go on without it"
    assert (await web.admin.runs.get(run.id)).status in ("scheduled", "running")


async def test_drained_it_leaves_its_runs_to_the_next_one(web, far, tmp_path):
    first = Remote(web, far, tmp_path)
    async with running(first):
        run = await web.run()
        await first.scheduler.until(lambda: first.scheduler.workloads)
        first.agent.drain(wait=False)
        assert await first.ended() is None
    assert (await web.admin.agents.get("far")).draining
    second = Remote(web, far, tmp_path)
    second.scheduler.exits = first.scheduler.exits
    async with running(second):
        (ref,) = first.scheduler.exits
        second.scheduler.exits[ref] = Exit(code=0)
        await second.scheduler.until(lambda: second.scheduler.released)
        assert second.scheduler.workloads == []
    assert (await web.admin.runs.get(run.id)).status == "succeeded"
    assert not (await web.admin.agents.get("far")).draining


async def test_drained_with_patience_it_waits_for_what_it_holds_and_takes_no_more(web, far, tmp_path):
    async with running(Remote(web, far, tmp_path)) as remote:
        await web.run()
        await remote.scheduler.until(lambda: remote.scheduler.workloads)
        remote.agent.drain(wait=True)
        while not (await web.admin.agents.get("far")).draining:
            await asyncio.sleep(0)
        waiting = await web.run()
        (workload,) = remote.scheduler.workloads
        remote.scheduler.exits[workload.ref] = Exit(code=0)
        assert await remote.ended() is None
        assert remote.scheduler.released == [workload.ref]
    assert (await web.admin.runs.get(waiting.id)).status == "queued"


async def test_a_queue_that_it_was_not_given_is_refused_by_the_agent_too(web, far, tmp_path, monkeypatch):
    """As if core had handed out what it should not."""
    assign = HttpPort.workloads

    async def wrong(self, refs):
        import msgspec

        return [msgspec.structs.replace(each, queue="secret") for each in await assign(self, refs)]

    monkeypatch.setattr(HttpPort, "workloads", wrong)
    async with running(Remote(web, far, tmp_path, queues=["default"])) as remote:
        run = await web.run()
        async with asyncio.timeout(20):
            while (found := await web.admin.runs.get(run.id)).status != "failed":
                await asyncio.sleep(0)
        assert "does not serve queue 'secret'" in found.message
        assert remote.scheduler.workloads == []


async def test_a_folder_of_another_platforms_agent_is_left_alone(web, far, tmp_path):
    (tmp_path / "server").write_text("somebody-else\n")
    async with running(Remote(web, far, tmp_path)) as remote:
        ended = await remote.ended()
        assert isinstance(ended, AgentRejected)
        assert "another platform" in str(ended)


async def test_while_the_server_is_away_runs_go_on_and_what_happened_is_told_afterwards(web, far, tmp_path):
    async with running(Remote(web, far, tmp_path)) as remote:
        run = await web.run()
        await remote.scheduler.until(lambda: remote.scheduler.workloads)
        (workload,) = remote.scheduler.workloads
        remote.line.cut = True
        async with asyncio.timeout(20):
            await remote.line.refused.wait()
        remote.scheduler.exits[workload.ref] = Exit(code=0)
        assert remote.task is not None
        assert not remote.task.done()
        remote.line.cut = False
        await remote.scheduler.until(lambda: remote.scheduler.released)
        assert remote.scheduler.stopped == []
    assert (await web.admin.runs.get(run.id)).status == "succeeded"


async def test_an_agent_whose_server_is_away_at_its_start_waits_for_it(web, far, tmp_path):
    remote = Remote(web, far, tmp_path)
    remote.line.cut = True
    async with running(remote):
        async with asyncio.timeout(20):
            await remote.line.refused.wait()
        remote.line.cut = False
        await web.run()
        await remote.scheduler.until(lambda: remote.scheduler.workloads)


async def test_a_server_that_is_found_elsewhere_ends_the_session(web, far, tmp_path):
    async with running(Remote(web, far, tmp_path)) as remote:
        await web.run()
        await remote.scheduler.until(lambda: remote.scheduler.workloads)
        remote.url, remote.line.cut = "http://elsewhere", True
        assert isinstance(await remote.ended(), EndpointChanged)
        assert remote.scheduler.stopped == []


async def test_an_observation_that_core_refuses_does_not_hold_up_the_others(web, far, tmp_path):
    async with running(Remote(web, far, tmp_path)) as remote:
        first, second = await web.run(), await web.run()
        await remote.scheduler.until(lambda: len(remote.scheduler.workloads) == 2)
        refs = {workload.run: workload.ref for workload in remote.scheduler.workloads}
        wrong = Observation(ref=refs[first.id], phase=Phase.EXITED, exit=Exit(code=1 << 40))
        right = Observation(ref=refs[second.id], phase=Phase.EXITED, exit=Exit(code=0))
        await remote.port.report([wrong, right])
    assert (await web.admin.runs.get(second.id)).status == "succeeded"
    assert not (await web.admin.runs.get(first.id)).is_final


REF = {"run": "r", "attempt": 1}
WRONG = [
    {"ref": {**REF, "attempt": 1 << 40}, "phase": "running"},
    {"ref": REF, "phase": "running", "started_at": 1e300},
    {"ref": REF, "phase": "exited", "exit": {"code": 1 << 40}},
    {"ref": REF, "phase": "exited", "exit": {"finished_at": -1}},
]


@pytest.mark.parametrize("seen", WRONG, ids=["attempt", "start", "code", "end"])
async def test_what_cannot_have_been_observed_is_refused(web, far, seen):
    epoch = (await begin(web, far))["epoch"]
    assert (await say(web, far, "report", epoch=epoch, seen=[seen])).status_code == 422


async def test_an_agent_whose_scheduler_is_away_says_why_and_takes_work_once_it_answers(web, far, tmp_path):
    remote = Remote(web, far, tmp_path)
    adopt, away = remote.scheduler.adopt, [RuntimeError("host away\nwith a long story"), OSError("no route")]

    async def adopt_later():
        if away:
            raise away.pop(0)
        return await adopt()

    remote.scheduler.adopt = adopt_later
    run = await web.run()
    seen = []
    register = remote.port.register

    async def noted(me):
        await register(me)
        agent = await web.admin.agents.get("far")
        seen.append((agent.not_ready, agent.alive, agent.draining, agent.cpu))

    remote.port.register = noted
    async with running(remote):
        await remote.scheduler.until(lambda: remote.scheduler.workloads)
    assert [each.run for each in remote.scheduler.workloads] == [run.id]
    assert seen == [
        ("RuntimeError: host away", True, False, None),
        ("OSError: no route", True, False, None),
        ("", True, False, 4),
    ]


async def test_an_agent_that_was_ready_before_keeps_what_it_has_while_it_is_not(web, far):
    await begin(web, far, capacity={"cpu": 8, "memory": 1 << 40, "gpu": 2})
    await begin(web, far, not_ready="host away")
    agent = await web.admin.agents.get("far")
    assert (agent.not_ready, agent.cpu, agent.gpu, agent.draining) == ("host away", 8, 2, False)
    looked = (await web.ask("POST", "diagnosis")).json()["items"]
    (check,) = [each for each in looked if each["name"] == "agents"]
    assert "not ready: far: host away" in check["detail"]
    await begin(web, far, capacity={"cpu": 4, "memory": 1 << 40})
    assert (await web.admin.agents.get("far")).not_ready == ""
    await begin(web, far, not_ready="host away")
    await web.admin.agents.remove("far")
    assert await web.runtime.database.read(lambda tx: tx.all("SELECT * FROM instance WHERE key <> 'secret'")) == []


async def test_an_agent_whose_scheduler_is_away_can_be_told_to_end(web, far, tmp_path):
    remote = Remote(web, far, tmp_path)

    async def adopt():
        remote.agent.drain(wait=True)
        raise RuntimeError("host away")

    remote.scheduler.adopt = adopt
    async with running(remote):
        assert await remote.ended() is None
