"""Ingest: each frame counts once, whatever is repeated, overlaps, races or fails between the tracker and the mark."""

from __future__ import annotations

import asyncio
import json
import random

import pytest
import pytest_asyncio
from fake_tracker import Failing, folder_tracker

from trainyard.track import frames, omissions
from trainyard_core.clock import SECOND
from trainyard_core.contracts.tracker import RunRef
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.db import runs, tracking
from trainyard_core.db.connect import connect
from trainyard_core.errors import BadFrame, GapInFrames, NotFound, Unavailable
from trainyard_core.lifecycle import Reason, Status
from trainyard_core.policy import Policy
from trainyard_core.testing.frames import events, lines, metric
from trainyard_core.work.creation import add
from trainyard_core.work.ingest import ingest
from trainyard_core.work.reconcile import reconcile

W1, W2 = "1" * 32, "2" * 32
RUN = "01900000-0000-7000-8000-000000000000"


@pytest_asyncio.fixture
async def tracker(tmp_path):
    made = folder_tracker(tmp_path / "tracker")
    yield made
    await made.aclose()


@pytest_asyncio.fixture
async def run(arrange):
    return await arrange.run(Status.RUNNING)


@pytest.fixture
def send(arrange, tracker, run):
    async def post(*body, to=None, through=None, database=None):
        where = RunRef("default", to or run)
        _, done = await ingest(
            database or arrange.database,
            through or tracker,
            where,
            b"".join(body),
            policy=arrange.policy,
            at=arrange.clock.now(),
        )
        return done.durable

    return post


async def aggregates(arrange, run):
    rows = await arrange.database.read(lambda tx: tracking.metrics(tx, run))
    return {
        r["name"]: (r["last"], r["last_step"], r["min"], r["max"], r["value_count"], r["finite_count"]) for r in rows
    }


def recount(points):
    """What aggregates should be, from all points that were ever sent."""
    counted = {}
    for name, rows in points.items():
        steps = dict(rows)
        last = max(steps)
        values = [value for _, value in rows]
        counted[name] = (steps[last], last, min(values), max(values), len(values), len(values))
    return counted


async def test_repeated_and_overlapping_bodies_count_once(send, arrange, run):
    bodies = [metric(W1, seq, {"loss": [float(seq), seq + 0.5]}, first=2 * seq) for seq in range(1, 9)]
    chance = random.Random(7)
    mark = 0
    while mark < 8:
        start = chance.randrange(mark + 1)
        mark = max(mark, await send(*bodies[start : chance.randrange(start + 1, 9)]))
    assert await send(*bodies[:3]) == 8, "the mark is acknowledged, whatever came"
    points = {"loss": [(2 * seq + i, seq + i / 2) for seq in range(1, 9) for i in (0, 1)]}
    assert await aggregates(arrange, run) == recount(points)


class Dying:
    """A database that is out of reach after so many transactions."""

    def __init__(self, database, *, after):
        self._database, self.left = database, after

    def __getattr__(self, name):
        return getattr(self._database, name)

    async def write(self, work, **more):
        if not self.left:
            raise Unavailable("gone", fix="try again")
        self.left -= 1
        return await self._database.write(work, **more)


async def test_many_metrics_are_counted_frame_by_frame_and_once_whatever_fails_between(send, arrange, run, monkeypatch):
    monkeypatch.setattr("trainyard_core.work.ingest.NAMES", 3)
    frames = [metric(W1, seq, {f"{seq}{name}": [1.0] for name in "ab"}) for seq in range(1, 6)]
    frames += [metric(W1, 6, {"6a": [1.0]}), metric(W1, 7, {name: [1.0] for name in "abcde"}), lines(W1, 8, "x")]
    with pytest.raises(Unavailable):
        await send(*frames, database=Dying(arrange.database, after=2))
    assert len(await aggregates(arrange, run)) == 4
    database = Dying(arrange.database, after=4)
    assert await send(*frames, database=database) == 8
    assert database.left == 0, "two metrics and one fit one transaction, and no frame is divided"
    assert {found[4] for found in (await aggregates(arrange, run)).values()} == {1}
    assert len(await aggregates(arrange, run)) == 16


async def test_racing_bodies_of_two_writers_count_once(send, arrange, run, database_url):
    """Each body is posted three times at once, on connections of their own where there are several."""
    others = [await connect(database_url) for _ in range(3)] if arrange.database.dialect == "postgresql" else []
    pool = others or [arrange.database]

    async def ship(writer, place):
        database = pool[place % len(pool)]
        for seq in range(1, 13):
            body = [
                metric(writer, seq, {"a": [seq], writer: [seq]}, first=seq),
                events(writer, seq + 1, {"type": "outputs", "values": {f"{writer[0]}{seq}": seq}}),
            ]
            if seq % 2:
                assert await send(*body, database=database) >= seq + 1

    await asyncio.gather(*(ship(writer, place) for place in range(3) for writer in (W1, W2)))
    found = await aggregates(arrange, run)
    assert [found[name][4] for name in ("a", W1, W2)] == [12, 6, 6]
    outputs = json.loads((await arrange.row(run))["outputs"])
    assert len(outputs) == 12, "no writer overwrites what another merged"
    for other in others:
        await other.close()


@pytest.mark.parametrize("problem", [{"before": 2}, {"after": 2}])
async def test_a_tracker_that_fails_loses_and_doubles_nothing(send, arrange, tracker, run, problem):
    shaky = Failing(tracker, **problem)
    body = metric(W1, 1, {"loss": [1.0, 2.0]})
    for _ in range(2):
        with pytest.raises(OSError, match=r"network|lost"):
            await send(body, through=shaky)
        assert await aggregates(arrange, run) == {}, "nothing counts before the tracker has it"
    assert await send(body, through=shaky) == 1
    assert (await aggregates(arrange, run))["loss"][4] == 2
    (series,) = await tracker.read_series(RunRef("default", run), ["loss"])
    assert series.total == 2


async def test_a_commit_that_fails_after_the_append_is_made_up_for(send, arrange, tracker, run):
    await tracker.append(RunRef("default", run), frames.split(metric(W1, 1, {"loss": [1.0]})))
    assert await send(metric(W1, 1, {"loss": [1.0]}), metric(W1, 2, {"loss": [2.0]}, first=1)) == 2
    assert (await aggregates(arrange, run))["loss"][4] == 2


async def test_a_gap_is_refused_with_the_number_that_is_next(send, arrange, run):
    await send(lines(W1, 1, "a"))
    with pytest.raises(GapInFrames) as caught:
        await send(lines(W1, 3, "c"))
    assert caught.value.expected == 2
    assert await send(lines(W1, 2, "b"), lines(W1, 3, "c")) == 3


BAD = {
    "nothing": b"",
    "not frames": b"hello world" * 9,
    "cut": lines(W1, 1, "a")[:-1],
    "two writers": lines(W1, 1, "a") + lines(W2, 2, "a"),
    "a hole": lines(W1, 1, "a") + lines(W1, 3, "a"),
    "a payload that is no metrics": frames.encode(frames.Kind.METRICS, W1, 1, b"\xff" * 9),
    "a payload that is no events": frames.encode(frames.Kind.EVENTS, W1, 1, b"{}"),
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
async def test_what_cannot_be_counted_is_refused_and_kept_nowhere(send, tracker, run, body):
    with pytest.raises(BadFrame):
        await send(body)
    assert await tracker.durable(RunRef("default", run), W1) == 0
    assert await send(lines(W1, 1, "good")) == 1


async def test_events_change_the_run_and_senseless_ones_change_nothing(send, arrange, run):
    senseless = [
        {"type": "params", "values": 7},
        {"type": "tags", "tags": 7},
        {"type": "tags", "tags": [{"a": 1}]},
        {"type": "progress", "value": "much"},
        {"type": "artifact", "name": "x", "size": "big"},
        {"type": "artifact", "name": "../outside", "size": 1},
        {"type": "artifact", "size": 1},
        {"type": "end", "status": "odd"},
        {"type": "omission"},
        {"type": "never heard of"},
    ]
    sound = [
        {"type": "params", "values": {"lr": 0.1}},
        {"type": "params", "values": {"lr": 0.2, "n": 3}},
        {"type": "outputs", "values": {"acc": "NaN"}},
        {"type": "tags", "tags": ["a", "b", "a"]},
        {"type": "progress", "value": 0.5},
        {"type": "artifact", "name": "model", "kind": "model", "size": 3, "digest": "sha256:0", "step": 4},
    ]
    assert await send(events(W1, 1, *senseless), events(W1, 2, *sound)) == 2
    row = await arrange.row(run)
    assert json.loads(row["params"]) == {"lr": 0.2, "n": 3}
    assert json.loads(row["outputs"]) == {"acc": "NaN"}
    assert json.loads(row["tags"]) == ["a", "b"]
    assert row["progress"] == 0.5
    artifacts = {r["name"]: r["size"] for r in await arrange.database.read(lambda tx: tracking.artifacts(tx, run))}
    assert artifacts == {"x": 0, "model": 3}


async def test_what_could_not_be_recorded_is_kept_by_name_and_within_bounds(send, arrange, run):
    fig = {"type": "omission", "name": "fig", "what": "Figure", "why": "it is no number", "count": 11}
    odd = {"type": "omission", "name": ["x"] * 999, "what": {}, "why": None, "count": "many"}
    many = [{"type": "omission", "name": f"n{n}"} for n in range(100)]
    await send(events(W1, 1, {"type": "meta", "values": {"not_recorded": 7, "host": "h"}}), events(W1, 2, fig, odd))
    await send(events(W1, 2, fig, odd), events(W1, 3, {**fig, "count": 1}, *many))
    meta = json.loads((await arrange.row(run))["meta"])
    assert meta["host"] == "h"
    known = meta["not_recorded"]
    assert known["fig"] == {"what": "Figure", "why": "it is no number", "count": 12}
    assert len(known) <= 33
    assert sum(entry["count"] for entry in known.values()) == 12 + 1 + 100
    assert omissions.summary(known).startswith("not recorded: fig (Figure) 12 times, ")
    assert len(json.dumps(known)) < 8000


async def test_the_last_frames_end_a_run_that_drains(send, arrange, run):
    end = Exit(code=0, writers={W1: 2, W2: 1})
    await arrange.report(await arrange.current(run), Phase.EXITED, exit=end)
    await send(lines(W1, 1, "a"), lines(W1, 2, "b"))
    assert (await arrange.row(run))["reason"] == Reason.DRAINING
    await send(lines(W2, 1, "c"))
    assert await arrange.status(run) is Status.SUCCEEDED


async def test_the_last_frames_that_race_with_the_end_leave_no_run_draining(send, arrange, run):
    ids = [await arrange.run(Status.RUNNING) for _ in range(20)]

    async def exits(each):
        await arrange.report(await arrange.current(each), Phase.EXITED, exit=Exit(code=0, writers={W1: 1}))

    work = [step for each in ids for step in (exits(each), send(lines(W1, 1, "a", final=True), to=each))]
    await asyncio.gather(*work)
    assert {await arrange.status(each) for each in ids} == {Status.SUCCEEDED}


async def test_frames_after_the_end_are_kept_and_marked_late(send, arrange, tracker, run):
    await send(lines(W1, 1, "in time"))
    await arrange.report(await arrange.current(run), Phase.EXITED, exit=Exit(code=0))
    assert await arrange.status(run) is Status.SUCCEEDED
    assert await send(metric(W1, 2, {"a": [1.0]}), lines(W1, 3, "late")) == 3
    row = await arrange.database.read(lambda tx: tx.one("SELECT late, seq FROM writer WHERE run = ?", run))
    assert (row["late"], row["seq"]) == (2, 3)
    assert (await aggregates(arrange, run))["a"][4] == 1
    assert await arrange.status(run) is Status.SUCCEEDED


def gap(writer, seq, *counts, final=False):
    return frames.encode(frames.Kind.GAP, writer, seq, frames.pack_gap(frames.Gap(*counts)), final=final)


async def test_dropped_records_are_counted_and_leave_a_run_incomplete(send, arrange, run):
    await send(gap(W1, 1, 3, 2, 1), gap(W1, 2, 4, 0, 0))
    assert await arrange.database.read(lambda tx: tracking.dropped(tx, run)) == 10
    await arrange.report(await arrange.current(run), Phase.EXITED, exit=Exit(code=0, writers={W1: 2}))
    row = await arrange.row(run)
    assert (row["status"], row["reason"]) == (Status.SUCCEEDED, Reason.INCOMPLETE)
    assert "10 records were dropped" in row["message"]


async def test_what_a_given_up_attempt_dropped_does_not_make_the_run_incomplete(send, arrange, run):
    await send(gap(W1, 1, 3, 0, 0))
    await arrange.report(await arrange.current(run), Phase.EXITED, exit=Exit(reason=Reason.LOST, retryable=True))
    arrange.clock.turn(600)
    await arrange.reconcile(run)
    await arrange.assign()
    await send(lines(W2, 1, "again"))
    await arrange.report(await arrange.current(run), Phase.EXITED, exit=Exit(code=0, writers={W2: 1}))
    row = await arrange.row(run)
    assert (row["status"], row["reason"]) == (Status.SUCCEEDED, "")


async def test_a_tracked_run_that_dropped_records_is_incomplete(send, arrange):
    run = await arrange.run(Status.CREATED, managed=False)
    await arrange.reconcile(run)
    await send(gap(W1, 1, 3, 0, 0), events(W1, 2, {"type": "end", "status": "succeeded"}, final=True), to=run)
    row = await arrange.row(run)
    assert (row["status"], row["reason"]) == (Status.SUCCEEDED, Reason.INCOMPLETE)
    assert "3 records were dropped" in row["message"]


async def test_numbers_that_are_not_finite_count_and_have_no_low_or_high(send, arrange, run):
    nan, inf = float("nan"), float("inf")
    await send(metric(W1, 1, {"a": [nan, nan], "b": [inf, -inf]}))
    found = await aggregates(arrange, run)
    assert found["a"] == (None, 1, None, None, 2, 0)
    assert found["b"][2:] == (None, None, 2, 0)
    await send(metric(W1, 2, {"a": [3.0]}, first=1))
    assert (await aggregates(arrange, run))["a"] == (3.0, 1, 3.0, 3.0, 3, 1)


async def test_no_run_takes_no_frames(send):
    with pytest.raises(NotFound):
        await send(lines(W1, 1, "a"), to="nobody")


async def test_a_tracked_run_ends_although_a_writer_of_it_died(send, arrange):
    run = await arrange.run(Status.CREATED, managed=False)
    await arrange.reconcile(run)
    await send(lines(W2, 1, "of a child that was killed"), to=run)
    await send(events(W1, 1, {"type": "end", "status": "succeeded"}, final=True), to=run)
    assert await arrange.reconcile(run) is Status.RUNNING
    await arrange.listen(61)
    assert await arrange.reconcile(run) is Status.SUCCEEDED
    assert (await arrange.row(run))["reason"] == Reason.INCOMPLETE


async def tracked_row(send, arrange, *, end):
    """The row of a tracked run whose program told this end."""
    run = await arrange.run(Status.CREATED, managed=False)
    await arrange.reconcile(run)
    await send(events(W1, 1, {"type": "end", **end}, final=True), to=run)
    return await arrange.row(run)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"status": "failed", "reason": "error"}, Reason.ERROR),
        ({"status": "failed", "reason": "exit_code", "exit_code": 3}, Reason.EXIT_CODE),
        ({"status": "failed", "reason": "lost"}, Reason.LOST),
        ({"status": "stopped", "reason": "user"}, Reason.USER),
        ({"status": "failed"}, Reason.USER),
        ({"status": "failed", "reason": "oom_killed"}, Reason.USER),
        ({"status": "failed", "reason": {"odd": 1}, "exit_code": "3", "time": -1}, Reason.USER),
        ({"status": "succeeded", "exit_code": 0}, Reason.NONE),
    ],
)
async def test_a_tracked_run_ends_for_the_reason_that_its_program_told(send, arrange, told, reason):
    row = await tracked_row(send, arrange, end=told)
    assert (row["status"], row["reason"]) == (told["status"], reason)
    assert row["reported_exit_code"] == (told.get("exit_code") if reason in (Reason.EXIT_CODE, Reason.NONE) else None)


@pytest.mark.parametrize(
    ("ago", "counts"), [(10, 10), (100, 60), (-100, 0), (None, 0)], ids=["told", "before its start", "ahead", "nothing"]
)
async def test_a_tracked_run_ended_when_its_program_says_within_bounds(send, arrange, ago, counts):
    start = arrange.clock.now()
    run = await arrange.run(Status.CREATED, managed=False)
    await arrange.reconcile(run)
    arrange.clock.turn(60)
    now = arrange.clock.now()
    told = {"time": None} if ago is None else {"time": now - ago * SECOND}
    await send(events(W1, 1, {"type": "end", "status": "succeeded", **told}, final=True), to=run)
    row = await arrange.row(run)
    assert (row["started_at"], row["finished_at"], row["updated_at"]) == (start, now - counts * SECOND, now)


async def test_how_a_tracked_run_ended_is_kept_while_its_frames_are_awaited(send, arrange):
    run = await arrange.run(Status.CREATED, managed=False)
    await arrange.reconcile(run)
    await send(lines(W2, 1, "more to come"), to=run)
    told = {"status": "failed", "reason": "error", "message": "no", "time": arrange.clock.now()}
    await send(events(W1, 1, {"type": "end", **told}, final=True), to=run)
    arrange.clock.turn(30)
    await send(lines(W2, 2, "the last", final=True), to=run)
    row = await arrange.row(run)
    assert (row["status"], row["reason"], row["message"], row["finished_at"]) == ("failed", "error", "no", told["time"])


async def test_the_end_that_was_told_first_counts(send, arrange):
    """Who syncs a spool adds an end when its program may have told none."""
    run = await arrange.run(Status.CREATED, managed=False)
    await arrange.reconcile(run)
    await send(lines(W2, 1, "more to come"), to=run)
    await send(events(W1, 1, {"type": "end", "status": "succeeded"}, final=True), to=run)
    await send(events("3" * 32, 1, {"type": "end", "status": "failed", "reason": "lost"}, final=True), to=run)
    await send(lines(W2, 2, "the last", final=True), to=run)
    assert (await arrange.row(run))["status"] == Status.SUCCEEDED


async def test_a_run_that_began_long_ago_is_not_silent_before_its_first_frame(send, arrange):
    """An offline run is told of days later."""
    new = runs.NewRun(
        id=RUN, project="default", kind="tracked", actor="me", at=arrange.clock.now(), managed=False, created_at=1
    )
    policy = Policy(tracked_silence=60.0)
    await arrange.database.write(lambda tx: add(tx, new, policy))
    row = await arrange.row(new.id)
    assert (row["status"], row["started_at"]) == (Status.RUNNING, 1)
    await arrange.database.write(lambda tx: reconcile(tx, RUN, policy=policy, at=arrange.clock.now()))
    assert (await arrange.row(RUN))["status"] == Status.RUNNING
