"""What one process holds, as it opens it: alone, twice, on a newer database, with a clock that jumps."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import stat
import sys
import tempfile

import pytest

from trainyard_core import clock as clocks
from trainyard_core import datadir
from trainyard_core.clock import SystemClock, rfc3339
from trainyard_core.datadir import DataLock, admin_token, announce, withdraw
from trainyard_core.db import tokens
from trainyard_core.errors import StartRefused
from trainyard_core.ids import is_run_id, new_id
from trainyard_core.lifecycle import Status
from trainyard_core.registry import Registry
from trainyard_core.runtime import Runtime
from trainyard_core.settings import Settings
from trainyard_core.testing.factories import Arrange, HandClock
from trainyard_core.valkey import EmbeddedValkey


@pytest.fixture
def settings(database_url, tmp_path):
    return Settings(data=tmp_path / "data", database=database_url)


async def test_core_alone_starts_migrates_and_says_what_is_missing(settings):
    async with Runtime.open(settings, Registry()) as runtime:
        assert runtime.registry.missing() == ["scheduler", "tracker"]
        assert runtime.tracker is None
        first = runtime.secret
    async with Runtime.open(settings, Registry()) as runtime:
        assert runtime.secret == first


async def test_an_unknown_tracker_does_not_start_and_says_which_there_are(settings):
    registry = Registry.load(["tracker_folder"])
    wrong = Settings(data=settings.data, database=settings.database, tracker="s3")
    with pytest.raises(StartRefused, match="no tracker 's3'; existing: folder"):
        async with Runtime.open(wrong, registry):
            pass


async def test_a_newer_database_does_not_start(settings):
    async with Runtime.open(settings, Registry()) as runtime:
        await runtime.database.write(lambda tx: tx.run("INSERT INTO migration VALUES ('core', 'm9999_x', 1)"))
    with pytest.raises(StartRefused, match="newer version"):
        async with Runtime.open(settings, Registry()):
            pass


def test_two_starts_in_one_directory_the_second_names_the_first(tmp_path):
    with DataLock(tmp_path / "d"):
        with pytest.raises(StartRefused, match=str(os.getpid())) as caught, DataLock(tmp_path / "d"):
            pass
        assert "--data" in caught.value.fix
    with DataLock(tmp_path / "d"):
        pass


def test_the_file_lock_that_is_removed_takes_no_lock_away(tmp_path, monkeypatch):
    monkeypatch.setattr(datadir, "PATIENCE", 0)
    with DataLock(tmp_path):
        (tmp_path / "lock").unlink()
        with pytest.raises(StartRefused, match="in use"), DataLock(tmp_path):
            pass


def test_where_directories_know_no_locks_the_file_is_locked(tmp_path, monkeypatch):
    flock = fcntl.flock

    def without_directories(descriptor, operation):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EBADF, "a directory of a network")
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", without_directories)
    with DataLock(tmp_path), pytest.raises(StartRefused, match=str(os.getpid())), DataLock(tmp_path):
        pass


def test_valkey_takes_no_folder_that_somebody_else_has_put_there(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    deep = tmp_path / ("x" * 120)
    folder = EmbeddedValkey(deep)._folder
    assert (folder.parent, stat.S_IMODE(folder.stat().st_mode)) == (tmp_path, 0o700)
    folder.rmdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "v.sock").touch()
    for target in ("mine", "nowhere"):
        folder.unlink(missing_ok=True)
        folder.symlink_to(tmp_path / target)
        with pytest.raises(StartRefused, match="not a folder of this user"):
            EmbeddedValkey(deep)
    assert (tmp_path / "mine" / "v.sock").exists()


async def test_the_admin_token_is_private_kept_and_made_again(database, tmp_path):
    clock, path = SystemClock(), tmp_path / "token"
    await admin_token(tmp_path, database, clock)
    first = path.read_text().strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await admin_token(tmp_path, database, clock)
    assert path.read_text().strip() == first
    path.unlink()
    await admin_token(tmp_path, database, clock)
    second = path.read_text().strip()
    assert second != first
    for token in (first, second):
        actor = await database.read(lambda tx, t=token: tokens.by_token(tx, t, at=clock.now()))
        assert actor is not None


def test_where_the_server_is_found_and_that_it_went(tmp_path):
    announce(tmp_path, url="http://127.0.0.1:1", version="1")
    assert "127.0.0.1:1" in (tmp_path / "server.json").read_text()
    withdraw(tmp_path)
    withdraw(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_clock_that_is_set_back_stands_still_and_one_set_forward_goes(monkeypatch):
    times = iter([5_000, 9_000, 2_000, 8_000, 90_000])
    monkeypatch.setattr(clocks.time, "time_ns", lambda: next(times) * 1000)
    clock = SystemClock()
    assert [clock.now() for _ in range(5)] == [5_000, 9_000, 9_000, 9_000, 90_000]


def test_times_and_ids_have_the_form_that_they_promise():
    assert rfc3339(1_580_472_000_000_001) == "2020-01-31T12:00:00.000001Z"
    assert rfc3339(None) is None
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(map(is_run_id, ids))
    assert [each[:13] for each in ids] == sorted(each[:13] for each in ids), "they sort by their millisecond"
    assert not is_run_id(ids[0].upper())
    assert not is_run_id("x")


async def test_the_patrol_finds_what_no_bell_rang_for(settings):
    clock = HandClock()
    async with Runtime.open(settings, Registry(), clock=clock) as runtime:
        arrange = await Arrange(runtime.database, clock=clock, policy=runtime.policy).ground()
        waiting, running = await arrange.run(Status.RETRYING), await arrange.run(Status.RUNNING)
        maintainer = runtime.maintainer()
        await maintainer.once()
        assert await arrange.status(waiting) is Status.RETRYING
        await arrange.listen(60)
        await maintainer.once()
        assert await arrange.status(waiting) is Status.QUEUED
        assert (await arrange.row(running))["reason"] == "unreachable"
        await arrange.orders()
        await maintainer.once()
        assert (await arrange.row(running))["reason"] == ""


ANSWERS = """
import asyncio, sys
from pathlib import Path
from trainyard_core.lifecycle import Status
from trainyard_core.runtime import Runtime
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings

async def main():
    settings = Settings(data=Path(sys.argv[1]), database=sys.argv[2])
    async with Runtime.open(settings, Registry(), valkey=sys.argv[3]) as runtime:
        print("ready", flush=True)
        await runtime.notifier.serve()

asyncio.run(main())
"""


async def test_a_ring_over_valkey_reconciles_in_another_process(postgres_url, tmp_path, valkey_url):
    clock = HandClock()
    settings = Settings(data=tmp_path, database=postgres_url)
    async with Runtime.open(settings, Registry(), valkey=valkey_url, clock=clock) as runtime:
        arrange = await Arrange(runtime.database, clock=clock, policy=runtime.policy).ground()
        run = await arrange.run(Status.RETRYING)
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", ANSWERS, str(tmp_path), postgres_url, valkey_url, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(60):
            assert await other.stdout.readline() == b"ready\n"
            await runtime.notifier.notify([(run, (await arrange.row(run))["wake_seq"])])
            while await arrange.status(run) is not Status.QUEUED:
                await asyncio.sleep(0.01)
            other.terminate()
            await other.communicate()


async def test_a_section_of_no_plugin_does_not_start(settings):
    wrong = Settings(data=settings.data, database=settings.database, sections={"tracker_floder": {"root": "x"}})
    with pytest.raises(StartRefused, match="did you mean tracker_folder"):
        async with Runtime.open(wrong, Registry.load(["tracker_folder"])):
            pass
