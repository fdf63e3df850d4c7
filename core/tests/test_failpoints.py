"""A fault point kills the process that was told to die there, at the count it was told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

PROGRAM = """
from trainyard_core import failpoints
for n in range(3):
    print(n, flush=True)
    failpoints.point("ingest:after_append")
    failpoints.point("plain")
"""


@pytest.mark.parametrize(
    ("body", "lines", "code"),
    [
        ("ingest:after_append", 1, -signal.SIGKILL),
        ("ingest:after_append:1", 1, -signal.SIGKILL),
        ("ingest:after_append:3", 3, -signal.SIGKILL),
        ("plain:2", 2, -signal.SIGKILL),
        ("ingest:after_append:4", 3, 0),
        ("ingest", 3, 0),
        ("", 3, 0),
    ],
)
def test_the_process_dies_at_the_named_point_and_count(body, lines, code):
    environ = {**os.environ, "TRAINYARD_FAULT": body}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, env=environ)
    assert (len(done.stdout.split()), done.returncode) == (lines, code), done.stderr
