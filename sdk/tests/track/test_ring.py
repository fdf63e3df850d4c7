"""Rows go through the ring and come out as columns: once each, in order, as they were at the call."""

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

from trainyard.track import drain as draining
from trainyard.track import ring as ring_of
from trainyard.track.ring import Ring, RingDamaged
from trainyard.track.spool import SpoolWriter


class Harness:
    """A ring, its spool, and everything that was drained."""

    def __init__(self, root, capacity):
        self.root = root
        self.spool = SpoolWriter(root)
        self.ring = Ring.create(self.spool.fd, capacity)
        self.busy = False
        self.refused = []
        self.ring.on_refused = self.refused.append
        self.ring.on_full = self.drain

    def drain(self):
        with self.spool.lock:
            if self.busy:
                return False
            self.busy = True
            draining.drain(self.ring, self.spool)
            self.busy = False
        self.ring.place_aside()
        return True

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
def test_rows_come_out_once_and_in_order_whatever_the_laps(rows, capacity, spool_rows):
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


def test_more_names_than_fit_in_one_record_are_split(make, spool_rows):
    h = make(1024 * 1024)
    h.ring.put({f"m{i}": float(i) for i in range(1300)}, 4)
    h.close()
    found = next(iter(spool_rows(h.root).values()))
    assert {step for _, step, _ in found} == {4}
    assert [v for _, _, values in found for v in values] == [float(i) for i in range(1300)]


def test_a_row_larger_than_the_ring_is_counted_as_lost(make, spool_frames):
    from trainyard.track import frames

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
from trainyard.track.ring import Ring
with open(sys.argv[1], "r+b") as file:
    ring = Ring.create(file.fileno())
    print("ready", flush=True)
    for number in range(100_000):
        ring.put({"a": 1.0}, number)
"""


def test_the_mark_of_what_is_whole_never_goes_back_for_a_moment(tmp_path):
    """A kill at any moment leaves what another process sees in that moment."""
    path, seen, back = tmp_path / "ring", 0, []
    path.touch()
    with subprocess.Popen([sys.executable, "-c", PUTS, str(path)], stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"ready\n"
        with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as area, memoryview(area).cast("Q") as words:
            while child.poll() is None:
                for _ in range(1000):
                    head = words[ring_of._HEAD]
                    if head < seen:
                        back.append((seen, head))
                    seen = head
    assert child.returncode == 0
    assert seen > 100_000 * 32
    assert back == []


def test_a_signal_handler_that_logs_on_top_of_log_loses_nothing(make, spool_rows):
    h = make(2048)
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


def test_a_file_that_is_no_ring_is_named_so(tmp_path):
    path = tmp_path / "ring"
    path.write_bytes(b"x" * 10000)
    fd = os.open(path, os.O_RDWR)
    with pytest.raises(RingDamaged):
        Ring(fd)
    os.close(fd)
