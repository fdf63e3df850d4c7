"""A server that was away for long takes nobody's silence meanwhile for an end."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys

from yard import Yard, ended, eventually, reached, submit

from trainyard.client.errors import NotFound

PROGRAM = """
import pathlib, sys, time, trainyard
run = trainyard.init()
print(run.id, flush=True)
step = 0
while not pathlib.Path(sys.argv[1]).exists():
    run.log({"loss": 1.0}, step=(step := step + 1))
    time.sleep(0.1)
run.log_outputs(done=True)
"""
LIMITS = {"TRAINYARD_LOST_AFTER": "60", "TRAINYARD_TRACKED_SILENCE": "60"}
HOUR = 3600 * 1_000_000


def test_what_ran_while_the_server_was_away_for_an_hour_goes_on(tmp_path):
    go = tmp_path / "go"
    with Yard(tmp_path, environ=LIMITS) as yard:
        with yard.client() as client:
            managed = submit(client, f"until [ -e {go} ]; do sleep 0.05; done").id
            reached(client, managed, "running")
            program = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", PROGRAM, str(go)],
                env=yard.environ, stdout=subprocess.PIPE, text=True, cwd=tmp_path,
            )  # fmt: skip
            assert program.stdout is not None
            tracked = program.stdout.readline().strip()
            eventually(lambda: _metrics(client, tracked), what="the program is heard of")
        yard.down(signal.SIGKILL)
        with sqlite3.connect(yard.data / "trainyard.db") as database:
            for table, column in (("agent", "seen_at"), ("writer", "updated_at"), ("run", "started_at")):
                database.execute(f"UPDATE {table} SET {column} = {column} - {HOUR}")
            database.execute(f"UPDATE uptime SET since = since - {HOUR}, until = until - {HOUR}")
        database.close()
        yard.up()
        eventually(lambda: _listened(yard) > 1, what="several rounds of maintenance are over")
        go.touch()
        with yard.client() as client:
            for run in (managed, tracked):
                done = ended(client, run)
                assert (done.status, done.reason) == ("succeeded", ""), done
            assert client.runs.get(managed).attempt == 1
        assert program.wait(60) == 0
        program.stdout.close()
        assert "succeeded" in yard.command("get", tracked)


def _metrics(client, run):
    try:
        return client.runs.get(run).metrics
    except NotFound:
        return {}


def _listened(yard):
    """For how many seconds the server has listened since it came back."""
    database = sqlite3.connect(f"file:{yard.data / 'trainyard.db'}?mode=ro", uri=True)
    try:
        (since, until) = database.execute("SELECT since, until FROM uptime").fetchone()
    finally:
        database.close()
    return (until - since) / 1_000_000
