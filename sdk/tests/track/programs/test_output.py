"""What programs print, which is kept as the logs of their runs, and what tracking prints beside it."""

import re

import pytest
from program import LOGGED

RAISED = {
    "exception": "1 / 0",
    "in with": "with run:\n    1 / 0",
    "behind a hook": "sys.excepthook = lambda *args: None\n1 / 0",
    "chained": "try:\n    {}['a']\nexcept KeyError:\n    1 / 0",
}


@pytest.mark.parametrize("text", RAISED.values(), ids=RAISED)
def test_the_traceback_of_what_ended_a_program_is_in_its_logs_once(run, lines, text):
    done = run(LOGGED + "print('begins')\n" + text)
    assert done.stdout == "begins\n"
    found = lines()
    assert found[0] == "begins"
    assert found.count("ZeroDivisionError: division by zero") == 1
    assert "Traceback (most recent call last):" in found


KILLED = """
import os, time
print("kept")
while len(list(run.root.glob("*/*.tyf"))) < 2:  # the metrics' and the output's
    time.sleep(0.01)
print("lost", flush=True)
os._exit(1)
"""


def test_output_of_a_killed_program_is_kept_but_for_its_end(run, lines):
    done = run(LOGGED + KILLED)
    assert done.stdout == "kept\nlost\n", "nothing is lost of what goes to the terminal"
    assert lines() == ["kept"]


def test_output_is_not_kept_where_it_is_not_wanted(run, lines):
    run(LOGGED + "print('x')", TRAINYARD_CAPTURE="0")
    assert lines() == []


def test_output_of_a_forked_child_is_its_own(run, lines):
    text = "import os\nif os.fork() == 0:\n    print('child', flush=True)\n    os._exit(0)\nos.wait()\nprint('parent')"
    done = run(LOGGED + text)
    assert done.stdout == "child\nparent\n", done.stderr
    assert lines() == ["parent"]


def test_init_says_where_to_look_and_finish_sums_up(run, tmp_path):
    done = run(
        "import trainyard\nrun = trainyard.init(project='digits', name='n')\nrun.log({'loss': 2.0})\nrun.finish()"
    )
    (root,) = (tmp_path / "data" / "spool").iterdir()
    first, *others = done.stderr.splitlines()
    assert first == f"trainyard: run {root.name} 'n' in project 'digits', offline; send it later: yard sync {root}"
    assert re.fullmatch(rf"trainyard: run {root.name} 'n' succeeded after [\d.]+s", others[-2])
    assert others[-1].split() == ["loss", "first", "2", "last", "2", "min", "2", "max", "2", "▁"]
    assert done.stdout == ""


@pytest.mark.parametrize("quiet", ["quiet=True", ""])
def test_quiet_programs_say_nothing(run, quiet):
    text = f"import trainyard\ntrainyard.init(offline=True, {quiet}).log({{'a': 1.0}})"
    done = run(text, **({} if quiet else {"TRAINYARD_QUIET": "1"}))
    assert [line for line in done.stderr.splitlines() if "yard sync" not in line] == []


def test_a_terminal_that_knows_no_blocks_is_no_trouble(run):
    done = run(LOGGED, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "loss  first 1  last 1  min 1  max 1" in done.stderr
