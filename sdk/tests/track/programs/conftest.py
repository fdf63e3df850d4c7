"""Small programs as users write them, each run by every Python that is found.

A program tracks itself offline; what it has recorded is read from its spool.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainyard.track import frames, segments, spool

sys.path.insert(0, str(Path(__file__).parent))  # for what these tests share: `program`

from program import PYTHONS, SOURCE


@pytest.fixture(params=PYTHONS.values(), ids=PYTHONS)
def python(request):
    """The path of one Python."""
    return request.param


@pytest.fixture
def environment(tmp_path):
    """The variables of a program that tracks itself offline."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TRAINYARD_", "PYTHON"))}
    own = {"TRAINYARD_CODE": "0", "TRAINYARD_OFFLINE": "1", "TRAINYARD_DATA": str(tmp_path / "data")}
    return {**clean, "PYTHONPATH": str(SOURCE), **own, "TRAINYARD_SYSTEM_PERIOD": "0"}


@pytest.fixture
def run(python, environment, tmp_path):
    """Runs a program by one Python, and gives the finished process."""

    def run(text, *how, typed="", **environ):
        program = tmp_path / "prog.py"
        program.write_text(text)
        return subprocess.run(
            [python, "-W", "ignore", *(how or [program])],
            env={**environment, **environ},
            cwd=tmp_path,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture
def kept(tmp_path, spool_frames, spool_events, frame_rows):
    """The spools of all runs of the program, each as (events by type, rows)."""

    def kept(data=tmp_path / "data"):
        found = []
        for root in sorted((data / "spool").iterdir()):
            assert spool.settle(root).live == frozenset()
            events = {}
            for event in spool_events(root):
                events.setdefault(event["type"], []).append(event)
            rows = [row for w in segments.writers(root) for row in frame_rows(spool_frames(root, w))]
            found.append((events, rows))
        return found

    return kept


@pytest.fixture
def lines(tmp_path, spool_frames):
    """The output that was kept of the only run."""

    def lines():
        (root,) = (tmp_path / "data" / "spool").iterdir()
        assert spool.settle(root).live == frozenset()
        found = [frame for writer in segments.writers(root) for frame in spool_frames(root, writer)]
        return [line.text for f in found if f.kind is frames.Kind.LOGS for line in frames.unpack_lines(f.payload)]

    return lines
