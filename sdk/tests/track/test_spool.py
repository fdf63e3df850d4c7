"""The spool keeps frames through torn writes, full disks, several settlers and another boot."""

import errno
import logging
import os
import subprocess
import sys

import pytest

from trainyard.track import buffer, failpoints, frames, segments, spool
from trainyard.track import drain as draining
from trainyard.track.frames import Gap, Kind, Line
from trainyard.track.ring import Ring
from trainyard.track.spool import SpoolBusy, SpoolWriter, pending, settle


def lines(text):
    return frames.pack_lines([Line(1, 1, text)])


def texts(found):
    return [line.text for f in found if f.kind is Kind.LOGS for line in frames.unpack_lines(f.payload)]


def gaps(found):
    return [frames.unpack_gap(f.payload) for f in found if f.kind is Kind.GAP]


def test_frames_are_numbered_from_one_and_read_back(tmp_path, spool_frames):
    writer = SpoolWriter(tmp_path)
    assert [writer.append(Kind.LOGS, lines(str(n))) for n in range(3)] == [1, 2, 3]
    writer.append(Kind.LOGS, lines("end"), final=True)
    writer.close()
    writer.close()
    found = spool_frames(tmp_path, writer.writer)
    assert texts(found) == ["0", "1", "2", "end"]
    assert [f.final for f in found] == [False, False, False, True]
    assert pending(tmp_path) == 4


def test_a_torn_segment_is_cut_at_the_last_whole_frame_wherever_it_was_torn(tmp_path, spool_frames):
    whole = SpoolWriter(tmp_path / "whole")
    for n in range(3):
        whole.append(Kind.LOGS, lines(f"line {n}"))
    whole.close()
    data = segments.path_of(whole.folder, 1).read_bytes()
    ends = [sum(len(f.raw) for f in frames.split(data)[:n]) for n in range(4)]
    for cut in range(len(data) + 1):
        root = tmp_path / str(cut)
        folder = root / whole.writer
        folder.mkdir(parents=True)
        segments.path_of(folder, 1).write_bytes(data[:cut])
        whole_frames = sum(1 for end in ends[1:] if end <= cut)
        assert settle(root) == {whole.writer: whole_frames}
        again = SpoolWriter(root, writer=whole.writer)
        assert again.append(Kind.LOGS, lines("next")) == whole_frames + 1
        again.close()
        assert texts(spool_frames(root, whole.writer)) == [f"line {n}" for n in range(whole_frames)] + ["next"]


def test_segments_are_changed_at_their_size(tmp_path, spool_frames):
    writer = SpoolWriter(tmp_path, segment_size=220)
    for _ in range(10):
        writer.append(Kind.LOGS, lines("x" * 50))
    writer.close()
    assert segments.listed(writer.folder) == [1, 3, 5, 7, 9]
    assert len(spool_frames(tmp_path, writer.writer)) == 10


def test_a_living_owner_is_left_alone_and_told(tmp_path):
    writer = SpoolWriter(tmp_path)
    writer.append(Kind.LOGS, lines("a"))
    with pytest.raises(SpoolBusy, match=writer.writer):
        SpoolWriter(tmp_path, writer=writer.writer)
    settled = settle(tmp_path)
    assert settled == {writer.writer: 1}
    assert settled.live == {writer.writer}
    writer.close()
    assert settle(tmp_path).live == frozenset()


def test_the_last_number_is_known_after_everything_was_delivered(tmp_path):
    writer = SpoolWriter(tmp_path)
    writer.append(Kind.LOGS, lines("a"))
    writer.append(Kind.LOGS, lines("b"))
    segments.raise_durable(writer.folder, 2)
    spool.prune(tmp_path)
    assert segments.listed(writer.folder) == [1]
    writer.close()
    spool.prune(tmp_path)
    assert segments.listed(writer.folder) == []
    assert settle(tmp_path) == {writer.writer: 2}
    again = SpoolWriter(tmp_path, writer=writer.writer)
    assert again.append(Kind.LOGS, lines("c")) == 3
    again.close()


class SmallDisk:
    """`os.write` on a disk of `room` bytes for the segments of a folder; it writes what fits, as a disk does."""

    def __init__(self, folder, room):
        self.folder, self.room, self.real = folder, room, os.write

    def __call__(self, fd, data):
        used = sum(path.stat().st_size for path in self.folder.glob("*.tyf"))
        if used >= self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.real(fd, data[: self.room - used])


def test_a_full_disk_drops_the_oldest_and_counts_it_once(tmp_path, monkeypatch, caplog, spool_frames):
    writer = SpoolWriter(tmp_path, segment_size=500)
    monkeypatch.setattr(os, "write", SmallDisk(writer.folder, 2000))
    with caplog.at_level(logging.WARNING):
        for n in range(100):
            assert writer.append(Kind.LOGS, lines(f"{n:050d}")) > 0
    writer.close()
    found = spool_frames(tmp_path, writer.writer)
    assert [f.seq for f in found] == list(range(1, writer.seq + 1))
    kept = [int(text) for text in texts(found)]
    assert kept == sorted(kept)
    assert kept[-1] == 99
    assert len(kept) + sum(g.lines for g in gaps(found)) == 100
    assert len([r for r in caplog.records if "disk" in r.message]) == 1


def test_a_disk_without_any_room_loses_the_payload_and_says_so_later(tmp_path, monkeypatch, spool_frames):
    writer = SpoolWriter(tmp_path)
    disk = SmallDisk(writer.folder, 0)
    monkeypatch.setattr(os, "write", disk)
    assert writer.append(Kind.EVENTS, frames.pack_events([{"type": "note"}] * 3)) == 0
    assert writer.append(Kind.LOGS, lines("lost")) == 0
    disk.room = 10000
    assert writer.append(Kind.LOGS, lines("kept")) == 1
    writer.close()
    found = spool_frames(tmp_path, writer.writer)
    assert texts(found) == ["kept"]
    assert gaps(found) == [Gap(0, 1, 3)]


def test_metrics_lost_on_a_full_disk_are_counted_too(tmp_path, monkeypatch, spool_frames, frame_rows):
    writer = SpoolWriter(tmp_path, segment_size=2000)
    rows = Ring(writer.folder, 8192)
    monkeypatch.setattr(os, "write", SmallDisk(writer.folder, 6000))
    for n in range(500):
        rows.put({"a": float(n), "b": 0.0}, n)
        if n % 20 == 19:
            draining.drain(rows, writer)
    rows.close()
    writer.close()
    found = spool_frames(tmp_path, writer.writer)
    steps = [step for _, step, _ in frame_rows(found)]
    assert steps == sorted(set(steps))
    assert steps[-1] == 499
    assert 2 * len(steps) + sum(g.points for g in gaps(found)) == 1000


LIMITED = """
import resource, sys
from pathlib import Path
from trainyard.track import frames
from trainyard.track.spool import SpoolWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
writer = SpoolWriter(Path(sys.argv[1]))
for n in range(400):
    writer.append(frames.Kind.LOGS, frames.pack_lines([frames.Line(1, 1, f"{n:050d}")]))
writer.close()
"""


def test_a_limit_on_the_size_of_a_file_loses_nothing(tmp_path, spool_frames):
    subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], check=True, timeout=60)
    (writer,) = segments.writers(tmp_path)
    found = spool_frames(tmp_path, writer)
    assert [int(text) for text in texts(found)] == list(range(400))
    assert gaps(found) == []


def test_several_settlers_at_once_count_every_row_once(tmp_path, spool_frames, frame_rows):
    writers = []
    for _ in range(3):
        writer = SpoolWriter(tmp_path)
        rows = Ring(writer.folder, 65536)
        for n in range(200):
            rows.put({"a": 1.0}, n)
        rows.close()
        writer.forget()
        writers.append(writer.writer)
    pids = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            ok = dict(settle(tmp_path)) == dict.fromkeys(writers, 1)
            os._exit(0 if ok else 1)
        pids.append(pid)
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0] * 4
    for writer in writers:
        assert [step for _, step, _ in frame_rows(spool_frames(tmp_path, writer))] == list(range(200))


def test_after_another_boot_frames_stay_and_the_ring_is_given_up(tmp_path, monkeypatch, spool_frames, frame_rows):
    writer = SpoolWriter(tmp_path)
    rows = Ring(writer.folder, 8192)
    rows.put({"a": 1.0}, 0)
    draining.drain(rows, writer)
    rows.put({"a": 2.0}, 1)
    rows.close()
    writer.forget()
    monkeypatch.setattr(buffer, "boot_id", lambda: b"another boot....")
    assert settle(tmp_path) == {writer.writer: 1}
    assert [step for _, step, _ in frame_rows(spool_frames(tmp_path, writer.writer))] == [0]


def test_a_damaged_ring_does_not_stop_the_others(tmp_path):
    for content in (b"x", b"x" * 9000, bytes(9000)):
        folder = tmp_path / os.urandom(16).hex()
        folder.mkdir()
        (folder / "ring.00000001").write_bytes(content)
    good = SpoolWriter(tmp_path)
    good.append(Kind.LOGS, lines("a"))
    good.close()
    settled = settle(tmp_path)
    assert len(settled) == 4
    assert settled[good.writer] == 1


def test_a_crash_between_dropping_and_going_on_keeps_the_numbers_in_order(tmp_path, monkeypatch, spool_frames):
    writer = SpoolWriter(tmp_path, segment_size=300)
    disk = SmallDisk(writer.folder, 900)
    monkeypatch.setattr(os, "write", disk)

    class Crash(BaseException):
        pass

    def crash(name):
        if name == "spool.drop":
            raise Crash

    failpoints.install(crash)
    with pytest.raises(Crash):
        for _ in range(100):
            writer.append(Kind.LOGS, lines("x" * 50))
    failpoints.install(None)
    last = writer.seq
    writer.forget()
    disk.room = 10**6
    again = SpoolWriter(tmp_path, writer=writer.writer)
    assert again.append(Kind.LOGS, lines("after")) == last + 1
    again.close()
    assert [f.seq for f in spool_frames(tmp_path, writer.writer)] == list(range(1, last + 2))


def test_a_spool_that_does_not_exist_is_empty(tmp_path):
    assert settle(tmp_path / "none") == {}
    assert pending(tmp_path / "none") == 0
