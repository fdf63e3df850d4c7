"""The runner's own log: lines of JSON that tell run and attempt, and no token."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from trainyard.runner.layout import Folder

BROKEN = """
import logging, sys
from pathlib import Path
from trainyard.runner import journal
from trainyard.runner.layout import Folder

journal.begin(Folder(Path(sys.argv[1])))
logging.getLogger("some.library").warning("with %s", "ty.abcdefghijklmnop")
raise RuntimeError("Authorization: Bearer tyr.run.1.99.signature-x")
"""


def _told(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_life_is_told_in_lines_of_json(attempt: Any) -> None:
    one = attempt("exit 3")
    done = subprocess.run(
        [sys.executable, "-m", "trainyard.runner", str(one.folder.path)], capture_output=True, text=True, check=True
    )
    lines = _told(done.stderr)
    assert [line["run"] for line in lines] == ["run"] * len(lines)
    assert {line["attempt"] for line in lines} == {1}
    assert [line["event"].split(" ")[0] for line in lines] == ["the", "ended:", "everything"]
    assert "code 3" in lines[1]["event"]


def test_what_a_runner_dies_of_is_one_line_without_secrets(attempt: Any) -> None:
    folder: Folder = attempt("true").folder
    done = subprocess.run([sys.executable, "-c", BROKEN, str(folder.path)], capture_output=True, text=True)
    warned, died = _told(done.stderr)
    assert warned["event"] == "with [hidden]"
    assert (died["level"], died["event"]) == ("critical", "the runner broke")
    assert "RuntimeError" in died["exception"]
    assert "signature" not in done.stderr
    assert "abcdefghijklmnop" not in done.stderr
