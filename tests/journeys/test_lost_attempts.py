"""Attempts whose traces are lost while the server is away: they are found so and tried again."""

from __future__ import annotations

import json
import os
import shutil
import signal

from yard import Yard, ended, eventually, reached, submit


def test_after_a_restore_without_attempts_what_ran_is_tried_again(tmp_path):
    tries = tmp_path / "tries"
    with Yard(tmp_path) as yard:
        attempts = yard.data / "plugins" / "scheduler_process"
        with yard.client() as client:
            run = submit(client, f"echo x >> {tries}; [ $(wc -l < {tries}) -ge 2 ] || exec sleep 600")
            reached(client, run.id, "running")
            eventually(tries.exists, what="the program runs")
        started = json.loads((attempts / "attempts" / run.id / "1" / "started.json").read_text())
        yard.down(signal.SIGKILL)
        os.kill(started["runner_pid"], signal.SIGKILL)  # its program dies with it
        eventually(lambda: not _lives(started["pid"]), what="the program is gone")
        shutil.rmtree(attempts)
        yard.up()
        with yard.client() as client:
            done = ended(client, run.id)
        assert (done.status, done.attempt) == ("succeeded", 2)
        assert [attempt.reason for attempt in done.attempts] == ["lost", ""]
        assert "attempt    2" in yard.command("get", run.id)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
