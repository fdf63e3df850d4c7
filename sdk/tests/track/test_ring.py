"""Rows go through the ring and come out as columns: once each, in order, as they were at the call."""

import errno
import itertools
import math
import mmap
import os
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainyard.track import buffer as buffers
from trainyard.track import drain as draining
from trainyard.track import frames
from trainyard.track import ring as ring_of
from trainyard.track.buffer import Buffer, BufferDamaged
from trainyard.track.ring import Ring
from trainyard.track.spool import SpoolWriter, settle


class Harness:
    """A ring, its spool, and everything that was drained."""

    def __init__(self, root, capacity):
        self.root = root
        self.spool = SpoolWriter(root)
        self.ring = Ring(self.spool.folder, capacity)
        self.refused = []
        self.ring.on_refused = self.refused.append

    def drain(self):
        draining.drain(self.ring, self.spool)

    def close(self):
        self.drain()
        self.spool.close()
        self.ring.close()


@pytest.fixture
def make(tmp_path):
    made = []

    def harness(capacity=4096):
        made.append(Harness(tmp_path, capacity))
        return made[-1]

    yield harness
    for one in made:
        one.ring.close()
        one.spool.close()


NAMES = st.sampled_from(["a", "b", "loss", "x" * 40, "ü"])
ROW = st.dictionaries(NAMES, st.floats(allow_nan=False), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(ROW, st.booleans()), max_size=120), capacity=st.sampled_from([512, 1024, 4096]))
def test_rows_come_out_once_and_in_order_however_often_buffers_are_swapped(rows, capacity, spool_rows):
    with tempfile.TemporaryDirectory() as folder:
        h = Harness(Path(folder), capacity)
        for step, (row, drain_now) in enumerate(rows):
            h.ring.put(row, step)
            if drain_now:
                h.drain()
        h.close()
        (found,) = spool_rows(h.root).values()
    want = [(tuple(row), step, list(row.values())) for step, (row, _) in enumerate(rows)]
    assert sorted(found, key=lambda r: r[1]) == want
    by_names = {names: [step for n, step, _ in found if n == names] for names, _, _ in found}
    assert all(steps == sorted(steps) for steps in by_names.values())


def test_a_full_buffer_is_swapped_for_the_one_prepared_and_deleted_once_it_is_drained(make, spool_rows):
    h = make(512)
    h.ring.prepare()
    swapped = []
    h.ring.on_swap = lambda: swapped.append(len(h.ring.buffers))
    for step in range(20):
        h.ring.put({"a": 1.0}, step)
    files = [buffer.path.name for buffer in h.ring.buffers]
    assert (swapped, files) == ([2], ["ring.00000001", "ring.00000002"])
    h.drain()
    assert [path.name for path in buffers.buffers_in(h.spool.folder)] == ["ring.00000002"]
    assert [step for _, step, _ in next(iter(spool_rows(h.root).values()))] == list(range(20))


def test_put_makes_a_buffer_itself_when_none_is_prepared(make, spool_rows):
    h = make(512)
    for step in range(40):
        h.ring.put({"a": 1.0}, step)
    assert [buffer.path.name for buffer in h.ring.buffers] == [f"ring.{number:08d}" for number in (1, 2, 3)]
    h.drain()
    assert [step for _, step, _ in next(iter(spool_rows(h.root).values()))] == list(range(40))


def test_rows_wait_in_memory_where_the_disk_has_no_room(make, spool_rows, monkeypatch):
    def full(fd, offset, size):
        raise OSError(errno.ENOSPC, "no space")

    h = make(512)
    monkeypatch.setattr(os, "posix_fallocate", full)
    h.ring.prepare()
    for step in range(40):
        h.ring.put({"a": 1.0}, step)
    assert [buffer.path is None for buffer in h.ring.buffers] == [False, True, True]
    assert sorted(path.name for path in h.spool.folder.iterdir()) == ["ring", "ring.00000001"]
    h.drain()
    assert [step for _, step, _ in next(iter(spool_rows(h.root).values()))] == list(range(40))


def test_buffers_are_recovered_in_the_order_in_which_they_were_filled(tmp_path, frame_rows, spool_frames):
    spool = SpoolWriter(tmp_path)
    ring = Ring(spool.folder, 512)
    other = Buffer.create(spool.folder, 0, 512)  # an older file that is filled later
    for step in range(30):
        ring.put({"a": 1.0}, step)
        if step == 0:
            ring._spares.append(other)
    assert ring.buffers[1] is other
    ring.close()
    spool.forget()
    settle(tmp_path)
    assert [step for _, step, _ in frame_rows(spool_frames(tmp_path, spool.writer))] == list(range(30))
    assert buffers.buffers_in(spool.folder) == []


def test_rows_beyond_what_may_wait_are_counted(make, spool_frames, frame_rows):
    h = make(512)
    for step in range(ring_of.MOST * 15 + 100):
        h.ring.put({"a": 1.0}, step)
    lost = h.ring.lost
    assert lost > 0
    h.drain()
    h.close()
    found = spool_frames(h.root, h.spool.writer)
    assert len(frame_rows(found)) + lost == ring_of.MOST * 15 + 100
    assert [frames.unpack_gap(f.payload) for f in found if f.kind is frames.Kind.GAP] == [frames.Gap(lost, 0, 0)]


def test_spare_buffers_give_their_room_back(make):
    h = make(512)
    h.ring.prepare()
    assert len(buffers.buffers_in(h.spool.folder)) == 2
    assert h.ring.give_up_spares()
    assert len(buffers.buffers_in(h.spool.folder)) == 1
    assert not h.ring.give_up_spares()


def test_a_drain_that_cannot_write_leaves_the_rows_where_they_are(make, spool_rows, monkeypatch):
    h = make(512)
    for step in range(40):
        h.ring.put({"a": 1.0}, step)
    monkeypatch.setattr(h.spool, "_write", lambda frame: False)
    assert not draining.drain(h.ring, h.spool, insist=False)
    monkeypatch.undo()
    h.ring.put({"a": 1.0}, 40)
    assert draining.drain(h.ring, h.spool, insist=False)
    assert [step for _, step, _ in next(iter(spool_rows(h.root).values()))] == list(range(41))


def test_nothing_is_taken_after_the_end(make, spool_rows):
    h = make()
    h.ring.put({"a": 1.0}, 0)
    h.ring.stop()
    h.ring.put({"a": 1.0}, 1)
    h.close()
    assert [step for _, step, _ in next(iter(spool_rows(h.root).values()))] == [0]


def test_what_changes_after_the_call_does_not_change_the_row(make, spool_rows):
    h = make()
    values, number = {"a": 1.0}, [5.0]

    class Changing:
        def __float__(self):
            return number[0]

    h.ring.put(values, 0)
    h.ring.put({"b": Changing()}, 1)
    values["a"], number[0] = 2.0, 6.0
    h.close()
    (found,) = spool_rows(h.root).values()
    assert found == [(("a",), 0, [1.0]), (("b",), 1, [5.0])]


class Tensor:
    """Looks like an array library's scalar without `__float__`."""

    def __init__(self, value):
        self.value = value

    def item(self):
        return self.value


GOOD = [
    (True, 1.0),
    (7, 7.0),
    (2**70, float(2**70)),
    (10**400, math.inf),
    (-(10**400), -math.inf),
    (Decimal("1.5"), 1.5),
    (Fraction(1, 4), 0.25),
    (Tensor(2.5), 2.5),
    (math.inf, math.inf),
]


@pytest.mark.parametrize(("value", "want"), GOOD, ids=[type(v).__name__ + str(i) for i, (v, _) in enumerate(GOOD)])
def test_whatever_is_a_number_is_recorded(make, spool_rows, value, want):
    h = make()
    h.ring.put({"a": value, "b": 1}, 3)
    h.close()
    assert list(spool_rows(h.root).values()) == [[(("a", "b"), 3, [want, 1.0])]]
    assert h.refused == []


def test_array_scalars_are_numbers(make, spool_rows):
    numpy = pytest.importorskip("numpy")
    h = make()
    h.ring.put({"a": numpy.float32(0.5), "b": numpy.int64(3), "c": numpy.array(2.0), "d": numpy.bool_(True)})
    h.ring.put({"e": numpy.array([4.0])}, numpy.int64(9))
    h.close()
    assert [r[2] for r in next(iter(spool_rows(h.root).values()))] == [[0.5, 3.0, 2.0, 1.0], [4.0]]


class Raising:
    def __float__(self):
        raise RuntimeError("device lost")


@pytest.mark.parametrize("bad", ["1.0", b"1", None, {"x": 1}, [1.0], object(), 1j, Raising()], ids=range(8))
def test_a_value_that_is_no_number_is_left_out_and_told(make, spool_rows, bad):
    h = make()
    h.ring.put({"bad": bad, "good": 1.0}, 0)
    h.close()
    assert next(iter(spool_rows(h.root).values())) == [(("good",), 0, [1.0])]
    assert [r.name for r in h.refused] == ["bad"]


@pytest.mark.parametrize("name", [3, "", "a\0b", "x" * 2000, "\ud800"], ids=repr)
def test_a_name_that_cannot_be_one_is_left_out_and_told(make, spool_rows, name):
    h = make()
    h.ring.put({name: 1.0, "good": 1.0}, 0)
    h.close()
    assert next(iter(spool_rows(h.root).values())) == [(("good",), 0, [1.0])]
    assert len(h.refused) == 1


@pytest.mark.parametrize("step", ["1", 1.5, 2**63, None.__class__, math.nan], ids=repr)
def test_a_step_that_is_no_whole_number_is_told_and_its_row_has_the_next_one(make, spool_rows, step):
    h = make()
    h.ring.put({"a": 1.0}, 7)
    h.ring.put({"a": 2.0}, step)
    h.close()
    assert next(iter(spool_rows(h.root).values())) == [(("a",), 7, [1.0]), (("a",), 8, [2.0])]
    assert [r.name for r in h.refused] == ["step"]


class Gradient:
    """A tensor of one element, which warns when it becomes a number while it is part of a graph."""

    def __init__(self, value, in_graph=True):
        self.value, self.in_graph = value, in_graph

    def detach(self):
        return Gradient(self.value, in_graph=False)

    def __float__(self):
        if self.in_graph:
            warnings.warn("converting a tensor that requires grad", UserWarning, stacklevel=1)
        return self.value


def test_tensors_are_taken_out_of_their_graph_before_they_become_numbers(make, spool_rows):
    h = make()
    for step in range(3):
        h.ring.put({"loss": Gradient(float(step)), "plain": 1.0}, step)
    h.close()
    assert next(iter(spool_rows(h.root).values())) == [(("loss", "plain"), n, [float(n), 1.0]) for n in range(3)]
    assert h.refused == []


@pytest.mark.parametrize("values", [None, 3, "ab", [("a", 1.0)]], ids=repr)
def test_values_that_are_no_mapping_never_raise(make, values):
    h = make()
    h.ring.put(values)
    assert len(h.refused) == 1


def test_steps_go_on_from_the_last_one(make, spool_rows):
    h = make()
    for step in (None, None, 10, None, 5, None, 7.0, None):
        h.ring.put({"a": 1.0}, step)
    h.close()
    assert [r[1] for r in next(iter(spool_rows(h.root).values()))] == [0, 1, 10, 11, 5, 6, 7, 8]


def test_the_last_step_of_all_is_no_trouble_for_the_next_row(make, spool_rows):
    h = make()
    last = 2**63 - 1
    for step in (0, last, None, None, 5, None):
        h.ring.put({"a": 1.0}, step)
    h.close()
    assert [r[1] for r in next(iter(spool_rows(h.root).values()))] == [0, last, last, last, 5, 6]


def test_more_names_than_fit_in_one_record_are_split(make, spool_rows):
    h = make(1024 * 1024)
    h.ring.put({f"m{i}": float(i) for i in range(1300)}, 4)
    h.close()
    found = next(iter(spool_rows(h.root).values()))
    assert {step for _, step, _ in found} == {4}
    assert [v for _, _, values in found for v in values] == [float(i) for i in range(1300)]


def test_a_row_larger_than_a_buffer_is_counted_as_lost(make, spool_frames):
    h = make(512)
    h.ring.put({f"name-{i}": 1.0 for i in range(100)})
    h.close()
    h.spool = SpoolWriter(h.root, writer=h.spool.writer)
    h.spool.append(frames.Kind.EVENTS, frames.pack_events([{"type": "note"}]))
    h.spool.close()
    gaps = [frames.unpack_gap(f.payload) for f in spool_frames(h.root, h.spool.writer) if f.kind is frames.Kind.GAP]
    assert gaps == [frames.Gap(100, 0, 0)]


def test_threads_that_log_at_once_lose_and_mix_nothing(make, spool_rows):
    h = make(16384)
    start = threading.Barrier(4)

    def work(name):
        start.wait()
        for i in range(3000):
            h.ring.put({name: float(i), "i": float(i)}, i)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    h.close()
    found = next(iter(spool_rows(h.root).values()))
    for n in range(4):
        mine = [(step, values) for names, step, values in found if names[0] == f"t{n}"]
        assert mine == [(i, [float(i), float(i)]) for i in range(3000)]


PUTS = """
import sys
from pathlib import Path
from trainyard.track.ring import Ring
ring = Ring(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(100_000):
    ring.put({"a": 1.0}, number)
"""


def test_the_mark_of_what_is_whole_never_goes_back_for_a_moment(tmp_path):
    """A kill at any moment leaves what another process sees in that moment."""
    seen, back = 0, []
    with subprocess.Popen([sys.executable, "-c", PUTS, str(tmp_path)], stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"ready\n"
        with (
            (tmp_path / "ring.00000001").open("r+b") as file,
            mmap.mmap(file.fileno(), 0) as area,
            memoryview(area).cast("Q") as words,
        ):
            while child.poll() is None:
                for _ in range(1000):
                    head = words[buffers.HEAD]
                    if head < seen:
                        back.append((seen, head))
                    seen = head
    assert child.returncode == 0
    assert seen > 100_000 * 32
    assert back == []


def test_a_signal_handler_that_logs_on_top_of_log_loses_nothing(make, spool_rows):
    h = make(16384)
    numbers, logged = itertools.count(), []

    def handler(number, frame):  # may itself be interrupted by the next signal
        mine = next(numbers)
        h.ring.put({"signal": float(mine)}, mine)
        logged.append(mine)

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        total = 0
        while len(logged) < 60:
            h.ring.put({"a": float(total)}, total)
            total += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    h.close()
    found = next(iter(spool_rows(h.root).values()))
    assert sorted(s for names, s, _ in found if names == ("a",)) == list(range(total))
    assert sorted(s for names, s, _ in found if names == ("signal",)) == sorted(logged)


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 10000, bytes(10000)], ids=range(4))
def test_a_file_that_is_no_buffer_is_named_so(tmp_path, content):
    path = tmp_path / "ring.00000001"
    path.write_bytes(content)
    with pytest.raises(BufferDamaged, match="00000001"):
        Buffer(path)


def test_a_record_that_is_none_gives_up_its_buffer_only(tmp_path, caplog, frame_rows, spool_frames):
    spool = SpoolWriter(tmp_path)
    ring = Ring(spool.folder, 512)
    ring.prepare()
    for step in range(20):
        ring.put({"a": 1.0}, step)
    ring.buffers[0].words[buffers.HEADER // 8 + 3 + 4] = 0  # after the names and a row
    ring.close()
    spool.forget()
    settle(tmp_path)
    assert "no record at offset" in caplog.text
    steps = [step for _, step, _ in frame_rows(spool_frames(tmp_path, spool.writer))]
    assert steps
    assert steps[-1] == 19
