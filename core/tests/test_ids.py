"""Identifiers of runs: they sort by creation time, and by their order within a millisecond."""

from __future__ import annotations

import time
import uuid

from trainyard_core.ids import is_run_id, new_id


def test_ids_of_one_process_rise(monkeypatch):
    monkeypatch.setattr(time, "time_ns", lambda: 1_800_000_000_000_000_000)
    ids = [new_id() for _ in range(2000)]
    assert ids == sorted(set(ids))
    assert {int(uuid.UUID(each).hex[:12], 16) for each in ids} == {1_800_000_000_000}


def test_an_id_is_a_uuid_of_version_7(monkeypatch):
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_000_000_000)
    found = uuid.UUID(new_id())
    assert (found.version, found.variant) == (7, uuid.RFC_4122)
    assert is_run_id(str(found))


def test_ids_follow_a_clock_that_is_set_back(monkeypatch):
    times = iter([2_000_000_000, 1_000_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(times))
    assert [int(uuid.UUID(new_id()).hex[:12], 16) for _ in range(2)] == [2000, 1000]
