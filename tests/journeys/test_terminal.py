"""`yard` on a terminal, and where its output has nowhere to go."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import sys

import pytest
from yard import YARD, Yard, eventually, interruptible

EVIL = "\x1b[2J\x1b]0;owned\x07\x1b]52;c;aGk=\x07\u202eeman\x9b31m"
COMMANDS = [
    ("ls",), ("ls", "-A"), ("ls", "--json"), ("get", "latest"), ("get", "latest", "--json"), ("why", "latest"),
    ("projects", "ls"), ("artifacts", "ls", "latest"), ("metrics", "latest"), ("metrics", "latest", "--plot"),
    ("compare", "latest", "latest"),
]  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Yard(tmp_path_factory.mktemp("terminal")) as yard:
        yield yard


PROGRAM = """
import sys, trainyard
evil = sys.argv[1]
run = trainyard.init(name=evil, tags=[evil], params={evil: evil, "a": [evil]})
run.log({evil: 1.0})
run.log_outputs({evil: evil})
run.log_file(__file__, evil)
run.finish("failed", evil)
"""


@pytest.fixture(scope="module")
def evil(served):
    """A run and a project whose every name tries to command the terminal of whoever looks at it."""
    served.command("projects", "create", "evil", "--description", EVIL)
    path = served.folder / "evil.py"
    path.write_text(PROGRAM)
    subprocess.run([sys.executable, str(path), EVIL], env=served.environ, check=True, cwd=served.folder, timeout=60)


def on_a_terminal(served, *arguments):
    """What a command sends to a terminal of its own."""
    master, slave = pty.openpty()
    with subprocess.Popen([*YARD, *arguments], stdin=slave, stdout=slave, stderr=slave, env=served.environ) as process:
        os.close(slave)
        seen = b""
        while chunk := _read(master):
            seen += chunk
        assert process.wait(60) in (0, 1), seen
    os.close(master)
    return seen.decode()


def _read(master):
    try:
        return os.read(master, 65536)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_others_named_never_commands_a_terminal(served, evil, command):
    seen = on_a_terminal(served, *command)
    colours = ("\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[0m")
    for colour in colours:
        seen = seen.replace(colour, "")
    assert [char for char in seen if not char.isprintable() and char not in "\r\n"] == []
    assert len(seen.splitlines()) > 0


def test_the_name_is_there_to_read(served, evil):
    assert r"\x1b[2J\x1b]0;owned\x07" in on_a_terminal(served, "metrics", "latest")


def test_a_closed_output_is_no_traceback(served, evil):
    done = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *YARD, "ls"], stderr=subprocess.PIPE, env=served.environ, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")  # noqa: PTH110
def test_an_output_that_takes_nothing_is_one_line(served, evil):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [*YARD, "ls"], stdout=full, stderr=subprocess.PIPE, env=served.environ, timeout=60, text=True
        )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.endswith("No space left on device")


def test_a_port_that_is_none_is_one_line(tmp_path):
    done = subprocess.run(
        [*YARD, "up", "--port", "99999", "--data", str(tmp_path / "data")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "port" in line


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
def test_a_server_on_ipv6_is_found(tmp_path):
    with Yard(tmp_path, arguments=["--host", "::1"]) as yard:
        assert yard.url.startswith("http://[::1]:")
        assert "default" in yard.command("projects", "ls")


def test_the_server_tells_a_person_what_to_do_next_and_how_it_ends(tmp_path):
    folder = tmp_path / "people"
    folder.mkdir()
    environ = {**os.environ, "TRAINYARD_DATA": str(folder / "data"), "TMPDIR": str(folder)}
    master, slave = pty.openpty()
    with subprocess.Popen(
        [*YARD, "up", "--port", "0"], stdin=slave, stdout=slave, stderr=subprocess.DEVNULL, env=environ
    ) as process:
        os.close(slave)
        seen = b""
        while b"Ctrl-C" not in seen:
            chunk = _read(master)
            assert chunk, seen
            seen += chunk
        process.send_signal(signal.SIGINT)
        while chunk := _read(master):
            seen += chunk
        process.wait(60)
    os.close(master)
    said = seen.decode()
    assert said.startswith("Trainyard serves at http://127.0.0.1:")
    assert f"data       {folder / 'data'}" in said
    assert "yard run --watch -- python train.py" in said
    assert "Trainyard has ended. Runs that were going on go on" in said


LIVE = """
import sys, trainyard
run = trainyard.init(name="live", params={"lr": 0.1})
run.log({"loss": 0.25})
run.log_progress(0.5)
run.flush()
sys.stdin.readline()
run.finish()
"""


@pytest.fixture
def live(served):
    """A run that goes on until the test ends, once the server knows its metric."""
    path = served.folder / "live.py"
    path.write_text(LIVE)
    with subprocess.Popen(
        [sys.executable, str(path)], env=served.environ, stdin=subprocess.PIPE, cwd=served.folder
    ) as process:
        eventually(lambda: "0.25" in served.command("ls", "-q", "name:live, status:running"), what="the run logs")
        yield
        process.communicate(b"\n", timeout=60)


@pytest.mark.parametrize("command", [("top",), ("watch",), ("watch", "latest")], ids=" ".join)
def test_what_goes_on_is_drawn_until_it_is_interrupted(served, live, command):
    master, slave = pty.openpty()
    environ = {**served.environ, "COLUMNS": "160", "LINES": "20"}
    with subprocess.Popen(
        [*YARD, *command],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environ,
        preexec_fn=interruptible,  # noqa: PLW1509 - one syscall, no locks
    ) as process:
        os.close(slave)
        seen = b""
        while seen.count(b"\x1b[J") < 2:
            chunk = _read(master)
            assert chunk, seen
            seen += chunk
        process.send_signal(signal.SIGINT)
        while chunk := _read(master):
            seen += chunk
        assert process.wait(60) == 130
    os.close(master)
    shown = seen.decode()
    assert all(word in shown for word in ("live", "running", "50%", "loss", "0.25")), shown
    assert "Traceback" not in shown
