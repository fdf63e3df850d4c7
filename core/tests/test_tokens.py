"""Tokens: the database's own and those of runs; forged, expired and foreign ones are nobody's."""

from __future__ import annotations

import pytest

from trainyard_core.auth import ADMIN, AGENT, KNOWN, READ, TRACK, WRITE, Actor, may, visible
from trainyard_core.clock import SECOND
from trainyard_core.db import principals, tokens
from trainyard_core.db.tokens import LIFE, NewToken, run_actor, run_token

SECRET = b"s" * 32


async def stored(database, *, role="admin", **narrow) -> str:
    """The text of a stored token of `me`."""
    token = tokens.generate()

    async def work(tx):
        await principals.ensure(tx, "me", kind="user", role=role, at=1)
        await tokens.create(tx, token, NewToken(principal="me", **narrow), at=1)

    await database.write(work)
    return token


async def test_a_token_is_known_by_its_hash_only(database):
    token = await stored(database, role="member", scopes=("read",), projects=("p",))
    actor, expires_at = await database.read(lambda tx: tokens.by_token(tx, token, at=2))
    assert (actor.name, actor.role, actor.scopes, actor.projects) == ("user:me", "member", ("read",), ("p",))
    assert expires_at is None
    rows = await database.read(lambda tx: tx.all("SELECT * FROM token"))
    assert token not in str([dict(row) for row in rows])
    for wrong in ("", "ty.", token[:-1], token + "a", token.upper()):
        assert await database.read(lambda tx, wrong=wrong: tokens.by_token(tx, wrong, at=2)) is None


async def test_revoked_and_expired_tokens_are_nobodys_and_stay_so(database):
    for column in ("revoked_at", "expires_at"):
        token = await stored(database)
        await database.write(lambda tx, c=column: tx.run(f"UPDATE token SET {c} = 5 WHERE {c} IS NULL"))
        assert await database.read(lambda tx, t=token: tokens.by_token(tx, t, at=6)) is None
        await database.write(lambda tx, t=token: tokens.adopt(tx, t, principal="me", at=7))
        assert await database.read(lambda tx, t=token: tokens.by_token(tx, t, at=8)) is None
        await database.write(lambda tx: tx.run("DELETE FROM token"))


async def test_a_disabled_persons_tokens_are_nobodys_until_they_are_let_in_again(database):
    token = await stored(database)
    for disabled in (True, False):
        await database.write(lambda tx, d=disabled: principals.disable(tx, "me", disabled=d, at=2))
        known = await database.read(lambda tx: tokens.by_token(tx, token, at=3))
        assert (known is None) == disabled


async def test_the_instance_secret_is_made_once(database):
    first = await database.write(tokens.instance_secret)
    assert await database.write(tokens.instance_secret) == first
    assert len(first) == 32


def test_a_runs_token_stands_for_that_run_until_it_expires():
    token = run_token(SECRET, "r", 2, at=0)
    actor = Actor(name="run:r/2", role="run", run="r", attempt=2, projects=())
    assert run_actor(SECRET, token, at=LIFE - SECOND) == actor
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


def test_the_higher_of_two_roles_counts_and_only_in_its_project():
    actor = Actor(name="x", role="viewer", roles={"mine": "admin", "less": "viewer"})
    assert [may(actor, WRITE, project=project) for project in ("mine", "less", "other", "")] == [
        True,
        False,
        False,
        False,
    ]
    assert [may(actor, READ, project=project) for project in ("mine", "other", "")] == [True, True, True]
    assert may(Actor(name="x", role="admin", roles={"mine": "viewer"}), ADMIN, project="mine")


def test_a_token_narrows_its_owner():
    reader = Actor(name="x", role="admin", scopes=(READ,))
    assert [may(reader, action, project="p") for action in (READ, WRITE, TRACK, ADMIN, AGENT)] == [True] + [False] * 4
    confined = Actor(name="x", role="admin", projects=("p",))
    assert [may(confined, ADMIN, project=project) for project in ("p", "q", "")] == [True, False, False]
    assert may(confined, KNOWN)
    assert visible(confined) == {"p"}
    assert visible(reader) is None
    assert visible(Actor(name="x", roles={"p": "viewer", "q": "admin"}, projects=("q", "r"))) == {"q"}
    assert visible(Actor(name="x", role="admin", scopes=(WRITE,))) == frozenset()


def test_an_agent_acts_for_itself_alone():
    agent = Actor(name="agent:a", role="agent", agent="a")
    assert may(agent, AGENT, agent="a")
    assert not may(agent, AGENT, agent="b")
    assert not may(agent, AGENT)
    assert not any(may(agent, action, project="p") for action in (READ, WRITE, TRACK, ADMIN, KNOWN))
