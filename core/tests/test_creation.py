"""Creating runs: one run for a key, whoever posts it at once; refusals that name the place."""

from __future__ import annotations

import asyncio

import pytest

from trainyard.client.models import CreateRun
from trainyard_core.auth import Actor
from trainyard_core.db.connect import connect
from trainyard_core.directing.kinds import DirectorKinds
from trainyard_core.errors import Conflict, IdempotencyReused, Invalid, NotFound
from trainyard_core.ids import new_id
from trainyard_core.registry import Registry
from trainyard_core.testing.factories import operation
from trainyard_core.work.creation import create_run

ACTOR = Actor(name="token:test", role="admin")
PLUGINS = Registry()
NOTHING = DirectorKinds(dict)
BODY = CreateRun(content=operation("exit 0"))


class NoReferences:
    """Is never asked: the operations of these tests refer to nothing."""

    async def find(self, project, actor, references):
        raise AssertionError(references)


@pytest.fixture
def post(arrange):
    async def create(body=BODY, *, key="", actor=ACTOR, project="default", database=None):
        return await create_run(
            database or arrange.database,
            project,
            body,
            key=key,
            actor=actor,
            policy=arrange.policy,
            at=arrange.clock.now(),
            kinds=NOTHING,
            lookup=NoReferences(),
            amendments=PLUGINS.requests,
        )

    return create


async def count(arrange):
    row = await arrange.database.read(lambda tx: tx.one("SELECT COUNT(*) AS n FROM run"))
    return row["n"]


async def test_twenty_posts_of_one_key_at_once_make_one_run(post, arrange, database_url):
    postgresql = arrange.database.dialect == "postgresql"
    others = [await connect(database_url) for _ in range(2)] if postgresql else []
    pool = others or [arrange.database]
    made = await asyncio.gather(*(post(key="k", database=pool[place % len(pool)]) for place in range(20)))
    assert len({row["id"] for row, _ in made}) == 1
    assert sum(new for _, new in made) == 1
    assert await count(arrange) == 1
    for other in others:
        await other.close()


async def test_a_key_is_bound_to_its_body_its_actor_and_its_project(post, arrange):
    first, _ = await post(key="k")
    with pytest.raises(IdempotencyReused, match="'k'"):
        await post(CreateRun(content=operation("exit 1")), key="k")
    other, new = await post(key="k", actor=Actor(name="token:other", role="admin"))
    assert new
    assert other["id"] != first["id"]
    assert await count(arrange) == 2


async def test_without_a_key_each_post_makes_a_run(post, arrange):
    await post()
    await post()
    assert await count(arrange) == 2


async def test_a_refused_body_leaves_no_run_and_no_key(post, arrange):
    with pytest.raises(Invalid):
        await post(CreateRun(content="kind: operation\nnope: 1\n"), key="k")
    row, new = await post(key="k")
    assert new
    assert row["status"] == "queued"


async def test_a_taken_id_is_a_conflict_and_the_same_key_is_not(post):
    body = CreateRun(managed=False, id=new_id())
    await post(body, key="k")
    row, new = await post(body, key="k")
    assert (row["id"], new) == (body.id, False)
    with pytest.raises(Conflict, match=body.id):
        await post(body)


REFUSED = {
    "neither form": (CreateRun(), "content"),
    "both forms": (CreateRun(content="a: 1", operation={}), "content"),
    "an operation of a tracked run": (CreateRun(managed=False, content="a: 1"), "managed"),
    "an id that is none": (CreateRun(managed=False, id="mine"), "UUID"),
    "a time that is none": (CreateRun(managed=False, created_at="yesterday"), "created_at"),
    "code of an unknown kind": (CreateRun(content=operation(), code={"kind": "tape"}), "code"),
    "not YAML": (CreateRun(content="{a: [", file="train.yaml"), "train.yaml"),
    "a duplicate key": (CreateRun(content="kind: operation\nkind: operation\n"), "kind"),
    "an alias bomb": (
        CreateRun(content="a: &a [x, x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n"
                                                     for i in range(24))),
        "alias",
    ),
    "an unknown queue": (CreateRun(content=operation(head="queue: nowhere\n")), "default"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "said"), REFUSED.values(), ids=REFUSED)
async def test_refusals_say_what_and_where(post, arrange, body, said):
    with pytest.raises(Invalid) as caught:
        await post(body)
    assert said in str(caught.value)
    assert caught.value.fix or caught.value.problems
    assert await count(arrange) == 0


async def test_an_unknown_project_is_not_found_and_names_no_other(post):
    with pytest.raises(NotFound, match="no open project 'defualt'; see yard projects ls"):
        await post(project="defualt")


async def test_names_may_hold_what_a_database_does_not(post):
    row, _ = await post(CreateRun(content=operation(), description="a\0b"))
    assert row["description"].startswith("a")
    with pytest.raises(NotFound):
        await post(project="a\0b")


async def test_a_tracked_run_runs_from_the_start_and_by_its_own_clock(post):
    row, _ = await post(CreateRun(managed=False, name="mine", created_at="2020-01-31T12:00:00Z", tags=["a"]))
    assert (row["status"], row["kind"], row["name"]) == ("running", "tracked", "mine")
    assert row["created_at"] == row["started_at"] == 1_580_472_000_000_000
