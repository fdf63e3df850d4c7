"""Tokens: the database's own and those of runs; forged, expired and foreign ones are nobody's."""

from __future__ import annotations

import pytest

from trainyard_core.auth import ADMIN, READ, TRACK, WRITE, may
from trainyard_core.clock import SECOND
from trainyard_core.db import tokens
from trainyard_core.db.tokens import LIFE, Actor, run_actor, run_token

SECRET = b"s" * 32


async def test_a_token_is_known_by_its_hash_only(database):
    token = await database.write(lambda tx: tokens.create(tx, name="me", role="member", at=1))
    actor = await database.read(lambda tx: tokens.by_token(tx, token, at=2))
    assert actor == Actor(name="token:me", role="member")
    rows = await database.read(lambda tx: tx.all("SELECT * FROM token"))
    assert token not in str([dict(row) for row in rows])
    for wrong in ("", "ty.", token[:-1], token + "a", token.upper()):
        assert await database.read(lambda tx, wrong=wrong: tokens.by_token(tx, wrong, at=2)) is None


async def test_revoked_and_expired_tokens_are_nobodys_and_stay_so(database):
    for column in ("revoked_at", "expires_at"):
        token = await database.write(lambda tx: tokens.create(tx, name="me", role="admin", at=1))
        await database.write(lambda tx, c=column: tx.run(f"UPDATE token SET {c} = 5 WHERE {c} IS NULL"))
        assert await database.read(lambda tx, t=token: tokens.by_token(tx, t, at=6)) is None
        await database.write(lambda tx, t=token: tokens.adopt(tx, t, name="me", role="admin", at=7))
        assert await database.read(lambda tx, t=token: tokens.by_token(tx, t, at=8)) is None
        await database.write(lambda tx: tx.run("DELETE FROM token"))


async def test_the_instance_secret_is_made_once(database):
    first = await database.write(tokens.instance_secret)
    assert await database.write(tokens.instance_secret) == first
    assert len(first) == 32


def test_a_runs_token_stands_for_that_run_until_it_expires():
    token = run_token(SECRET, "r", 2, at=0)
    assert run_actor(SECRET, token, at=LIFE - SECOND) == Actor(name="run:r/2", role="run", run="r")
    assert run_actor(SECRET, token, at=LIFE) is None


@pytest.mark.parametrize(
    "forge",
    [
        lambda t: t.replace("tyr.r.", "tyr.q."),
        lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"),
        lambda t: t.rpartition(".")[0],
        lambda t: t.rpartition(".")[0] + ".",
        lambda t: t.replace(".2.", ".3."),
        lambda t: run_token(b"o" * 32, "r", 2, at=0),
        lambda t: t + "é",
        lambda t: "tyr.é",
        lambda t: "tyr....",
        lambda t: "",
    ],
)
def test_a_forged_token_is_nobodys(forge):
    assert run_actor(SECRET, forge(run_token(SECRET, "r", 2, at=0)), at=1) is None


def test_what_each_role_may():
    allowed = {
        role: {action for action in (READ, WRITE, TRACK, ADMIN) if may(Actor(name="x", role=role), action)}
        for role in ("admin", "member", "viewer", "run", "stranger")
    }
    assert allowed == {
        "admin": {READ, WRITE, TRACK, ADMIN},
        "member": {READ, WRITE, TRACK},
        "viewer": {READ},
        "run": set(),
        "stranger": set(),
    }
    run = Actor(name="x", role="run", run="r")
    assert [may(run, action, run="r") for action in (READ, TRACK, WRITE, ADMIN)] == [True, True, False, False]
    assert not any(may(run, action, run="other") for action in (READ, TRACK, WRITE, ADMIN))
