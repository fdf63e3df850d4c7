"""Tombstones cost no file each, are kept for a day at least, and go."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from trainyard.runner.layout import fold
from trainyard.runner.tombstone import entomb, expire

DAY = 86400


def folders(root: Path, count: int):
    return [fold(root, f"run{number}", 1) for number in range(count)]


def test_all_tombstones_of_a_day_are_one_file(tmp_path: Path) -> None:
    for folder in (many := folders(tmp_path, 200)):
        entomb(folder)
        entomb(folder)
    assert len({folder.tombstone.stat().st_ino for folder in many}) <= 2, "a day may end in between"


def test_a_tombstone_is_kept_for_a_day_and_goes_after_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    early, late, now = *folders(tmp_path, 2), time.time()
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now - 3 * DAY)
        entomb(early)
    os.utime(early.tombstone, (now - 2 * DAY - 1, now - 2 * DAY - 1))
    entomb(late)
    os.utime(late.tombstone, (now - DAY, now - DAY))
    expire(tmp_path)
    assert (early.tombstone.exists(), late.tombstone.exists()) == (False, True)
    os.utime(late.tombstone, (now - 2 * DAY - 1, now - 2 * DAY - 1))
    expire(tmp_path)
    assert list((tmp_path / ".released").iterdir()) == []


def test_a_file_that_can_have_no_more_names_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = folders(tmp_path, 2)
    entomb(one)
    real, full = Path.hardlink_to, [True]

    def hardlink_to(self: Path, target: Path) -> None:
        if full:
            full.clear()
            raise OSError(errno.EMLINK, "Too many links")
        real(self, target)

    monkeypatch.setattr(Path, "hardlink_to", hardlink_to)
    entomb(two)
    assert two.tombstone.exists()
    assert two.tombstone.stat().st_ino != one.tombstone.stat().st_ino


def test_without_a_release_there_is_nothing_to_expire(tmp_path: Path) -> None:
    expire(tmp_path)
    assert list(tmp_path.iterdir()) == []
