"""What is asked of a live run through its agent: a program beside it, one of its ports, its scheduler's log."""

from __future__ import annotations

import signal
import socket
import subprocess
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from yard import PATIENCE, YARD, eventually, interruptible, reached, submit

SERVES = """
import http.server, os, socketserver
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"from the run " * 20000
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = socketserver.TCPServer(("127.0.0.1", 0), Answer)
print("port", server.server_address[1], flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def live(yard):
    """A run that serves, and its port."""
    with yard.client() as client:
        run = submit(client, SERVES, python=True).id
        reached(client, run, "running")
        (line,) = eventually(lambda: [each.text for each in client.runs.lines(run)], what="it says its port")
        yield run, int(line.split()[1])
        client.runs.stop(run)


def command(yard, *words, stdin=b""):
    return subprocess.run(
        [*YARD, *words], input=stdin, capture_output=True, timeout=PATIENCE, env=yard.environ, cwd=yard.folder
    )


def begun(yard, *words, **more):
    """A command that goes on; it can be interrupted."""
    return subprocess.Popen(
        [*YARD, *words],
        stdout=subprocess.PIPE,
        env=yard.environ,
        text=True,
        preexec_fn=interruptible,  # noqa: PLW1509 - one syscall, no locks
        **more,
    )


def test_a_program_runs_beside_it_with_its_environment_its_input_and_its_exit_code(yard, client, live):
    run, _ = live
    script = 'cat; echo "$TRAINYARD_RUN" >&2; exit 7'
    done = command(yard, "exec", run, "--", "sh", "-c", script, stdin=b"one\n" * 50_000)
    assert (done.returncode, done.stderr.decode()) == (7, f"{run}\n")
    assert done.stdout == b"one\n" * 50_000
    kinds = [each.kind for each in client.activities.list() if each.run == run]
    assert "run_exec" in kinds


def test_a_program_that_is_not_there_is_named(yard, live):
    done = command(yard, "exec", live[0], "--", "no-such-program")
    assert (done.returncode, "cannot run 'no-such-program'" in done.stderr.decode()) == (1, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_program_ends_when_nobody_wants_its_output_any_more(yard, live, tmp_path, number):
    words = ["exec", live[0], "--", "sh", "-c", f"echo $$ > {tmp_path}/pid; echo up; while :; do sleep 0.1; done"]
    asking = begun(yard, *words, stdin=subprocess.PIPE)
    assert asking.stdout.readline() == "up\n"
    asking.send_signal(number)
    asking.communicate(timeout=PATIENCE)
    pid = (tmp_path / "pid").read_text().strip()
    eventually(lambda: not _lives(pid), what="the program is gone")


def _lives(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@contextmanager
def proxied(yard, run, port):
    """The local port."""
    process = begun(yard, "proxy", run, str(port))
    try:
        yield int(process.stdout.readline().split()[0].rpartition(":")[2])
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)


def test_a_port_of_it_is_reached_and_no_other_of_the_machine(yard, live):
    run, port = live
    with proxied(yard, run, port) as local:
        for _ in range(3):
            with urllib.request.urlopen(f"http://127.0.0.1:{local}/", timeout=PATIENCE) as answer:
                assert answer.read() == b"from the run " * 20000
    with (
        socket.create_server(("127.0.0.1", 0)) as foreign,
        proxied(yard, run, foreign.getsockname()[1]) as local,
        socket.create_connection(("127.0.0.1", local), timeout=PATIENCE) as connection,
    ):
        assert connection.recv(1) == b""


def test_the_log_of_its_runner_is_shown(yard, live):
    done = command(yard, "logs", "--scheduler", live[0])
    assert (done.returncode, done.stdout != b"" or b"has written no log" in done.stderr) in ((0, True), (1, True))


def test_a_run_that_has_ended_cannot_be_reached(yard, client):
    run = submit(client, "exit 0").id
    client.runs.wait(run, timeout=PATIENCE)
    done = command(yard, "exec", run, "--", "true")
    assert "there is no live attempt to reach" in done.stderr.decode()
    assert done.returncode != 0
