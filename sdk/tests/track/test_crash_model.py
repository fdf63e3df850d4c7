"""A crash at every step of the protocol, against a model: whatever was put is in frames exactly once, in order.

Each case runs a small program of puts, drains, events and segment changes, and stops it at one fault point, for every
fault point there is; a crash inside a write leaves a part of the frame. Recovery is stopped at each of its own points
as well, and run again.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainyard.track import drain as draining
from trainyard.track import failpoints, frames, segments
from trainyard.track.ring import Ring
from trainyard.track.spool import SpoolWriter, settle


class Crash(BaseException):
    """The process is gone."""


class Crasher:
    """Raises Crash at the n-th fault point; counts them all."""

    def __init__(self, at):
        self.at = at
        self.seen = 0
        self.name = ""

    def __call__(self, name):
        self.seen += 1
        if self.seen == self.at:
            self.name = name
            raise Crash(name)


class Program:
    """One life of a writer. What `put` returned from is in `rows`, events whose frame is whole are in `events`."""

    def __init__(self, root, torn):
        self.root, self.torn = root, torn
        self.rows, self.putting, self.events, self.maybe = [], [], [], []
        self.spool = SpoolWriter(root, segment_size=600)
        self.ring = Ring(self.spool.folder, 256)
        self.ring.prepare()

    def drain(self):
        draining.drain(self.ring, self.spool)
        self.ring.prepare()

    def run(self, steps):
        for number, step in enumerate(steps):
            if step == "drain":
                self.drain()
            elif step == "event":
                self.maybe.append(number)
                self.spool.append(frames.Kind.EVENTS, frames.pack_events([{"type": "note", "text": str(number)}]))
                self.events.append(number)
            else:
                row = {"a": float(number)} if step == "narrow" else {"a": float(number), "b": 1.0}
                self.putting = [number]
                self.ring.put(row, number)
                self.rows.append(number)
                self.putting = []
                if len(self.ring.buffers) > 1:  # a full buffer wakes the thread that drains
                    self.drain()

    def die(self, name):
        """Leave the files as a killed process leaves them, with a part of the frame after a crash in a write."""
        if name == "spool.write":
            found = segments.listed(self.spool.folder)
            junk = frames.encode(frames.Kind.GAP, self.spool.writer, self.spool.seq + 1, bytes(24))
            with segments.path_of(self.spool.folder, found[-1]).open("ab") as file:
                file.write(junk[: self.torn])
        self.ring.close()
        self.spool.forget()


def crashed(action, at):
    """Run `action` with a crash at the n-th point: its name, or empty when there are fewer points."""
    crasher = Crasher(at)
    failpoints.install(crasher)
    try:
        action()
    except Crash:
        pass
    finally:
        failpoints.install(None)
    return crasher.name


def recovered(root, at):
    """Settle with a crash at the n-th point of recovery, then settle for good."""
    return crashed(lambda: settle(root), at), settle(root)


def check(program, spool_frames, frame_rows):
    found = spool_frames(program.root, program.spool.writer)
    assert [f.seq for f in found] == list(range(1, len(found) + 1))
    rows = frame_rows(found)
    assert sorted(step for _, step, _ in rows) in (program.rows, program.rows + program.putting)
    assert all(values[0] == float(step) for _, step, values in rows)
    texts = [int(e["text"]) for f in found if f.kind is frames.Kind.EVENTS for e in frames.unpack_events(f.payload)]
    assert texts in (program.events, program.maybe)
    assert not [f for f in found if f.kind is frames.Kind.GAP]


STEPS = ["narrow", "narrow", "wide", "event", "narrow", "drain", "wide", "narrow", "drain", "event"] + [
    "narrow",
    "wide",
] * 20


def test_a_crash_at_every_step_loses_and_doubles_nothing(tmp_path, spool_frames, frame_rows):
    names = set()
    for at in range(1, 1000):
        root = tmp_path / str(at)
        program = Program(root, torn=at % 60)
        name = crashed(lambda p=program: p.run(STEPS), at)
        program.die(name)
        settle(root)
        check(program, spool_frames, frame_rows)
        if not name:
            break
        names.add(name)
    assert names == {
        "buffer.discard",
        "buffer.plan.cleared",
        "buffer.plan.end",
        "buffer.plan.seq",
        "buffer.tail",
        "spool.write",
        "spool.written",
    }


@pytest.mark.parametrize("first", range(1, 13))
def test_a_crash_at_every_step_of_recovery_too(tmp_path, spool_frames, frame_rows, first):
    for second in range(1, 100):
        root = tmp_path / str(second)
        program = Program(root, torn=17)
        program.die(crashed(lambda p=program: p.run(STEPS[:20]), first))
        name, settled = recovered(root, second)
        check(program, spool_frames, frame_rows)
        assert settled == {program.spool.writer: len(spool_frames(root, program.spool.writer))}
        assert settled.live == frozenset()
        if not name:
            return
    pytest.fail("recovery has no end")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.sampled_from(["narrow", "wide", "event", "drain"]), max_size=60),
    at=st.integers(1, 60),
    torn=st.integers(0, 63),
)
def test_any_program_and_any_crash(tmp_path_factory, spool_frames, frame_rows, steps, at, torn):
    root = Path(tmp_path_factory.mktemp("spool"))
    program = Program(root, torn)
    program.die(crashed(lambda: program.run(steps), at))
    settle(root)
    settle(root)
    check(program, spool_frames, frame_rows)
