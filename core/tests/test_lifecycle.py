"""The lifecycle: the table, and the one function that writes status, agree on all 144 pairs."""

from __future__ import annotations

import itertools
import json

import pytest

from trainyard_core.db import activities, runs
from trainyard_core.lifecycle import FINAL, LIVE, TRANSITIONS, Status, Step, may_follow, sources_of


@pytest.mark.parametrize("status", Status)
async def test_a_run_moves_to_exactly_the_statuses_of_the_table(arrange, status):
    for to in Status:
        run = await arrange.run(status)
        before = await arrange.row(run)
        if to is Status.SCHEDULED:  # a run is scheduled with an attempt or not at all
            moved = await arrange.claim(run) is not None
        else:
            moved = await arrange.move(run, to, reason="why")
        after = await arrange.row(run)
        assert moved == may_follow(status, to), f"{status} -> {to}"
        assert after["status"] == (to if moved else status)
        assert (after["finished_at"] is not None) == (after["status"] in FINAL)
        told = await arrange.database.read(lambda tx, run=run: activities.of_run(tx, run, kind="status"))
        last = json.loads(told[-1]["data"])
        assert last["status"] == after["status"]
        assert (last.get("reason") == "why") == (moved and to is not Status.SCHEDULED), "no activity of a refused move"
        if not moved:
            assert dict(before) == dict(after)
        if after["status"] not in FINAL:  # nothing is left that the next lease could take
            await arrange.database.write(lambda tx, run=run: tx.run("UPDATE run SET queue = 'away' WHERE id = ?", run))


def test_the_table_holds_every_status_and_no_run_leaves_its_end():
    assert set(TRANSITIONS) == set(Status)
    assert {Status.SUCCEEDED, Status.FAILED, Status.STOPPED, Status.SKIPPED} == FINAL
    assert not any(may_follow(end, to) for end in FINAL for to in Status)
    assert not LIVE & FINAL


def test_sources_and_followers_say_the_same():
    for status, to in itertools.product(Status, Status):
        assert (status in sources_of(to)) == (to in TRANSITIONS[status])


async def test_every_status_but_the_final_ones_leads_to_an_end():
    for status in set(Status) - FINAL:
        reached, edge = {status}, {status}
        while edge:
            edge = {to for one in edge for to in TRANSITIONS[one]} - reached
            reached |= edge
        assert {Status.FAILED, Status.STOPPED} <= reached


async def test_several_steps_are_one_write_and_tell_of_each(arrange):
    run = await arrange.run(Status.CREATED)
    assert await arrange.move(run, Status.COMPILED)
    steps = (Step(Status.RUNNING), Step(Status.SUCCEEDED))
    assert await arrange.database.write(lambda tx: runs.advance(tx, run, *steps, at=5))
    told = await arrange.database.read(lambda tx: activities.of_run(tx, run, kind="status"))
    assert [status in row["data"] for row, status in zip(told[-2:], ("running", "succeeded"), strict=True)] == [
        True
    ] * 2
    assert (await arrange.row(run))["finished_at"] == 5
    with pytest.raises(ValueError, match="may not follow"):
        await arrange.database.write(lambda tx: runs.advance(tx, run, Step(Status.QUEUED), Step(Status.RUNNING), at=6))
