"""How programs end, as their runs tell it."""

import pytest
from program import BEGIN, LOGGED

ERROR = ("failed", "error", "ZeroDivisionError: division by zero", None)

CAUGHT = "try:\n    {}\nexcept (SystemExit, ZeroDivisionError):\n    pass\nprint('goes on')"

GOOD, ZERO = ("succeeded", "", "", None), ("succeeded", "", "", 0)


UNSEEN = (
    "it ended by a SystemExit whose code cannot be seen; call sys.exit(code) instead of raising it, and import"
    " trainyard before that"
)


ENDINGS = {
    "the end": ("", 0, GOOD),
    "exception": ("1 / 0", 1, ERROR),
    "exception behind a hook": ("sys.excepthook = lambda *args: None\n1 / 0", 1, ERROR),
    "exception that cannot be shown": (
        "class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError\nraise Odd",
        1,
        ("failed", "error", "Odd: <Odd that cannot be shown>", None),
    ),
    "exception that was caught": (CAUGHT.format("1 / 0"), 0, GOOD),
    "exception of a thread": (
        "import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()",
        0,
        GOOD,
    ),
    "exception in with": ("with run:\n    1 / 0", 1, ERROR),
    "Ctrl-C": ("raise KeyboardInterrupt", -2, ("stopped", "user", "interrupted", None)),
    "sys.exit(0)": ("sys.exit(0)", 0, ZERO),
    "sys.exit(3)": ("sys.exit(3)", 3, ("failed", "exit_code", "exit code 3", 3)),
    "sys.exit(-1)": ("sys.exit(-1)", 255, ("failed", "exit_code", "exit code 255", 255)),
    "sys.exit(a huge number)": ("sys.exit(2**70)", 255, ("failed", "exit_code", "exit code 255", 255)),
    "sys.exit(text)": ("sys.exit('no data')", 1, ("failed", "exit_code", "no data", 1)),
    "sys.exit from a function": (
        "def main():\n    sys.exit(4)\nmain()",
        4,
        ("failed", "exit_code", "exit code 4", 4),
    ),
    "sys.exit that was caught": (CAUGHT.format("sys.exit(3)"), 0, GOOD),
    "sys.exit(0) that was caught, then an exception": (CAUGHT.format("sys.exit(0)") + "\n1 / 0", 1, ERROR),
    "sys.exit(0) in with": ("with run:\n    sys.exit(0)", 0, ZERO),
    "sys.exit(3) in with": ("with run:\n    sys.exit(3)", 3, ("failed", "exit_code", "exit code 3", 3)),
    "exit(5)": ("exit(5)", 5, ("failed", "exit_code", "exit code 5", 5)),
    "raise SystemExit": ("raise SystemExit", 0, ZERO),
    "raise SystemExit(3)": ("raise SystemExit(3)", 3, ("failed", "exit_code", "exit code 3", 3)),
    "raise SystemExit(variable)": ("code = 6\nraise SystemExit(code)", 6, ("failed", "exit_code", "exit code 6", 6)),
    "raise SystemExit(main())": ("def main():\n    return 0\nraise SystemExit(main())", 0, ZERO),
    "raise SystemExit from a function": (
        "def main():\n    raise SystemExit(7)\nmain()",
        7,
        ("failed", "exit_code", UNSEEN, None),
    ),
    "argparse": (
        "import argparse\nargparse.ArgumentParser().parse_args(['--no-such'])",
        2,
        ("failed", "exit_code", "exit code 2", 2),
    ),
    "what is called at exit, called before": ("import atexit\natexit._run_exitfuncs()", 0, GOOD),
    "finish that was said": ("run.finish('failed', 'too slow')", 0, ("failed", "user", "too slow", None)),
}


@pytest.mark.parametrize(("text", "code", "expected"), ENDINGS.values(), ids=ENDINGS)
def test_how_a_program_ended_is_told(run, kept, text, code, expected):
    done = run(LOGGED + text)
    assert done.returncode == code, done.stderr
    ((events, rows),) = kept()
    (end,) = events["end"]
    assert (end["status"], end["reason"], end["message"], end["exit_code"]) == expected, done.stderr
    assert len(rows) == 1
    assert events["params"][0]["values"] == {"lr": 0.1}
    assert "not recorded" not in done.stderr


MAIN = "import sys\n{}\nimport trainyard\ndef main():\n    trainyard.init()\n    return {}\n"

FAILED = ("failed", "exit_code", "exit code 3", 3)


ENTRIES = {
    "sys.exit(main()), None": (MAIN.format("", None) + "sys.exit(main())", 0, ZERO),
    "sys.exit(main()), 0": (MAIN.format("", 0) + "sys.exit(main())", 0, ZERO),
    "sys.exit(main()), 3": (MAIN.format("", 3) + "sys.exit(main())", 3, FAILED),
    "exit(main()), 3": (MAIN.format("from sys import exit", 3) + "exit(main())", 3, FAILED),
    "a function that ends with it": (MAIN.format("", 3) + "def go():\n    sys.exit(main())\ngo()", 3, FAILED),
}


@pytest.mark.parametrize(("text", "code", "expected"), ENTRIES.values(), ids=ENTRIES)
def test_the_code_of_an_exit_that_was_looked_up_before_init_is_told(run, kept, text, code, expected):
    assert run(text).returncode == code
    ((events, _),) = kept()
    (end,) = events["end"]
    assert (end["status"], end["reason"], end["message"], end["exit_code"]) == expected


@pytest.mark.parametrize(("text", "status"), [("", "succeeded"), ("1 / 0", "failed")], ids=["end", "exception"])
def test_a_program_that_ends_before_its_first_record_has_ended(run, kept, text, status):
    """Python 3.12.0 to 3.12.2 start no thread any more when it ends."""
    done = run("import trainyard\ntrainyard.init()\n" + text)
    ((events, rows),) = kept()
    assert ([end["status"] for end in events["end"]], rows) == ([status], []), done.stderr
    assert "not recorded" not in done.stderr


def test_exit_from_sys_by_name_tells_its_code(run, kept):
    run("from sys import exit\n" + LOGGED + "exit(3)")
    ((events, _),) = kept()
    assert [event["exit_code"] for event in events["end"]] == [3]


def test_a_program_that_is_a_module_tells_its_code(run, kept):
    done = run(LOGGED + "raise SystemExit(3)", "-m", "prog")
    assert done.returncode == 3, done.stderr
    ((events, _),) = kept()
    assert [event["exit_code"] for event in events["end"]] == [3]


def test_what_is_recorded_while_the_interpreter_ends_is_kept(run, kept):
    done = run("import atexit\n" + BEGIN + "atexit.register(lambda: run.log({'late': 1.0}) or run.log_outputs(a=1))")
    ((events, rows),) = kept()
    assert (len(rows), events["outputs"][0]["values"], len(events["end"])) == (1, {"a": 1}, 1), done.stderr


def test_a_killed_program_tells_no_end(run, kept):
    done = run(LOGGED + "import os\nos._exit(3)")
    assert done.returncode == 3
    ((events, rows),) = kept()
    assert "end" not in events
    assert len(rows) == 1
