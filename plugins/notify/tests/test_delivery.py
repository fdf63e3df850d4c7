"""From the end of a run to a signed request, through a real server: retries, replay, and what is refused."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from contextlib import asynccontextmanager

import msgspec
import pytest
from http_receiver import receiving

from trainyard.client.models import CreateRun
from trainyard_core.db import jobs
from trainyard_core.lifecycle import Status
from trainyard_core.testing.background import until, working
from trainyard_notify import outbox
from trainyard_notify.notice import Notice
from trainyard_notify.outbox import Route

KEY = "geheim-key-5c1e"
RULE = {"connection": "hook", "events": ["failed"]}


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("NOTIFY_TEST_KEY", KEY)


async def connect(web, url, name="hook"):
    body = {"kind": "webhook", "fields": {"url": url}, "secrets": {"key": {"env": "NOTIFY_TEST_KEY"}}}
    answer = await web.ask("PUT", f"connections/{name}", json=body)
    assert answer.status_code in (200, 201), answer.text


async def rule(web, name="ends", body=RULE, **more):
    return await web.ask("PUT", f"notify/projects/default/rules/{name}", json=body, **more)


async def end(web, status=Status.FAILED):
    """The id of a run that has ended so."""
    run = (await web.tracked()).id
    assert await web.arrange.move(run, status)
    return run


@asynccontextmanager
async def observed(web):
    """The observers are told of what happens within the block; jobs are done when `jobs_done` is within it."""
    async with working(web.runtime.observer_runner().run()):
        yield


async def waiting(web, **only):
    """The jobs that send and are not done."""
    found = await web.runtime.database.read(lambda tx: jobs.page(tx, after=0, limit=100, plugin="notify", **only))
    return [row for row in found if row["name"] == "send"]


async def job_in(web, state):
    async def found():
        return await waiting(web, state=state)

    return (await until(found))[0]


async def failed_job(web):
    """A job that has failed and waits for its next try."""

    async def found():
        return [row for row in await waiting(web, state="waiting") if row["error"]]

    return (await until(found))[0]


def signed(headers, body, key):
    """Whether a request is genuine, as docs/notifications.md tells a receiver to check it."""
    said = headers["x-trainyard-timestamp"].encode() + b"." + body
    expected = "v1=" + hmac.new(key.encode(), said, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, headers["x-trainyard-signature"])


async def test_the_end_of_a_run_is_sent_signed_to_the_receiver(web, receiver):
    await connect(web, receiver.url)
    assert (await rule(web)).status_code == 200
    async with observed(web), working(web.runtime.run_jobs()):
        fine, bad = await end(web, Status.SUCCEEDED), await end(web)
        await until(lambda: _requests(receiver, 1))
    ((first, headers, body),) = receiver.requests
    assert first == "POST /hook/geheim-path HTTP/1.1"
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert signed(headers, body, KEY)
    assert not signed(headers, body + b" ", KEY)
    told = json.loads(body)
    assert (told["run"], told["status"], told["project"], told["rule"]) == (bad, "failed", "default", "ends")
    assert headers["x-trainyard-event"] == str(told["event"])
    assert fine not in body.decode()


async def _requests(receiver, number):
    return len(receiver.requests) >= number


async def test_a_failure_of_the_receiver_is_tried_again(web, receiver):
    await connect(web, receiver.url)
    await rule(web)
    receiver.answers = [500, 204]
    async with observed(web), working(web.runtime.run_jobs()):
        await end(web)
        await until(lambda: _requests(receiver, 1))
        failed = await failed_job(web)
        assert failed["error"] == "DeliveryFailed: the receiver answers 500"
        assert (await web.ask("POST", f"jobs/{failed['id']}/retry")).status_code == 200  # and not wait for its time
        await until(lambda: _requests(receiver, 2))
        await until(lambda: _none(web))
    first, second = receiver.requests
    assert first[1]["x-trainyard-event"] == second[1]["x-trainyard-event"]
    assert all(signed(headers, body, KEY) for _, headers, body in receiver.requests)


async def _none(web):
    return not await waiting(web)


@pytest.fixture
async def once(web):
    """A notification is dead after one try."""
    known = web.runtime.job_queue.known
    known["notify", "send"] = msgspec.structs.replace(known["notify", "send"], attempts=1)
    return web


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # whose clock is turned by hand
async def test_a_receiver_that_says_when_it_can_be_asked_again_is_left_alone_until_then(web, receiver):
    """Also when the run goes on meanwhile."""
    await connect(web, receiver.url)
    await rule(web, body=EVERY)
    run = await web.arrange.run(Status.STARTING)
    busy = b"HTTP/1.1 429 X\r\nRetry-After: 90\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    receiver.answers = [busy]
    async with observed(web), working(web.runtime.run_jobs()):
        assert await web.arrange.move(run, Status.RUNNING)
        failed = await failed_job(web)
        assert failed["error"] == "ReceiverBusy: the receiver answers 429"
        assert failed["due_at"] == web.arrange.clock.now() + 90_000_000
        web.arrange.clock.turn(89)
        assert await web.arrange.move(run, Status.RETRYING)
        await until(lambda: _waits_again(web, failed))
        assert len(receiver.requests) == 1
        web.arrange.clock.turn(1)
        web.runtime.wake_jobs()
        await until(lambda: _requests(receiver, 3))
    assert [status for _, status in told(receiver)] == ["running", "running", "retrying"]


async def _waits_again(web, before):
    """The job was called once more, and is due as before."""
    (now,) = await waiting(web)
    return now["epoch"] > before["epoch"] and (now["state"], now["due_at"]) == ("waiting", before["due_at"])


async def test_a_notification_that_was_given_up_is_a_dead_job_and_is_sent_when_that_is_retried(once, receiver):
    web = once
    await connect(web, receiver.url)
    await rule(web)
    receiver.answers = [503]
    async with observed(web), working(web.runtime.run_jobs()):
        run = await end(web)
        dead = await job_in(web, "dead")
        assert len(receiver.requests) == 1
        await web.ask("POST", f"jobs/{dead['id']}/retry")
        await until(lambda: _requests(receiver, 2))
        await until(lambda: _none(web))
    assert json.loads(receiver.requests[1][2])["run"] == run


async def given_up(web, run_of=end):
    """The error of a notification after one try."""
    async with observed(web), working(web.runtime.run_jobs()):
        await run_of(web)
        return (await job_in(web, "dead"))["error"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is sent has nothing to do with it
class TestRefused:
    async def test_a_redirect_is_not_followed(self, once, receiver):
        place = f"Location: http://127.0.0.1:{receiver.port}/other\r\n"
        receiver.answers = [f"HTTP/1.1 307 X\r\n{place}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()]
        await connect(once, receiver.url)
        await rule(once)
        assert "307: a redirect, which is not followed" in await given_up(once)
        assert len(receiver.requests) == 1

    @pytest.mark.parametrize("settings", [{}, {"notify": {"allow_private": False}}], ids=["default", "false"])
    async def test_a_private_address_is_refused_unless_the_settings_allow_it(self, once, receiver):
        await connect(once, receiver.url)
        await rule(once)
        said = await given_up(once)
        assert "private, loopback or reserved address" in said
        assert receiver.requests == []

    @pytest.mark.parametrize("settings", [{"notify": {"allow_private": True, "timeout": 0.2}}], ids=["0.2 s"])
    async def test_a_receiver_that_does_not_answer_is_given_up(self, once, receiver):
        async def hang(writer):
            await writer.wait_closed()

        receiver.answers = [hang]
        await connect(once, receiver.url)
        await rule(once)
        assert "does not answer within 0.2 s" in await given_up(once)

    @pytest.mark.parametrize("settings", [{"notify": {"allow_private": True, "timeout": 0.5}}], ids=["0.5 s"])
    async def test_a_head_that_comes_byte_by_byte_for_ever_is_given_up(self, once, receiver):
        async def drip(writer):
            writer.write(b"HTTP/1.1 200 X\r\nA: ")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0)  # drain() of a buffer that is not full does not let others run

        receiver.answers = [drip]
        await connect(once, receiver.url)
        await rule(once)
        said = await given_up(once)
        assert "does not answer within 0.5 s" in said or "the request fails" in said

    async def test_a_project_that_may_not_use_the_connection_any_more_sends_nothing(self, once, receiver):
        await connect(once, receiver.url)
        await rule(once)
        changed = await once.ask("PATCH", "projects/default", json={"connections": ["other-*"]})
        assert changed.status_code == 200, changed.text
        assert "may not use connection 'hook'" in await given_up(once)
        assert receiver.requests == []

    async def test_a_connection_that_was_removed_sends_nothing(self, once, receiver):
        await connect(once, receiver.url)
        await rule(once)
        await once.ask("DELETE", "connections/hook")
        assert "no connection 'hook'" in await given_up(once)
        assert receiver.requests == []

    async def test_a_secret_that_is_missing_is_told_and_nothing_is_sent(self, once, receiver, monkeypatch):
        await connect(once, receiver.url)
        await rule(once)
        monkeypatch.delenv("NOTIFY_TEST_KEY")
        assert "NOTIFY_TEST_KEY" in await given_up(once)
        assert receiver.requests == []

    async def test_an_owner_who_may_not_write_any_more_sends_nothing(self, once, receiver):
        await connect(once, receiver.url)
        member = await once.role("member")
        assert (await rule(once, token=member)).status_code == 200
        await once.role("viewer")
        change = "UPDATE principal SET role = 'viewer' WHERE name = 'member'"
        await once.runtime.database.write(lambda tx: tx.run(change))
        assert "may not write" in await given_up(once)
        assert receiver.requests == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_endless_answer_is_cut_off(web, receiver):
    cut = []

    async def endless(writer):
        writer.write(b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except ConnectionError:
            cut.append(True)
            raise

    receiver.answers = [endless]
    await connect(web, receiver.url)
    await rule(web)
    async with observed(web), working(web.runtime.run_jobs()):
        await end(web)
        await until(lambda: _cut(cut))
        await until(lambda: _none(web))
    assert len(receiver.requests) == 1


async def _cut(cut):
    return cut


async def test_a_rule_is_tried_at_once_and_what_the_receiver_says_is_told(web, receiver):
    await connect(web, receiver.url)
    await rule(web)
    receiver.answers = [204, 500]
    answers = [await web.ask("POST", "notify/projects/default/rules/ends/test") for _ in range(2)]
    assert [(each.status_code, each.json()) for each in answers] == [
        (200, {"ok": True, "message": ""}),
        (200, {"ok": False, "message": "the receiver answers 500"}),
    ]
    assert told(receiver) == [(0, "failed")] * 2
    assert all(signed(headers, body, KEY) for _, headers, body in receiver.requests)
    assert (await web.ask("POST", "notify/projects/default/rules/end/test")).status_code == 404
    assert await waiting(web) == []


async def test_an_event_that_comes_again_while_its_job_waits_is_sent_once(web, receiver):
    await connect(web, receiver.url)
    await rule(web)
    await given_again(web, await end(web))
    assert len(await waiting(web)) == 1


async def given_again(web, run):
    """Observers are given the end of a run twice more."""
    platform = web.runtime.platforms.of("notify")
    event = next(each for each in await platform.activities.after(await platform.actor("user:admin"), 0)
                 if each.run == run and each.data.get("status") == "failed")  # fmt: skip
    (observer,) = [each for _, each in web.runtime.registry.observers if each.name == "ends"]
    for _ in range(2):
        await observer.handle(platform, event)


async def _later(web, ask):
    """Ask when a second more has passed: a job that failed is tried again."""
    web.arrange.clock.turn(1)
    web.runtime.wake_jobs()
    return await ask()


EVERY = {"connection": "hook", "events": ["running", "retrying", "succeeded", "failed"]}


async def again_and_again(web):
    """A run is tried twice."""
    run = await web.arrange.run(Status.STARTING)
    for status in (Status.RUNNING, Status.RETRYING, Status.FAILED):
        assert await web.arrange.move(run, status)


def told(receiver):
    return [(json.loads(body)["event"], json.loads(body)["status"]) for _, _, body in receiver.requests]


async def test_notices_of_one_run_arrive_in_order_while_the_first_fails(web, receiver):
    await connect(web, receiver.url)
    await rule(web, body=EVERY)
    receiver.answers = [500, 500]
    async with observed(web), working(web.runtime.run_jobs()):
        await again_and_again(web)
        await until(lambda: _later(web, lambda: _requests(receiver, 5)))
        await until(lambda: _none(web))
    events = told(receiver)
    assert [status for _, status in events] == ["running"] * 3 + ["retrying", "failed"]
    assert [*dict.fromkeys(events)] == sorted({*events})


async def test_a_dead_job_holds_what_is_later_and_replays_all_in_order(once, receiver):
    web = once
    await connect(web, receiver.url)
    await rule(web, body=EVERY)
    run = await web.arrange.run(Status.STARTING)
    receiver.answers = [503, 503]
    async with observed(web), working(web.runtime.run_jobs()):
        await web.arrange.move(run, Status.RUNNING)
        await job_in(web, "dead")
        await web.arrange.move(run, Status.RETRYING)  # has the oldest one sent again
        await until(lambda: _requests(receiver, 2))
        dead = await job_in(web, "dead")
        assert {status for _, status in told(receiver)} == {"running"}
        await web.ask("POST", f"jobs/{dead['id']}/retry")
        await until(lambda: _requests(receiver, 4))
    assert [status for _, status in told(receiver)] == ["running", "running", "running", "retrying"]


async def test_what_a_removed_job_held_is_not_sent_with_later_notices(once, receiver):
    web = once
    await connect(web, receiver.url)
    await rule(web, body=EVERY)
    run = await web.arrange.run(Status.STARTING)
    receiver.answers = [503]
    async with observed(web), working(web.runtime.run_jobs()):
        await web.arrange.move(run, Status.RUNNING)
        dead = await job_in(web, "dead")
        await web.ask("DELETE", f"jobs/{dead['id']}")
        await web.arrange.move(run, Status.RETRYING)
        await until(lambda: _requests(receiver, 2))
        await until(lambda: _none(web))
    assert [status for _, status in told(receiver)] == ["running", "retrying"]


async def test_an_event_that_comes_again_after_it_was_sent_is_not_sent_again(web, receiver):
    await connect(web, receiver.url)
    await rule(web)
    async with observed(web), working(web.runtime.run_jobs()):
        run = await end(web)
        await until(lambda: _requests(receiver, 1))
        await until(lambda: _none(web))
    await given_again(web, run)
    assert await waiting(web) == []


async def test_what_was_taken_is_forgotten_after_a_day_and_what_nobody_takes_after_thirty(web):
    database, day = web.runtime.platforms.of("notify").database, outbox.DAY
    routes = [Route(project="default", run=str(number), rule="ends") for number in range(3)]
    note = Notice(event=7, rule="ends", project="default", run="0", status="failed", at=0)

    async def write(work):
        await database.write(work)
        return [
            row["run"] for row in await database.read(lambda tx: tx.all("SELECT run FROM notify_outbox ORDER BY run"))
        ]

    async def fill(tx):
        for at, route in zip((0, 0, day * 3), routes, strict=True):
            await outbox.add(tx, route, note, at=at)
        await outbox.take(tx, routes[0], 7, job=1, at=day)

    assert await write(fill) == ["0", "1", "2"]
    assert await write(lambda tx: outbox.tidy(tx, at=2 * day - 1)) == ["0", "1", "2"]
    assert await write(lambda tx: outbox.tidy(tx, at=2 * day)) == ["1", "2"]
    assert await write(lambda tx: outbox.tidy(tx, at=30 * day)) == ["2"]


NOTIFIED = """
version: 1.1
kind: component
name: notified
plugins:
  notifications:
  - {trigger: running, connections: [hook]}
  - {trigger: done, connections: [hook, other]}
run: {kind: job, container: {command: [sh, -c, exit 0]}}
"""


async def test_what_an_operation_asks_for_is_sent_in_order_through_each_connection(web, receiver):
    async with receiving() as other:
        await connect(web, receiver.url)
        await connect(web, other.url, name="other")
        run = (await web.admin.runs.create(CreateRun(content=NOTIFIED))).id
        again = (await web.admin.runs.restart(run)).id
        async with observed(web), working(web.runtime.run_jobs()):
            for each in (run, again):
                assert await web.arrange.claim(each)
                for status in (Status.STARTING, Status.RUNNING, Status.FAILED):
                    assert await web.arrange.move(each, status)
            await until(lambda: _requests(receiver, 4))
            await until(lambda: _requests(other, 2))
            await until(lambda: _none(web))
    assert {(json.loads(body)["run"], json.loads(body)["rule"]) for _, _, body in other.requests} == {
        (run, ""),
        (again, ""),
    }
    for each in (run, again):
        assert [json.loads(body)["status"] for _, _, body in receiver.requests if each in body.decode()] == [
            "running",
            "failed",
        ]
    database = web.runtime.platforms.of("notify").database
    assert await database.read(lambda tx: tx.all("SELECT * FROM notify_request")) == []


async def test_an_operation_whose_connection_is_forbidden_by_now_sends_nothing(once, receiver):
    web = once
    await connect(web, receiver.url)
    await connect(web, receiver.url, name="other")
    run = (await web.admin.runs.create(CreateRun(content=NOTIFIED))).id
    assert (await web.ask("PATCH", "projects/default", json={"connections": ["other"]})).is_success
    async with observed(web), working(web.runtime.run_jobs()):
        assert await web.arrange.move(run, Status.STOPPED)
        dead = await job_in(web, "dead")
        await until(lambda: _requests(receiver, 1))
    assert (dead["key"], "may not use connection 'hook'" in dead["error"]) == (f"connection:hook:{run}", True)


async def test_a_rule_that_was_deleted_sends_nothing(web, receiver):
    await connect(web, receiver.url)
    await rule(web)
    async with observed(web):
        await end(web)
        await until(lambda: waiting(web))
    assert (await web.ask("DELETE", "notify/projects/default/rules/ends")).status_code == 204
    async with working(web.runtime.run_jobs()):
        await until(lambda: _none(web))
    assert receiver.requests == []


async def test_rules_of_a_deleted_project_are_removed(web, receiver):
    await connect(web, receiver.url)
    await web.admin.projects.create("vision")
    assert (await web.ask("PUT", "notify/projects/vision/rules/ends", json=RULE)).status_code == 200
    note = Notice(event=7, rule="ends", project="vision", run="01a2", status="failed", at=0)
    route = Route(project="vision", run="01a2", rule="ends")
    await web.runtime.platforms.of("notify").database.write(lambda tx: outbox.add(tx, route, note, at=0))
    async with observed(web):
        await web.ask("POST", "projects/vision/archive")
        assert (await web.ask("DELETE", "projects/vision")).status_code in (200, 202, 204)

        async def gone():
            database = web.runtime.platforms.of("notify").database
            left = "SELECT name FROM notify_rule UNION ALL SELECT rule FROM notify_outbox"
            return await database.read(lambda tx: tx.all(left)) == []

        await until(gone)
