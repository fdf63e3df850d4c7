"""Agents as an admin sees them: added with a token that is shown once, given queues and labels, drained, removed."""

from __future__ import annotations

import json

import pytest

from trainyard.client.errors import Conflict, Invalid, NotAllowed, NotAuthenticated, NotFound
from trainyard_core.agent.model import Registration
from trainyard_core.db import activities
from trainyard_core.errors import Superseded
from trainyard_core.lifecycle import Status
from trainyard_core.work.direct_port import DatabasePort


async def begin(web, token, name="far", **hello):
    answer = await web.ask("POST", f"agents/{name}/sessions", token=token, json={"scheduler": "manual", **hello})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def kinds(web):
    rows = await web.runtime.database.read(lambda tx: tx.all("SELECT kind, actor FROM activity ORDER BY id"))
    return [(row["kind"], row["actor"]) for row in rows]


async def test_an_agent_is_added_with_a_token_that_acts_for_it_alone(web):
    made = await web.admin.agents.add("far", queues=["gpu"], labels={"zone": "a"})
    assert (made.agent.name, made.agent.allowed, made.agent.labels) == ("far", ["gpu"], {"zone": "a"})
    assert (made.agent.alive, made.agent.seen_at, made.agent.enrolled) == (False, "", True)
    assert (await begin(web, made.token))["epoch"] == 1
    other = await web.admin.agents.add("other")
    assert (
        await web.ask("POST", "agents/other/sessions", token=made.token, json={"scheduler": "x"})
    ).status_code == 404
    assert (await web.ask("GET", "agents", token=other.token)).status_code == 403
    assert ("agent_added", "user:admin") in await kinds(web)


async def test_the_same_key_gives_the_same_token_which_is_stored_nowhere(web):
    answers = [
        await web.ask("POST", "agents", json={"name": "far"}, headers={"Idempotency-Key": "once"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    first, second = (answer.json()["token"] for answer in answers)
    assert first == second
    for table in ("idempotency", "activity", "token"):
        rows = await web.runtime.database.read(lambda tx, table=table: tx.all(f"SELECT * FROM {table}"))
        assert first not in json.dumps([dict(row) for row in rows], default=str)


async def test_a_name_is_given_once_and_must_be_one(web):
    await web.admin.agents.add("far")
    with pytest.raises(Conflict, match="yard agents token far"):
        await web.admin.agents.add("far")
    with pytest.raises(Invalid, match="cannot be the name"):
        await web.admin.agents.add("not a name")
    with pytest.raises(Invalid, match="labels"):
        await web.admin.agents.add("near", labels={"": "x"})


async def test_only_an_admin_of_the_deployment_adds_changes_and_removes(web):
    member = web.client(await web.role("member"))
    for asked in (member.agents.add("x"), member.agents.drain("arranged"), member.agents.remove("arranged")):
        with pytest.raises(NotAllowed):
            await asked
    assert [agent.name async for agent in member.agents.list()] == ["arranged"]
    await member.aclose()


async def test_a_new_token_takes_the_place_of_all_others_at_once(web):
    old = (await web.admin.agents.add("far")).token
    await begin(web, old)
    new = (await web.admin.agents.renew_token("far")).token
    assert (await web.ask("POST", "agents/far/sessions", token=old, json={"scheduler": "x"})).status_code == 401
    assert (await begin(web, new))["epoch"] == 2


async def test_an_agent_serves_what_it_wants_within_what_it_may(web):
    token = (await web.admin.agents.add("far", queues=["gpu", "cpu"])).token
    assert (await begin(web, token, queues=["gpu", "other"]))["queues"] == ["gpu"]
    assert (await begin(web, token, queues=["*"]))["queues"] == ["gpu", "cpu"]
    await web.admin.agents.edit("far", queues=["*"])
    assert (await begin(web, token, queues=["other"]))["queues"] == ["other"]
    found = await web.admin.agents.get("far")
    assert (found.queues, found.allowed, found.epoch) == (["other"], ["*"], 3)


async def test_an_admins_labels_are_over_the_agents_own_and_are_replaced_alone(web):
    token = (await web.admin.agents.add("far", labels={"zone": "a", "trusted": "yes"})).token
    await begin(web, token, labels={"zone": "z", "disk": "ssd"})
    assert (await web.admin.agents.get("far")).labels == {"zone": "a", "trusted": "yes", "disk": "ssd"}
    changed = await web.admin.agents.edit("far", labels={"zone": "b"})
    assert changed.labels == {"zone": "b", "disk": "ssd"}
    await begin(web, token, labels={"zone": "z"})
    assert (await web.admin.agents.get("far")).labels == {"zone": "b"}


async def test_drained_it_is_given_nothing_through_restarts_until_it_is_resumed(web):
    await web.admin.agents.drain("arranged")
    run = await web.run()
    assert await web.arrange.assign() == []
    await web.arrange.register("arranged")
    assert await web.arrange.assign() == []
    assert (await web.admin.agents.get("arranged")).draining
    await web.admin.agents.resume("arranged")
    assert [ref.run for ref in await web.arrange.assign()] == [run.id]


async def test_it_is_not_removed_while_it_holds_live_runs_and_its_token_goes_with_it(web):
    token = (await web.admin.agents.add("far")).token
    session = await begin(web, token)
    await web.admin.agents.drain("arranged")
    run = await web.run()
    assigned = await web.ask("POST", "agents/far/assignments", token=token, json={"epoch": session["epoch"]})
    assert assigned.json()["items"] == [{"run": run.id, "attempt": 1}]
    with pytest.raises(Conflict, match="yard lost"):
        await web.admin.agents.remove("far")
    web.arrange.clock.turn(60)
    assert (await web.admin.agents.declare_lost(run.id)).status == "retrying"
    await web.admin.agents.remove("far")
    with pytest.raises(NotFound):
        await web.admin.agents.get("far")
    far = web.client(token)
    with pytest.raises(NotAuthenticated):
        await far.agents.get("far")
    await far.aclose()
    (attempt, *_) = await web.arrange.attempts(run.id)
    assert attempt["released"] == 1


async def test_a_servers_own_agent_that_was_removed_comes_back(web):
    port = DatabasePort(web.runtime.session_service(), web.runtime.attempt_streams)
    await port.register(Registration(name="own", scheduler="x", queues=("*",)))
    web.arrange.clock.turn(60)
    await web.admin.agents.remove("own")
    assert (await port.orders()).items == []
    assert (await web.admin.agents.get("own")).epoch == 1


async def test_of_two_servers_with_one_agents_name_the_newer_wins(web):
    ports = [DatabasePort(web.runtime.session_service(), web.runtime.attempt_streams) for _ in range(2)]
    own = Registration(name="own", scheduler="x", queues=("*",))
    for port in ports:
        await port.register(own)
    with pytest.raises(Superseded, match="session 2 has taken its place"):
        await ports[0].orders()
    assert (await ports[1].orders()).items == []


LOST = [
    (Status.QUEUED, "nothing of it runs"),
    (Status.SUCCEEDED, "has ended already"),
]


@pytest.mark.parametrize(("status", "why"), LOST, ids=str)
async def test_what_does_not_run_cannot_be_lost(web, status, why):
    run = await web.arrange.run(status)
    with pytest.raises(Conflict, match=why):
        await web.admin.agents.declare_lost(run)


async def test_a_run_whose_agent_is_heard_of_is_not_lost(web):
    run = await web.arrange.run(Status.RUNNING)
    with pytest.raises(Conflict, match="was heard of"):
        await web.admin.agents.declare_lost(run)
    tracked = await web.tracked()
    with pytest.raises(Conflict, match="only tracked"):
        await web.admin.agents.declare_lost(tracked.id)


@pytest.mark.parametrize("status", [Status.SCHEDULED, Status.STARTING, Status.RUNNING])
async def test_a_lost_run_is_tried_again_and_its_old_attempt_is_stopped_when_it_turns_up(web, status):
    run = await web.arrange.run(status)
    old = await web.arrange.current(run)
    web.arrange.clock.turn(60)
    found = await web.admin.agents.declare_lost(run, "the machine burnt down")
    again = await web.admin.agents.declare_lost(run, "again")
    assert (found.status, again.status, found.attempts[0].reason) == ("retrying", "retrying", "lost")
    rows = await web.runtime.database.read(lambda tx: activities.of_run(tx, run, kind="declared_lost"))
    assert [(row["actor"], json.loads(row["data"])["message"]) for row in rows] == [
        ("user:admin", "the machine burnt down")
    ]
    web.arrange.clock.turn(60)
    assert await web.arrange.reconcile(run) is Status.QUEUED
    assert {order.ref: order.todo for order in await web.arrange.orders()} == {old: "stop"}


async def test_a_lost_run_that_was_to_be_stopped_is_stopped(web):
    run = await web.arrange.run(Status.STOPPING)
    web.arrange.clock.turn(60)
    assert (await web.admin.agents.declare_lost(run)).status == "stopped"


async def test_without_retries_left_a_lost_run_has_failed(web):
    run = await web.arrange.run(Status.RUNNING)
    await web.runtime.database.write(lambda tx: tx.run("UPDATE run SET platform_failures = 99 WHERE id = ?", run))
    web.arrange.clock.turn(60)
    found = await web.admin.agents.declare_lost(run, "gone")
    assert (found.status, found.reason) == ("failed", "lost")
    assert "declared lost by user:admin: gone" in found.message
