"""Tokens of one owner do not reach further by each other: a narrow one neither is given, nor makes, nor outlives, nor
ends what a wider one may."""

from __future__ import annotations

import asyncio

import pytest
from web import BASE, serving, token_of

from trainyard_core.clock import SECOND
from trainyard_core.db import tokens
from trainyard_core.db.tokens import NewToken
from trainyard_core.testing.frames import lines

KEY = {"Idempotency-Key": "make-ci"}
HOUR = 3600


async def ask(web, method, path, body=None, *, token=None, **more):
    return await web.ask(method, path, token=token, json=body, **more)


async def narrow(web, **fields):
    """A token of the admin, narrowed."""
    return await token_of(web.runtime, "admin", role="admin", at=web.arrange.clock.now(), **fields)


async def ids(web):
    return {each["name"]: each for each in (await ask(web, "GET", "tokens?principal=*&limit=100")).json()["items"]}


async def test_what_a_key_stands_for_is_told_to_the_token_that_used_it_only(web):
    wide = (await ask(web, "POST", "tokens", {"name": "ci"}, headers=KEY)).json()
    reader = await narrow(web, scopes=("read",), projects=("default",))
    other = (await ask(web, "POST", "tokens", {"name": "ci"}, token=reader, headers=KEY)).json()
    assert other["token"] != wide["token"]
    assert (other["scopes"], other["projects"]) == (["read"], ["default"])


CREATIONS = [
    ("POST", "projects/default/runs", {"managed": False}, "id"),
    ("POST", "agents", {"name": "far"}, "token"),
    ("POST", "projects", {"name": "new"}, "name"),
]


@pytest.mark.parametrize(("method", "path", "body", "field"), CREATIONS, ids=[each[1] for each in CREATIONS])
async def test_a_request_comes_again_for_its_own_token_only(web, method, path, body, field):
    first = await ask(web, method, path, body, headers=KEY)
    again = await ask(web, method, path, body, headers=KEY)
    assert first.json()[field] == again.json()[field] != ""
    other = await ask(web, method, path, body, token=await narrow(web), headers=KEY)
    assert other.status_code == 409 or other.json()[field] != first.json()[field]


async def test_a_key_that_has_been_forgotten_makes_another_token(web):
    first = (await ask(web, "POST", "tokens", {"name": "ci"}, headers=KEY)).json()
    await web.runtime.database.write(lambda tx: tx.run("DELETE FROM idempotency"))
    again = await ask(web, "POST", "tokens", {"name": "ci"}, headers=KEY)
    assert again.status_code == 201, again.text
    assert again.json()["token"] not in ("", first["token"])
    for each in (first, again.json()):
        assert (await ask(web, "GET", "whoami", token=each["token"])).status_code == 200


async def test_a_token_expires_no_later_than_the_one_it_was_made_with(web):
    at = web.arrange.clock.now()
    short = await narrow(web, expires_at=at + HOUR * SECOND)
    made = (await ask(web, "POST", "tokens", {"name": "forever"}, token=short)).json()
    inner = (await ask(web, "POST", "tokens", {"name": "short", "expires_in": 60}, token=short)).json()
    late = await ask(web, "POST", "tokens", {"name": "late", "expires_in": 2 * HOUR}, token=short)
    assert (late.status_code, "expires at" in late.json()["detail"]) == (403, True)
    web.arrange.clock.turn(61)
    statuses = [(await ask(web, "GET", "whoami", token=each["token"])).status_code for each in (made, inner)]
    assert statuses == [200, 401]
    web.arrange.clock.turn(HOUR)
    assert (await ask(web, "GET", "whoami", token=made["token"])).status_code == 401


async def test_a_token_is_revoked_with_the_one_it_was_made_with_however_far_removed(web):
    await ask(web, "POST", "service-accounts", {"name": "robot", "role": "member"})
    first = (await ask(web, "POST", "tokens", {"name": "first"})).json()
    second = (await ask(web, "POST", "tokens", {"name": "second"}, token=first["token"])).json()
    third = (await ask(web, "POST", "tokens", {"principal": "robot"}, token=second["token"])).json()
    beside = (await ask(web, "POST", "tokens", {"name": "beside"})).json()
    assert [each["parent"] for each in (second, third)] == [first["id"], second["id"]]
    assert (await ask(web, "DELETE", f"tokens/{first['id']}")).status_code == 204
    found = [(await ask(web, "GET", "whoami", token=t["token"])).status_code for t in (first, second, third, beside)]
    assert found == [401, 401, 401, 200]
    told = await web.runtime.database.read(lambda tx: tx.all("SELECT * FROM activity WHERE kind = 'token_revoked'"))
    assert len(told) == 3


async def test_a_token_that_is_made_while_its_own_is_revoked_is_revoked_too(postgres_url, tmp_path):
    """Whichever of the two commits first: the new token is refused, or it is revoked with the one that made it."""
    async with serving(postgres_url, tmp_path / "data") as web:
        for _ in range(5):
            own = (await ask(web, "POST", "tokens", {"name": "own"})).json()
            made, _ = await asyncio.gather(
                ask(web, "POST", "tokens", {"name": "new"}, token=own["token"]),
                ask(web, "DELETE", f"tokens/{own['id']}"),
            )
            new = made.json().get("token") or own["token"]
            assert (await ask(web, "GET", "whoami", token=new)).status_code == 401


async def test_making_a_token_holds_the_one_it_is_made_with(postgres_url, tmp_path):
    """The order in which it would be missed: the revocation begins before the new token is committed."""
    async with serving(postgres_url, tmp_path / "data") as web:
        database, at = web.runtime.database, web.arrange.clock.now()
        own = (await ask(web, "POST", "tokens", {"name": "own"})).json()
        text, held, ended = tokens.generate(), asyncio.Event(), asyncio.Event()

        async def make(tx):
            assert await tokens.hold(tx, own["id"], at=at)
            held.set()
            while not await tx.one("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' LIMIT 1"):
                await tx.run("SELECT pg_sleep(0.01), pg_stat_clear_snapshot()")
            await tokens.create(tx, text, NewToken(principal="admin", parent=own["id"]), at=at)

        async def revoke():
            await held.wait()
            await ask(web, "DELETE", f"tokens/{own['id']}")
            ended.set()

        async with asyncio.timeout(30):
            await asyncio.gather(database.write(make), revoke())
        assert (await ask(web, "GET", "whoami", token=text)).status_code == 401


@pytest.mark.parametrize("fields", [{"scopes": ["read"]}, {"projects": ["default"]}, {"scopes": ["admin"]}])
async def test_a_narrow_token_revokes_itself_and_no_other(web, fields):
    token = (await ask(web, "POST", "tokens", {"name": "narrow", **fields})).json()["token"]
    await ask(web, "POST", "tokens", {"name": "sibling"})
    known = await ids(web)
    for name in ("sibling", ""):
        answer = await ask(web, "DELETE", f"tokens/{known[name]['id']}", token=token)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await ask(web, "GET", "whoami")).status_code == 200
    assert (await ask(web, "DELETE", f"tokens/{known['narrow']['id']}", token=token)).status_code == 204
    assert (await ask(web, "GET", "whoami", token=token)).status_code == 401


async def test_a_token_that_may_not_act_as_an_agent_makes_none_that_may(web):
    token = await narrow(web, scopes=("read", "admin"))
    assert (await ask(web, "POST", "agents", {"name": "a"}, token=token)).status_code == 403
    assert (await ask(web, "POST", "agents", {"name": "a"})).status_code == 201
    assert (await ask(web, "POST", "agents/a/token", token=token)).status_code == 403


ALONE = [("track", "POST", "/frames", 200), ("write", "POST", "/stop", 200), ("track", "POST", "/stop", 403)]


@pytest.mark.parametrize(("scope", "method", "path", "status"), ALONE)
async def test_a_scope_works_without_the_scope_to_read(web, scope, method, path, status):
    run = await web.tracked()
    token = await narrow(web, scopes=(scope,), projects=("default",))
    more = {"content": lines("1" * 32, 1, "a")} if path == "/frames" else {}
    answer = await web.ask(method, f"{BASE}/{run.id}{path}", token=token, **more)
    assert answer.status_code == status, answer.text
    read = await web.ask("GET", f"{BASE}/{run.id}", token=token)
    assert (read.status_code, "may not read" in read.json()["detail"]) == (403, True)
    assert (await web.ask("GET", "projects/other/runs", token=token)).status_code == 404
