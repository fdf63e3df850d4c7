"""What others build on changes on purpose only."""

from __future__ import annotations

import subprocess
import sys
from difflib import unified_diff

from .workspace import ROOT

HERE = ROOT / "tests" / "architecture"


def test_what_others_build_on_is_as_it_was_written_down(tmp_path):
    command = [sys.executable, str(HERE / "snapshot.py"), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    changed = "\n".join(
        line
        for now in sorted(tmp_path.iterdir())
        for line in unified_diff(
            (HERE / "snapshots" / now.name).read_text("utf-8").splitlines(),
            now.read_text("utf-8").splitlines(),
            f"{now.name} written down",
            f"{now.name} now",
            lineterm="",
            n=1,
        )
    )
    assert not changed, f"{changed[:4000]}\nif that is meant: make snapshots, and tell in a changes fragment"
