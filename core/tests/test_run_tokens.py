"""A run's own token: how long it is good, and who gets another one for it."""

from __future__ import annotations

import pytest
from run_factory import end, ended, let_go, started
from web import BASE

from trainyard.client.errors import Conflict, NotAllowed, NotAuthenticated, NotFound
from trainyard.client.models import CreateRun
from trainyard_core.db import tokens
from trainyard_core.db.tokens import run_claim, run_token
from trainyard_core.testing.frames import lines, metric

W = "1" * 32
HOURS = 3600


async def renew(web, run, token):
    client = web.client(token)
    try:
        return await client.runs.renew_token(run.id)
    finally:
        await client.aclose()


async def reads(web, run, token):
    return (await web.ask("GET", f"{BASE}/{run.id}", token=token)).status_code


async def test_a_token_lives_a_day_and_is_renewed_before_and_after_its_end(web):
    run = await started(web)
    old = web.of_run(run.id)
    web.arrange.clock.turn(12 * HOURS)
    fresh = await renew(web, run, old)
    assert await reads(web, run, fresh.token) == await reads(web, run, old) == 200
    web.arrange.clock.turn(13 * HOURS)
    assert (await reads(web, run, old), await reads(web, run, fresh.token)) == (401, 200)
    again = await renew(web, run, old)
    assert await reads(web, run, again.token) == 200
    web.arrange.clock.turn(30 * 24 * HOURS)
    last = await renew(web, run, again.token)
    answer = await web.ask("POST", f"{BASE}/{run.id}/frames", token=last.token, content=lines(W, 1, "late"))
    assert answer.status_code == 200
    assert fresh.token not in repr(fresh)


async def test_the_answer_says_when_it_expires(web):
    run = await started(web)
    fresh = await renew(web, run, web.of_run(run.id))
    claim = run_claim(web.runtime.secret, fresh.token)
    assert claim.expires_at == web.arrange.clock.now() + tokens.LIFE
    assert fresh.expires_at.endswith("Z")


async def test_it_is_renewed_until_its_attempt_is_let_go(web):
    run = await end(web, await started(web), metric(W, 1, {"loss": [1.0]}))
    token = web.of_run(run.id)
    assert await renew(web, run, token)
    await let_go(web, run)
    with pytest.raises(Conflict, match="is over"):
        await renew(web, run, token)


async def test_a_tracked_runs_token_is_renewed_until_the_run_has_ended(web):
    run = await web.tracked()
    token = web.of_run(run.id)
    web.arrange.clock.turn(48 * HOURS)
    assert await reads(web, run, (await renew(web, run, token)).token) == 200
    await web.admin.runs.stop(run.id)
    with pytest.raises(Conflict):
        await renew(web, run, token)


async def test_no_other_token_gets_one(web):
    run, other = await started(web), await web.tracked()
    token = web.of_run(run.id)
    body, _, signature = token.rpartition(".")
    forged = [
        f"{body}.{'A' * len(signature)}",
        token.replace(run.id, other.id),
        run_token(b"another secret", run.id, 1, at=web.arrange.clock.now()),
        web.token,
        "",
        "tyr.",
    ]
    for each in forged:
        answer = await web.ask("POST", f"{BASE}/{run.id}/token", token=each)
        assert answer.status_code == 401, each
    with pytest.raises(NotFound):
        await renew(web, other, token)
    with pytest.raises(NotAuthenticated):
        await renew(web, run, web.token)


async def test_an_attempt_that_never_was_gets_none(web):
    run = await started(web)
    token = run_token(web.runtime.secret, run.id, 7, at=web.arrange.clock.now())
    with pytest.raises(Conflict):
        await renew(web, run, token)


async def test_a_deleted_runs_token_is_worth_nothing(web):
    run = await end(web, await started(web))
    token = web.of_run(run.id)
    await web.admin.runs.delete(run.id)
    with pytest.raises(NotFound):
        await renew(web, run, token)


async def test_a_run_reads_its_own_project(web):
    mine, sibling = await started(web), await web.run(name="sibling")
    await web.admin.runs.append((await web.tracked()).id, metric(W, 1, {"loss": [1.0]}))
    client = web.client(web.of_run(mine.id))
    assert (await client.runs.get(sibling.short_id)).name == "sibling"
    assert [run.name async for run in client.runs.list(q="name:sibling")] == ["sibling"]
    assert len([run async for run in client.runs.list(q="metrics.loss:1")]) == 1
    for change in (client.runs.stop(sibling.id), client.runs.append(sibling.id, metric(W, 1, {"loss": [1.0]}))):
        with pytest.raises(NotAllowed):
            await change
    with pytest.raises(NotFound):
        await client.runs.get("ffffffff")
    await client.aclose()


async def test_elsewhere_a_run_is_told_that_its_token_may_not_and_not_what_there_is(web):
    mine = await started(web)
    await web.admin.projects.create("other")
    there = await web.admin.runs.create(CreateRun(managed=False), project="other")
    told = []
    for project, run in (("other", there.id), ("other", mine.id), ("other", "f" * 36), ("none", there.id)):
        for path in (f"runs/{run}", f"runs/{run}/metrics", "runs", "activities"):
            told.append(await web.ask("GET", f"projects/{project}/{path}", token=web.of_run(mine.id)))
    assert {(answer.status_code, answer.json()["code"]) for answer in told} == {(403, "forbidden")}
    assert len({answer.json()["detail"] for answer in told}) == 1
    assert "its own project only" in told[0].json()["detail"]


@pytest.mark.parametrize("several", [False, True], ids=["one", "bulk"])
async def test_the_token_of_a_deleted_run_reads_nothing(web, several):
    mine, sibling = await ended(web), await web.tracked()
    token = web.of_run(mine.id)
    assert await reads(web, sibling, token) == 200
    if several:
        await web.ask("POST", f"{BASE}/bulk", json={"action": "delete", "refs": [mine.id]})
    else:
        await web.admin.runs.delete(mine.id)
    assert await reads(web, mine, token) == await reads(web, sibling, token) == 404
    assert (await web.ask("GET", BASE, token=token)).status_code == 403
