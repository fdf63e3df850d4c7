"""Folders for servers of the tests: whoever was killed leaves none for good."""

from __future__ import annotations

import signal
import subprocess
import sys

from trainyard_core.testing.scratch import Scratch

KILLED = """
import os, signal, sys
from pathlib import Path
from trainyard_core.testing.scratch import Scratch
scratch = Scratch(Path(sys.argv[1]))
(scratch.path / "data").mkdir()
print(scratch.path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_folder_is_removed_when_it_is_closed(tmp_path):
    scratch = Scratch(tmp_path)
    (scratch.path / "data").mkdir()
    scratch.close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_and_what_is_held_stays(tmp_path):
    living = Scratch(tmp_path)
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.strip() in map(str, tmp_path.iterdir())
    another = Scratch(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([living.path, another.path])
    living.close()
    another.close()
