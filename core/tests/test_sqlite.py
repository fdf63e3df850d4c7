"""The SQLite engine: one writer, few readers, groups whose members do not harm each other, and full disks."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from trainyard_core.db.connect import connect
from trainyard_core.db.engine import UniqueViolation
from trainyard_core.errors import Invalid, StartRefused, StorageFull, Unavailable


@pytest.fixture
async def engine(tmp_path):
    database = await connect(f"sqlite:///{tmp_path / 'one.db'}")
    await database.write(lambda tx: tx.run("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"))
    yield database
    await database.close()


def insert(number, value="v"):
    async def work(tx):
        await tx.run("INSERT INTO t (id, v) VALUES (?, ?)", number, value)
        return number

    return work


async def stored(engine):
    return [row["id"] for row in await engine.read(lambda tx: tx.all("SELECT id FROM t ORDER BY id"))]


def handles(path: Path) -> int:
    """How often this process holds the file open."""
    found = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found += entry.readlink() == path
        except OSError:
            continue
    return found


async def test_one_writer_and_at_most_four_readers_under_load(engine, tmp_path):
    most = 0

    async def read():
        nonlocal most
        await engine.read(lambda tx: tx.all("SELECT count(*) FROM t"))
        most = max(most, handles(tmp_path / "one.db"), engine.connections())

    await asyncio.gather(*(read() for _ in range(300)), *(engine.write(insert(n)) for n in range(300)))
    assert 2 <= most <= 5
    assert len(await stored(engine)) == 300


async def test_all_writes_are_on_one_thread_and_reads_on_others(engine):
    async def whose(tx):
        return threading.current_thread().name

    assert await engine.write(whose) == "trainyard-write"
    assert (await engine.read(whose)).startswith("trainyard-read")


async def test_a_failing_transaction_in_a_group_does_not_harm_the_others(engine):
    async def half(tx):
        await tx.run("INSERT INTO t (id) VALUES (1000)")
        raise RuntimeError("on purpose")

    work = [half if n % 3 == 0 else insert(n) for n in range(60)]
    outcomes = await asyncio.gather(*(engine.write(each) for each in work), return_exceptions=True)
    assert await stored(engine) == [n for n in range(60) if n % 3]
    assert [isinstance(o, RuntimeError) for o in outcomes] == [n % 3 == 0 for n in range(60)]


async def test_a_failing_transaction_that_is_alone_leaves_nothing(engine):
    async def half(tx):
        await tx.run("INSERT INTO t (id) VALUES (1000)")
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await engine.write(half)
    await engine.write(insert(1))
    assert await stored(engine) == [1]


async def test_a_transaction_that_is_alone_takes_no_savepoint(engine):
    """With one, the time of a transaction grows as the square of its statements."""
    said = []
    engine._writer_connection.set_trace_callback(said.append)
    await engine.write(insert(1))
    engine._writer_connection.set_trace_callback(None)
    assert [each.split()[0] for each in said] == ["BEGIN", "INSERT", "COMMIT"]


async def test_a_duplicate_is_named_as_such(engine):
    await engine.write(insert(1))
    with pytest.raises(UniqueViolation):
        await engine.write(insert(1))
    with pytest.raises(sqlite3.IntegrityError):
        await engine.write(lambda tx: tx.run("INSERT INTO t (id) VALUES ('no number')"))


async def test_a_waiter_that_is_cancelled_neither_blocks_nor_undoes_anything(engine):
    gate = threading.Event()

    async def slow(tx):
        gate.wait(10)

    blocking = asyncio.create_task(engine.write(slow))
    waiting = [asyncio.create_task(engine.write(insert(n))) for n in range(10)]
    await asyncio.sleep(0)
    for task in waiting[::2]:
        task.cancel()
    gate.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    await blocking
    assert [isinstance(o, asyncio.CancelledError) for o in outcomes] == [n % 2 == 0 for n in range(10)]
    assert set(await stored(engine)) >= {1, 3, 5, 7, 9}
    assert await engine.write(insert(99)) == 99


async def test_a_question_that_nobody_waits_for_any_more_is_not_asked(engine):
    gate, asked = threading.Event(), []

    async def slow(tx):
        gate.wait(10)

    async def note(tx):
        asked.append(1)

    blocking = [asyncio.create_task(engine.read(slow)) for _ in range(8)]
    waiting = asyncio.create_task(engine.read(note))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    gate.set()
    await asyncio.gather(*blocking)
    assert await stored(engine) == []
    assert asked == []


async def test_a_transaction_that_awaits_something_else_is_refused(engine):
    async def sleeps(tx):
        await tx.run("INSERT INTO t (id) VALUES (5)")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="not its Tx"):
        await engine.write(sleeps)
    assert await stored(engine) == []


async def test_a_read_cannot_write(engine):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await engine.read(insert(1))


async def test_a_number_that_no_column_holds_is_invalid_input(engine):
    with pytest.raises(Invalid, match="out of range"):
        await engine.write(insert(2**70))
    with pytest.raises(Invalid, match="out of range"):
        await engine.read(lambda tx: tx.all("SELECT * FROM t WHERE id = ?", 2**70))


async def test_a_full_disk_fails_the_writers_and_nothing_else_and_heals(engine):
    await engine.write(insert(1))
    pages = await engine.write(lambda tx: tx.one("PRAGMA page_count"))
    await engine.write(lambda tx: tx.one(f"PRAGMA max_page_count={pages[0]}"))
    big = "x" * 100_000
    outcomes = await asyncio.gather(*(engine.write(insert(n, big)) for n in (2, 3)), return_exceptions=True)
    assert [type(o) for o in outcomes] == [StorageFull, StorageFull]
    assert outcomes[0].retryable
    assert await stored(engine) == [1]
    await engine.write(lambda tx: tx.one("PRAGMA max_page_count=1000000"))
    assert await engine.write(insert(4, big)) == 4


@contextmanager
def small_files(size):
    """No file of this process grows beyond a size: SQLite hears of an error of the disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_fails_a_commit_fails_its_writers_and_nothing_else_and_heals(engine, tmp_path):
    await engine.write(insert(1))
    with small_files((tmp_path / "one.db-wal").stat().st_size):
        outcomes = await asyncio.gather(*(engine.write(insert(n)) for n in (2, 3)), return_exceptions=True)
        assert [type(o) for o in outcomes] == [Unavailable, Unavailable]
        assert await stored(engine) == [1]
    assert "disk I/O error" in repr(outcomes[0].__cause__)
    assert await engine.write(insert(4)) == 4
    assert await stored(engine) == [1, 4]


async def test_a_file_that_is_out_of_reach_fails_the_readers_and_heals(engine, tmp_path):
    path, away = tmp_path / "one.db", tmp_path / "away.db"
    path.rename(away)
    path.mkdir()
    for _ in range(8):
        with pytest.raises(Unavailable) as caught:
            await stored(engine)
        assert caught.value.retryable
        assert str(tmp_path) not in str(caught.value)
    path.rmdir()
    away.rename(path)
    assert await stored(engine) == []


@pytest.mark.parametrize("make", [lambda path: path.write_text("notes\n" * 500), Path.mkdir], ids=["text", "a folder"])
async def test_what_is_no_database_is_refused_in_a_sentence_and_left_alone(tmp_path, make):
    path = tmp_path / "one.db"
    make(path)
    with pytest.raises(StartRefused) as caught:
        await connect(f"sqlite:///{path}")
    assert str(path) in caught.value.detail
    assert path.is_dir() or path.read_text() == "notes\n" * 500
    assert handles(path) == 0


async def test_what_was_started_is_finished_by_close_and_what_comes_after_is_refused(tmp_path):
    database = await connect(f"sqlite:///{tmp_path / 'two.db'}")
    await database.write(lambda tx: tx.run("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"))
    writes = [asyncio.create_task(database.write(insert(n))) for n in range(50)]
    reads = [asyncio.create_task(stored(database)) for _ in range(50)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*writes) == list(range(50))
    assert all(len(found) <= 50 for found in await asyncio.gather(*reads))
    for late in (database.write(insert(99)), stored(database)):
        with pytest.raises(Unavailable):
            await late
    assert handles(tmp_path / "two.db") == 0


async def test_committed_is_durable_in_the_file(engine, tmp_path):
    row = await engine.read(lambda tx: tx.one("PRAGMA synchronous"))
    mode = await engine.read(lambda tx: tx.one("PRAGMA journal_mode"))
    assert (row[0], mode[0]) == (2, "wal")


@pytest.mark.parametrize(("url", "said"), [("mysql://x", "mysql"), ("postgresql://nobody@127.0.0.1:1/x", "PostgreSQL")])
async def test_a_database_that_cannot_be_opened_says_so(url, said):
    with pytest.raises(Unavailable, match=said) as caught:
        await connect(url)
    assert caught.value.fix


async def test_a_look_from_another_process_does_no_harm(tmp_path):
    """A person opens the file with another program while the server runs; our locks tell it to leave the journal."""
    path = tmp_path / "x.db"
    database = await connect(f"sqlite:///{path}")
    try:
        await database.write(lambda tx: tx.run("CREATE TABLE t (a INTEGER)"))
        look = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM t').fetchall(); c.close()"
        )
        await asyncio.gather(*(database.read(lambda tx: tx.all("SELECT * FROM t")) for _ in range(8)))
        journal = path.with_name("x.db-wal")
        first = journal.stat().st_ino
        for count in range(1, 4):
            await asyncio.to_thread(subprocess.run, [sys.executable, "-c", look, str(path)], check=True)
            await database.write(lambda tx, n=count: tx.run("INSERT INTO t VALUES (?)", n))
            row = await database.read(lambda tx: tx.one("SELECT COUNT(*) AS n FROM t"))
            assert row["n"] == count
            assert journal.stat().st_ino == first
        assert path.stat().st_mode & 0o077 == 0
    finally:
        await database.close()
