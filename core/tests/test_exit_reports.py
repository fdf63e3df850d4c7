"""The runner of an attempt reports its exit with the run's token: the run ends as if its agent had seen it, once."""

from __future__ import annotations

import pytest

from trainyard_core.contracts.workload import AttemptRef, Exit, Phase
from trainyard_core.db.tokens import run_token
from trainyard_core.lifecycle import Status


async def report(web, run, attempt=1, *, token="", **end):
    token = token or run_token(web.runtime.secret, run, attempt, at=web.arrange.clock.now())
    return await web.ask("POST", f"projects/default/runs/{run}/exit", token=token, json=end)


@pytest.mark.parametrize(
    ("end", "status", "reason"),
    [
        ({"code": 0}, "succeeded", ""),
        ({"code": 3, "last_lines": ["oops"]}, "failed", "exit_code"),
        ({"signal": 9, "reason": "oom_killed", "message": "out of memory"}, "failed", "oom_killed"),
    ],
)
async def test_a_run_ends_as_its_runner_says_and_what_its_agent_says_later_changes_nothing(web, end, status, reason):
    run = await web.arrange.run(Status.RUNNING)
    for _ in range(2):
        assert (await report(web, run, **end)).status_code == 204
    found = await web.admin.runs.get(run)
    assert (found.status, found.reason) == (status, reason)
    (attempt,) = found.attempts
    assert (attempt.exit_code, attempt.observation.phase) == (end.get("code"), "exited")
    before = await web.arrange.attempts(run)
    await web.arrange.report(AttemptRef(run, 1), Phase.EXITED, exit=Exit(code=77))
    assert await web.arrange.attempts(run) == before
    statuses = [each.status async for each in web.admin.runs.statuses(run)]
    assert statuses.count(status) == 1


async def test_what_the_agent_has_seen_before_stays(web):
    run = await web.arrange.run(Status.RUNNING)
    await web.arrange.report(AttemptRef(run, 1), Phase.EXITED, exit=Exit(code=0))
    assert (await report(web, run, code=1)).status_code == 204
    assert (await web.admin.runs.get(run)).status == "succeeded"


async def test_a_run_drains_before_it_ends(web):
    run = await web.arrange.run(Status.RUNNING)
    assert (await report(web, run, code=0, writers={"a" * 32: 3})).status_code == 204
    found = await web.admin.runs.get(run)
    assert (found.status, found.reason) == ("running", "draining")
    assert [order.todo for order in await web.arrange.orders()] == ["observe"]


async def test_an_attempt_that_was_given_up_changes_its_run_no_more(web):
    run = await web.arrange.run(Status.RUNNING)
    web.arrange.clock.turn(3600)
    assert (await web.admin.agents.declare_lost(run)).status == "retrying"
    assert (await report(web, run, 1, code=0)).status_code == 204
    found = await web.admin.runs.get(run)
    assert (found.status, found.attempts[0].exit_code) == ("retrying", 0), "it is kept for people to read"


async def test_only_the_runner_of_the_attempt_may(web):
    run, other = await web.arrange.run(Status.RUNNING), await web.arrange.run(Status.RUNNING)
    foreign = run_token(web.runtime.secret, other, 1, at=web.arrange.clock.now())
    assert (await report(web, run, token=web.token, code=0)).status_code == 403
    assert (await report(web, run, token=foreign, code=0)).status_code in (403, 404)
    assert (await report(web, run, 2, code=0)).status_code == 404
    assert (await web.admin.runs.get(run)).status == "running"


@pytest.mark.parametrize(
    "end", [{"code": 2**40}, {"code": "x"}, {"started_at": 1e300}, {"colour": "red"}, {"writers": {"a": "b"}}]
)
async def test_an_exit_that_none_can_be_is_refused(web, end):
    run = await web.arrange.run(Status.RUNNING)
    assert (await report(web, run, **end)).status_code == 422
    assert (await web.admin.runs.get(run)).status == "running"
