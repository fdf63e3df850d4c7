"""Runs in the interactive interpreter, where an exception ends a statement and not the program."""

import os
import pty
import subprocess

import pytest

BEGIN = ["import trainyard", "run = trainyard.init(name='typed')", "run.log({'loss': 1.0})"]
SUCCEEDED = ("succeeded", "", "")
FAILED = ("failed", "error", "ZeroDivisionError: division by zero")
TYPED = {
    "nothing raised": ([], SUCCEEDED),
    "a statement that recorded, raised": (["run.log({'loss': 2.0}); 1 / 0"], FAILED),
    "nothing was recorded after it": (["1 / 0", "print('goes on')"], FAILED),
    "the description was recorded after it": (["1 / 0", "run._describing.join()"], FAILED),
    "something was recorded after it": (["1 / 0", "run.log({'loss': 2.0})"], SUCCEEDED),
    "Ctrl-C in a statement": (["raise KeyboardInterrupt"], ("stopped", "user", "interrupted")),
    "a syntax error": (["1 +"], SUCCEEDED),
    "a prompt of the user's own": (["import sys; sys.ps1 = '? '", "1 / 0"], FAILED),
    "an exit": (["exit(3)"], SUCCEEDED),
}


@pytest.mark.parametrize(("typed", "expected"), TYPED.values(), ids=TYPED)
def test_a_run_ends_as_its_statements_did(run, ends, typed, expected):
    done = run("", "-i", "-q", typed="\n".join([*BEGIN, *typed, ""]))
    assert ends() == [expected], done.stderr


def test_an_exception_from_before_the_run_is_not_its_own(run, ends):
    run("", "-i", "-q", typed="\n".join(["1 / 0", *BEGIN, ""]))
    assert ends() == [SUCCEEDED]


def test_the_next_run_ends_the_first_one_as_its_statements_did(run, ends):
    done = run("", "-i", "-q", typed="\n".join([*BEGIN, "1 / 0", *BEGIN, ""]))
    assert ends() == [FAILED, SUCCEEDED]
    assert "ends as failed (ZeroDivisionError: division by zero), since init() was called again" in done.stderr


@pytest.mark.parametrize("typed", ["", "{}['a']\n"], ids=["nothing typed", "a statement raised as well"])
@pytest.mark.parametrize(("last", "status"), [("1 / 0", "failed"), ("", "succeeded")], ids=["raised", "ended"])
def test_a_run_that_a_program_began_ends_as_the_program_did(run, ends, last, status, typed):
    done = run("\n".join([*BEGIN, last]), "-i", "-q", "prog.py", typed=typed)
    ((found, reason, _),) = ends()
    assert (found, reason) == (status, "error" if last else ""), done.stderr


@pytest.mark.parametrize(
    ("typed", "expected"),
    [(["1 / 0"], FAILED), (["1 / 0", "run.log({'loss': 2.0})"], SUCCEEDED)],
    ids=["raised", "recorded after it"],
)
def test_a_run_that_is_typed_at_a_terminal_ends_as_its_statements_did(python, environment, ends, typed, expected):
    """From Python 3.13 on, statements of a terminal are read by other code than those of a pipe."""
    shown = type_at_a_terminal([python, "-q"], [*BEGIN, *typed, "exit()"], environment)
    assert ends() == [expected], shown


@pytest.fixture
def ends(kept):
    """How the runs ended, oldest first: status, reason and message."""

    def ends():
        found = [end for events, _ in kept() for end in events["end"]]
        return [(end["status"], end["reason"], end["message"]) for end in found]

    return ends


def type_at_a_terminal(command, lines, environment):
    """Run a program with a terminal of its own, at which these lines are typed. Returns what it shows."""
    ours, theirs = pty.openpty()
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    with (
        open(ours, "r+b", buffering=0) as terminal,  # noqa: PTH123 - a file descriptor
        subprocess.Popen(command, env={**environment, "TERM": "xterm"}, start_new_session=True, **streams) as process,
    ):
        os.close(theirs)
        terminal.write("".join(f"{line}\n" for line in lines).encode())
        shown = b"".join(iter(lambda: read(terminal), b""))
        assert process.wait(timeout=60) == 0, shown
    return shown.decode(errors="replace")


def read(terminal):
    """What is shown next; nothing when the program has closed the terminal."""
    try:
        return terminal.read(1 << 16)
    except OSError:
        return b""
