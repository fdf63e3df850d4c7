"""SIGKILL at random moments: what `log` had returned from is there, once and in order; likewise in forked children
and while the ring is being drained all the time."""

import os
import random
import select
import signal
import subprocess
import sys

import pytest

from trainyard.track import frames, segments
from trainyard.track.spool import settle

PROGRAM = """
import os, struct, sys
from pathlib import Path
from trainyard.track import ring, writer
writer.PERIOD, ring.MOST = 0.002, 1 << 20
one = writer.Writer(Path(sys.argv[1]), capacity=int(sys.argv[2]))
for n in range(1 << 40):
    if n % 3:
        one.log({"a": n, "b": 1.0}, n)
    else:
        one.log({"c": n}, n)
    os.write(1, struct.pack("<q", n))
"""


def last_acknowledged(child, wanted):
    """Read acknowledgements until at least `wanted` came, kill, and read what is left in the pipe."""
    count, data = 0, b""
    while count < wanted:
        ready, _, _ = select.select([child.stdout], [], [], 60)
        assert ready, "the program logs nothing"
        data = os.read(child.stdout.fileno(), 65536)
        assert data, "the program ended"
        count += len(data)
    child.send_signal(signal.SIGKILL)
    while more := os.read(child.stdout.fileno(), 65536):
        count += len(more)
    child.wait()
    return count // 8


@pytest.mark.parametrize("capacity", [2048, 65536, 4 * 1024 * 1024])
@pytest.mark.parametrize("seed", range(4))
def test_what_log_returned_survives_a_kill_exactly_once(tmp_path, spool_frames, frame_rows, capacity, seed):
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path), str(capacity)], stdout=subprocess.PIPE)
    acknowledged = last_acknowledged(child, 8 * random.Random(seed).randrange(1, 30000))
    child.stdout.close()
    settled = settle(tmp_path)
    (writer,) = segments.writers(tmp_path)
    found = spool_frames(tmp_path, writer)
    assert settled[writer] == len(found)
    rows = frame_rows(found)
    steps = sorted(step for _, step, _ in rows)
    assert steps == list(range(len(steps)))
    assert acknowledged <= len(steps) <= acknowledged + 1
    for names in (("a", "b"), ("c",)):
        mine = [(step, values[0]) for n, step, values in rows if n == names]
        assert mine == sorted(mine)
        assert all(step == value for step, value in mine)


FORKING = """
import os, sys
from pathlib import Path
from trainyard.track.run import Run
run = Run("r", "p", Path(sys.argv[1]), is_managed=True)
for n in range(500):
    run.log({"parent": n}, n)
children = []
for child in range(3):
    pid = os.fork()
    if pid == 0:
        for n in range(500):
            run.log({f"child{child}": n}, n)
        os.write(1, b"x")
        os.kill(os.getpid(), 9)
    children.append(pid)
for n in range(500, 1000):
    run.log({"parent": n}, n)
for pid in children:
    os.waitpid(pid, 0)
os.write(1, b"x")
os.kill(os.getpid(), 9)
"""


def test_forked_children_write_on_their_own_and_are_recovered(tmp_path, spool_rows):
    done = subprocess.run([sys.executable, "-c", FORKING, str(tmp_path)], stdout=subprocess.PIPE, timeout=60)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"xxxx")
    settled = settle(tmp_path)
    assert settled.live == frozenset()
    assert len(settled) == 4
    by_writer = {rows[0][0][0]: rows for rows in spool_rows(tmp_path).values()}
    assert [r[1] for r in by_writer["parent"]] == list(range(1000))
    for child in range(3):
        assert [r[1] for r in by_writer[f"child{child}"]] == list(range(500))


def test_a_process_killed_before_its_first_row_leaves_a_spool_that_settles(tmp_path):
    program = (
        "import os,sys;from pathlib import Path;from trainyard.track.writer import Writer;"
        "Writer(Path(sys.argv[1]));os.kill(os.getpid(),9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], timeout=60)
    assert list(settle(tmp_path).values()) == [0]


def test_events_and_rows_keep_their_order_in_one_writer(tmp_path, spool_frames):
    from trainyard.track.writer import Writer

    writer = Writer(tmp_path)
    writer.log({"a": 1.0}, 0)
    writer.event([{"type": "note", "text": "between"}])
    writer.log({"a": 2.0}, 1)
    writer.close()
    kinds = [f.kind for f in spool_frames(tmp_path, writer.spool.writer)]
    assert kinds == [frames.Kind.METRICS, frames.Kind.EVENTS, frames.Kind.METRICS]


def test_a_process_that_is_killed_has_told_what_it_could_not_record(tmp_path, spool_events):
    program = """
import os, time, trainyard
trainyard.log({"bad": "text"})
from trainyard.track import session
writer = session._current._writer
while writer.omissions._waiting or not writer.spool.seq:
    time.sleep(0.01)
os.kill(os.getpid(), 9)
"""
    place = {"TRAINYARD_RUN": "r", "TRAINYARD_SPOOL": str(tmp_path / "spool"), "TRAINYARD_DATA": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, **place}, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    told = [event["name"] for event in spool_events(tmp_path / "spool") if event["type"] == "omission"]
    assert told == ["bad"]
