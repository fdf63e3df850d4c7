"""Reads have an end, on both databases: one that takes too long is ended and says so, and others are answered
meanwhile and afterwards."""

from __future__ import annotations

import asyncio

import pytest
from web import BASE

from trainyard.query import parse
from trainyard_core.db import search
from trainyard_core.db.connect import connect
from trainyard_core.errors import Invalid, QueryTimeout
from trainyard_core.ids import new_id
from trainyard_core.runtime import SEARCHES
from trainyard_core.search import id_suffix

ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) AS n FROM n"
MANY = 1000


@pytest.fixture
async def hasty(database_url, database):
    """A second connection to the database, whose reads end soon."""
    opened = await connect(database_url, read_timeout=0.2)
    yield opened
    await opened.close()


@pytest.fixture
async def hurried(database_url, database):
    """The like, with time enough for whatever does not hold each run against every other."""
    opened = await connect(database_url, read_timeout=3.0)
    yield opened
    await opened.close()


async def test_an_endless_read_is_ended_and_says_so(hasty):
    with pytest.raises(QueryTimeout, match=r"after 0\.2 seconds") as refused:
        await hasty.read(lambda tx: tx.one(ENDLESS))
    assert (refused.value.status, refused.value.retryable) == (422, False)


async def test_readers_that_were_all_busy_answer_again(hasty):
    found = await asyncio.gather(*(hasty.read(lambda tx: tx.one(ENDLESS)) for _ in range(12)), return_exceptions=True)
    assert [type(each) for each in found] == [QueryTimeout] * 12
    row = await hasty.read(lambda tx: tx.one("SELECT 1 AS one"))
    assert row["one"] == 1


async def test_an_ended_read_does_not_go_on_in_the_server(hasty, database):
    if database.dialect == "sqlite":
        pytest.skip("SQLite has no server")
    with pytest.raises(QueryTimeout):
        await hasty.read(lambda tx: tx.one(ENDLESS))
    asked = "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'WITH RECURSIVE%'"
    while (await database.read(lambda tx: tx.one(asked)))["n"]:
        continue


async def chained(tx):
    """Runs of one project in a chain, each with an edge to the one before. Their ids."""
    ids = [new_id() for _ in range(MANY)]
    await tx.run("INSERT INTO project (name, created_at) VALUES ('p', 1)")
    await tx.many(
        "INSERT INTO run (id, project, kind, status, created_at, updated_at, attempt)"
        " VALUES (?, 'p', 'job', 'running', 1, 1, 1)",
        [(run,) for run in ids],
    )
    await tx.many(
        "INSERT INTO edge (run, source, kind, at) VALUES (?, ?, 'upstream', 1)", [*zip(ids[1:], ids, strict=False)]
    )
    return ids


async def find(database, q):
    return sorted(await database.read(lambda tx: search.select_ids(tx, "p", parse(q), MANY, at=1)))


async def test_64_conditions_on_edges_do_not_hold_each_run_against_every_other(hurried):
    ids = await hurried.write(chained)
    needed = ids[:64]
    q = " OR ".join(f"upstream:{run[-12:]}" for run in needed)
    assert await find(hurried, q) == sorted(ids[1:65])
    none = " OR ".join(f"downstream:aaaa{n:04x}" for n in range(64))
    assert await find(hurried, none) == []
    assert len(await find(hurried, none.replace("downstream:", "upstream:~"))) == MANY


async def test_the_endings_of_one_query_may_not_mean_more_runs_than_can_be_held(database, monkeypatch):
    monkeypatch.setattr(id_suffix, "MOST", 2)
    ids = await database.write(chained)
    with pytest.raises(Invalid, match="more than 2 runs"):
        await find(database, f"upstream:{'|'.join(run[-12:] for run in ids[:3])}")


async def test_a_search_leaves_a_reader_to_all_else(web):
    """As many searches as may be made at once are under way, and never end."""
    run = await web.tracked()
    for _ in range(SEARCHES):
        await web.runtime.searches.acquire()
    waiting = asyncio.create_task(web.ask("GET", BASE))
    assert (await web.ask("GET", f"{BASE}/{run.id}")).status_code == 200
    assert not waiting.done()
    web.runtime.searches.release()
    assert [each["id"] for each in (await waiting).json()["items"]] == [run.id]
