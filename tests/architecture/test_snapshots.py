"""What others build on changes on purpose only."""

from __future__ import annotations

import subprocess
import sys
from difflib import unified_diff

import pytest

from .workspace import ROOT

FOLDER = ROOT / "tests" / "architecture" / "snapshots"
NOW = """
import sys
sys.path.insert(0, "tests/architecture")
from snapshot import SNAPSHOTS
sys.stdout.write(SNAPSHOTS[sys.argv[1]]())
"""


@pytest.mark.parametrize("name", ["public_names.txt", "openapi.json"])
def test_what_others_build_on_is_as_it_was_written_down(name):
    done = subprocess.run([sys.executable, "-c", NOW, name], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    now, kept = done.stdout.splitlines(), (FOLDER / name).read_text("utf-8").splitlines()
    changed = "\n".join(unified_diff(kept, now, "written down", "now", lineterm="", n=1))
    assert not changed, f"{changed[:4000]}\nif that is meant: make snapshots, and tell in a changes fragment"
