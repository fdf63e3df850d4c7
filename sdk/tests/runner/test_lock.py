"""At most one start, ever."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trainyard.runner import lock
from trainyard.runner.layout import Folder, fold
from trainyard.runner.lock import Held


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = fold(tmp_path, "run", 1)
    folder.path.mkdir(parents=True)
    return folder


def test_the_lock_is_taken_once_and_never_again(folder: Folder) -> None:
    assert lock.probe(folder) is Held.NEVER
    handle = lock.claim(folder)
    assert handle is not None
    assert lock.probe(folder) is Held.LIVE
    assert lock.seize(folder) is None
    os.close(handle)
    assert lock.probe(folder) is Held.DEAD
    assert lock.claim(folder) is None
    assert lock.claim_for_nobody(folder) is None


def test_who_has_it_is_told(folder: Folder) -> None:
    assert lock.owner(folder) is None
    handle = lock.claim(folder)
    assert handle is not None
    told = lock.owner(folder)
    assert told is not None
    assert told.pid == os.getpid()
    os.close(handle)


def test_a_lock_that_is_nobodys_names_nobody_to_signal(folder: Folder) -> None:
    handle = lock.claim_for_nobody(folder)
    assert handle is not None
    assert lock.owner(folder) is None
    os.close(handle)


def test_a_dead_owners_lock_is_seized_by_one(folder: Folder) -> None:
    assert lock.seize(folder) is None
    handle = lock.claim(folder)
    assert handle is not None
    os.close(handle)
    seized = lock.seize(folder)
    assert seized is not None
    assert lock.seize(folder) is None
    os.close(seized)


def test_of_many_processes_one_wins(folder: Folder) -> None:
    """Children race for the lock from a common start and tell by exit code whether they won."""
    start_read, start_write = os.pipe()
    children = [_child(lambda: _race(folder, start_read, start_write)) for _ in range(8)]
    os.close(start_read)
    os.close(start_write)
    won = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert sorted(won) == [0] * 7 + [1]
    assert not [path for path in folder.path.iterdir() if path.name.startswith(".")]


def _race(folder: Folder, start_read: int, start_write: int) -> int:
    os.close(start_write)
    os.read(start_read, 1)
    return int(lock.claim(folder) is not None)


def _child(work: Callable[[], int]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(work())
        finally:
            os._exit(99)
    return pid


@pytest.mark.parametrize("run", ["", ".", "..", "../x", "a/b", ".hidden", "a\0b", "x" * 129, "a b", "-x/.."])
def test_a_run_id_never_leaves_the_root(tmp_path: Path, run: str) -> None:
    with pytest.raises(ValueError, match="is no run id"):
        fold(tmp_path, run, 1)
