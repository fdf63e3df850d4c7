"""The writer's thread drains, and the program's never does, however fast it logs and whatever the disk does."""

import errno
import os
import subprocess
import sys
import threading

import pytest

from trainyard.track import drain, frames, writer
from trainyard.track.writer import Writer


def test_a_program_that_logs_never_drains(tmp_path, monkeypatch, spool_rows):
    drained_by = set()
    real = drain.drain

    def drained(*args, **named):
        drained_by.add(threading.current_thread().name)
        return real(*args, **named)

    monkeypatch.setattr(drain, "drain", drained)
    one = Writer(tmp_path, capacity=65536)
    for step in range(20_000):  # twenty buffers
        one.log({"a": 1.0, "b": 2.0}, step)
    assert drained_by <= {"trainyard-drain"}
    one.close()
    (rows,) = spool_rows(tmp_path).values()
    assert [step for _, step, _ in rows] == list(range(20_000))


TRACED = """
import sys, threading
from pathlib import Path
from trainyard.track.writer import Writer
one = Writer(Path(sys.argv[1]))
for step in range(20_000):
    one.log({"a": 1.0}, step)
called = set()
main = threading.get_ident()
def hook(event, args):
    if threading.get_ident() == main:
        called.add(event)
sys.addaudithook(hook)
for step in range(20_000, 60_000):
    one.log({"a": 1.0}, step)
print(*called)
one.close()
"""


def test_a_program_that_logs_opens_and_writes_no_file(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", TRACED, str(tmp_path)], stdout=subprocess.PIPE, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == []


class Disk:
    """`os.write` and `os.posix_fallocate` of a disk that is full while `full` says so."""

    def __init__(self, monkeypatch):
        self.full = False
        self._real = {name: getattr(os, name) for name in ("write", "posix_fallocate")}
        for name in self._real:
            monkeypatch.setattr(os, name, lambda *args, name=name: self._call(name, *args))

    def _call(self, name, *args):
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._real[name](*args)


@pytest.fixture
def disk(monkeypatch):
    monkeypatch.setattr(writer, "PERIOD", 0.01)
    return Disk(monkeypatch)


def await_a_drain(one, monkeypatch):
    """Return when the writer's thread has tried to drain once more."""
    tried = threading.Event()
    real = one.spool.offer

    def offer(*args):
        done = real(*args)
        tried.set()
        return done

    monkeypatch.setattr(one.spool, "offer", offer)
    assert tried.wait(30)


def test_rows_logged_while_the_disk_is_full_are_kept_until_it_has_room(
    tmp_path, disk, monkeypatch, spool_frames, frame_rows
):
    one = Writer(tmp_path)
    one.log({"a": 1.0}, 0)
    one.flush()
    disk.full = True
    for step in range(1, 600):
        one.log({"a": 1.0}, step)
    await_a_drain(one, monkeypatch)
    disk.full = False
    one.close()
    found = spool_frames(tmp_path, one.spool.writer)
    assert [step for _, step, _ in frame_rows(found)] == list(range(600))
    assert not [frame for frame in found if frame.kind is frames.Kind.GAP]


def test_a_disk_that_stays_full_costs_the_oldest_rows_and_they_are_counted(tmp_path, disk, spool_frames, frame_rows):
    one = Writer(tmp_path, capacity=4096)
    one.log({"a": 1.0}, 0)
    one.flush()
    disk.full = True
    for step in range(1, 3000):
        one.log({"a": 1.0}, step)
        if step % 100 == 0:
            one.flush()
    disk.full = False
    one.close()
    found = spool_frames(tmp_path, one.spool.writer)
    steps = [step for _, step, _ in frame_rows(found)]
    gaps = sum(frames.unpack_gap(frame.payload).points for frame in found if frame.kind is frames.Kind.GAP)
    assert len(steps) + gaps == 3000
    assert gaps > 0
    kept = steps[1:] if steps[0] == 0 else steps
    assert kept == list(range(kept[0], 3000)), "the newest are kept"


def test_the_room_of_spare_buffers_is_given_to_frames_before_anything_is_dropped(tmp_path, monkeypatch, spool_frames):
    one = Writer(tmp_path)
    with one.spool.lock:
        one.ring.prepare()
        real, calls = os.write, []

        def write(fd, data):
            calls.append(bool(one.ring._spares))
            if one.ring._spares:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(fd, data)

        monkeypatch.setattr(os, "write", write)
        one.event([{"type": "note"}])
        monkeypatch.undo()
    one.close()
    assert calls == [True, False]
    assert [frame.kind for frame in spool_frames(tmp_path, one.spool.writer)] == [frames.Kind.EVENTS]


def texts(found):
    events = [frames.unpack_events(frame.payload) for frame in found if frame.kind is frames.Kind.EVENTS]
    return [event["text"] for some in events for event in some]


def test_what_a_signal_handler_records_in_the_middle_of_a_frame_follows_it(tmp_path, monkeypatch, spool_frames):
    one, real, depth = Writer(tmp_path), os.write, []

    def write(fd, data):
        if len(depth) < 3:  # as a handler that comes while the frame is being written
            depth.append(1)
            one.event([{"type": "note", "text": f"handler {len(depth)}"}])
            one.flush()
        return real(fd, data)

    one.log({"a": 1.0}, 0)
    monkeypatch.setattr(os, "write", write)
    one.event([{"type": "note", "text": "program"}])
    monkeypatch.undo()
    one.close()
    found = spool_frames(tmp_path, one.spool.writer)
    assert [frame.seq for frame in found] == list(range(1, len(found) + 1))
    assert sorted(texts(found)) == ["handler 1", "handler 2", "handler 3", "program"]


@pytest.mark.parametrize("written", ["nothing", "a part", "all"])
def test_a_frame_that_an_interrupt_ends_leaves_no_trace(tmp_path, monkeypatch, spool_frames, written):
    one, real = Writer(tmp_path), os.write

    def interrupted(fd, data):
        real(fd, data[: {"nothing": 0, "a part": len(data) // 2, "all": len(data)}[written]])
        raise KeyboardInterrupt

    one.event([{"type": "note", "text": "before"}])
    monkeypatch.setattr(os, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        one.event([{"type": "note", "text": "interrupted"}])
    monkeypatch.undo()
    one.event([{"type": "note", "text": "after"}])
    one.close()
    found = spool_frames(tmp_path, one.spool.writer)
    assert ([frame.seq for frame in found], texts(found)) == ([1, 2], ["before", "after"])
