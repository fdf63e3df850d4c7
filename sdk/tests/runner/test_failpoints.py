"""A runner killed at each named point of its life: the attempt still ends once, and nothing of it lives on."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trainyard.runner import failpoints, lock
from trainyard.runner.finish import bury
from trainyard.runner.layout import Folder
from trainyard.runner.lock import Held
from trainyard.track import spool

SCRIPT = "echo x >> {starts}; echo out; setsid -f sleep 1000; echo kept > $TRAINYARD_OUTPUTS/f; exit 3"


@pytest.fixture
def starts(tmp_path: Path) -> Iterator[Path]:
    """Each start of the command appends a line here; there is at most one, whatever happened."""
    path = tmp_path / "starts"
    path.touch()
    yield path
    assert path.read_text() in ("", "x\n")


def killed_at(attempt: Any, point: str, starts: Path) -> Any:
    one = attempt(SCRIPT.format(starts=starts))
    with one.start(**{failpoints.VARIABLE: f"{point}:{starts}.marker"}) as process:
        assert process.wait(60) == -signal.SIGKILL, f"a life does not meet {point}"
    return one


def wait_until_dead(folder: Folder) -> None:
    """A child at the gate dies with its runner, a moment after it, and shares the lock until then."""
    deadline = time.monotonic() + 30
    while lock.probe(folder) is not Held.DEAD:
        assert time.monotonic() < deadline, lock.probe(folder)
        select.select([], [], [], 0.01)


def test_killed_before_the_lock_another_runner_may_start(attempt: Any, starts: Path) -> None:
    one = killed_at(attempt, "runner.lock", starts)
    assert lock.probe(one.folder) is Held.NEVER
    assert not bury(one.folder)
    assert one.run()["code"] == 3
    assert starts.read_text() == "x\n"


@pytest.mark.parametrize("point", [point for point in failpoints.POINTS if point != "runner.lock"])
def test_killed_after_the_lock_the_attempt_ends_once(attempt: Any, starts: Path, point: str) -> None:
    one = killed_at(attempt, point, starts)
    wait_until_dead(one.folder)
    told_before = one.folder.exit.exists()
    assert bury(one.folder)
    told = one.exit
    if told_before:
        assert (told["code"], told["reason"]) == (3, "")
    else:
        assert (told["code"], told["signal"], told["reason"], told["retryable"]) == (None, None, "lost", True)
    if not one.folder.started.exists():
        assert starts.read_text() == ""
    assert told["writers"] == dict(spool.settle(one.folder.spool)), "every frame of every writer is promised"
    assert bury(one.folder)
    assert one.exit == told
    assert one.start().wait(60) == 0
    assert one.exit == told


def test_killed_while_staging_outputs_are_kept_once(attempt: Any, starts: Path) -> None:
    one = killed_at(attempt, "runner.exit", starts)
    bury(one.folder)
    files = [event for event in one.events if event["type"] == "artifact"]
    assert {event["digest"] for event in files if event["name"] == "outputs/f"} == {files[0]["digest"]}


def test_a_stop_that_came_before_the_start_is_told_as_such(attempt: Any, starts: Path) -> None:
    one = killed_at(attempt, "runner.locked", starts)
    one.folder.stop.write_text("{}")
    bury(one.folder)
    assert (one.exit["reason"], one.exit["retryable"]) == ("user", False)


def test_a_pid_that_is_a_strangers_by_now_is_left_alone(attempt: Any, starts: Path) -> None:
    """`started.json` names a living process that started at another moment, and its group."""
    one = killed_at(attempt, "runner.executed", starts)
    with subprocess.Popen(["sleep", "1000"], start_new_session=True) as stranger:
        told = json.loads(one.folder.started.read_text())
        one.folder.started.write_text(json.dumps({**told, "pid": stranger.pid, "pgid": stranger.pid}))
        bury(one.folder)
        assert stranger.poll() is None
        stranger.kill()
