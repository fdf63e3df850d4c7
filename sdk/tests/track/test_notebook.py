"""Runs in a notebook or the interactive interpreter, which raise and are run again while the program goes on."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import trainyard
from trainyard.track import session


class Shell:
    """What IPython's shell offers: cells that are counted, and an event before and after each."""

    def __init__(self):
        self.execution_count = 0
        self.callbacks = []
        self.events = SimpleNamespace(
            register=lambda name, call: self.callbacks.append((name, call)),
            unregister=lambda name, call: self.callbacks.remove((name, call)),
        )

    def run_cell(self, cell):
        self.execution_count += 1
        self.trigger("pre_run_cell", SimpleNamespace())
        error = None
        try:
            cell()
        except BaseException as raised:
            error = raised
        self.trigger("post_run_cell", SimpleNamespace(error_before_exec=None, error_in_exec=error))
        return error

    def trigger(self, event, told):
        for name, call in list(self.callbacks):
            if name == event:
                call(told)


@pytest.fixture
def shell(home, monkeypatch):
    shell = Shell()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(session, "_cells", None)
    yield shell
    session._at_exit()
    assert len(shell.callbacks) == 2


@pytest.fixture
def ends(home, spool_events):
    """How the runs of the notebook ended, oldest first; None for one that goes on."""

    def ends():
        found = []
        for root in home.spools():
            told = [event for event in spool_events(root) if event["type"] == "end"]
            found.append((told[0]["status"], told[0]["message"]) if told else None)
        return found

    return ends


def begin(lr=0.1):
    trainyard.init(name="mlp", params={"lr": lr}, offline=True)


def train():
    trainyard.log({"loss": 1.0})


def fail():
    trainyard.log({"loss": 1.0})
    _ = 1 / 0


FAILED = ("failed", "ZeroDivisionError: division by zero")
SUCCEEDED = ("succeeded", "")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ((), SUCCEEDED),
        ((train,), SUCCEEDED),
        ((fail,), FAILED),
        ((fail, lambda: None), FAILED),
        ((lambda: 1 / 0, train), SUCCEEDED),
        ((fail, train), SUCCEEDED),
        ((train, lambda: 1 / 0), FAILED),
    ],
    ids=[
        "none",
        "recorded",
        "raised",
        "raised, then another",
        "typo, then recorded",
        "again",
        "raised without a record",
    ],
)
def test_a_run_ends_as_its_cells_did_when_the_next_begins(shell, ends, caplog, cells, expected):
    shell.run_cell(begin)
    for cell in cells:
        shell.run_cell(cell)
    assert shell.run_cell(begin) is None
    assert ends() == [expected, None]
    assert f"ends as {expected[0]}" in caplog.text
    assert caplog.text.count("since init() was called again") == 1


def test_a_cell_that_raised_and_is_run_again_makes_another_run(shell, ends, spool_rows, home):
    def whole():
        begin()
        fail()

    shell.run_cell(whole)
    shell.run_cell(whole)
    assert ends() == [FAILED, None]
    trainyard.finish()
    assert [sum(map(len, spool_rows(root).values())) for root in home.spools()] == [1, 1]


def test_a_second_init_in_one_cell_is_refused(shell):
    def twice():
        begin()
        begin(lr=0.2)

    assert isinstance(shell.run_cell(twice), RuntimeError)


def test_a_run_ends_as_its_cells_did_when_the_notebook_is_closed(shell, ends):
    shell.run_cell(begin)
    shell.run_cell(fail)
    session._at_exit()
    assert ends() == [FAILED]


def test_the_cell_that_finishes_a_run_warns_of_nothing(shell, ends, caplog):
    shell.run_cell(begin)
    shell.run_cell(train)
    shell.run_cell(trainyard.finish)
    shell.run_cell(lambda: None)
    assert ends() == [SUCCEEDED]
    assert "not recorded" not in caplog.text


SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture
def python(tmp_path, home):
    """Runs Python in a process of its own, with tracking as users have it."""

    def python(*arguments, typed=""):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("TRAINYARD_", "PYTHON"))}
        own = {"TRAINYARD_DATA": str(home.data), "TRAINYARD_OFFLINE": "1", "IPYTHONDIR": str(tmp_path / "ipython")}
        own |= {"TRAINYARD_ORIGIN": "0", "TRAINYARD_SYSTEM_PERIOD": "0", "PYTHONPATH": str(SOURCE)}
        done = subprocess.run(
            [sys.executable, *arguments],
            env={**clean, **own},
            cwd=tmp_path,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done

    return python


CELLS = [
    "import trainyard, sys\nrun = trainyard.init(name='tee')\nprint('first cell')",
    "print('second cell')\nprint('to stderr', file=sys.stderr)",
    "run.log({'loss': 1.0})\nprint('third cell')\nrun.finish()\nprint('after the end')",
    "print('fourth cell')",
]


def test_what_all_cells_print_is_kept_by_the_ipython_that_is_installed(python, home, spool_lines):
    pytest.importorskip("IPython")
    shell = "from IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell.instance()\n"
    done = python("-c", shell + f"for cell in {CELLS}:\n    assert shell.run_cell(cell).success")
    (root,) = home.spools()
    assert spool_lines(root) == [(1, "first cell"), (1, "second cell"), (2, "to stderr"), (1, "third cell")]
    assert "after the end\nfourth cell\n" in done.stdout
    assert "not recorded" not in done.stderr


TYPED = """
import trainyard
run = trainyard.init(name="nb", params={"lr": 0.1})
run.log({"loss": 1.0})
run = trainyard.init(name="nb", params={"lr": 0.2})
run.log({"loss": 2.0})
trainyard.init() is run
"""


def test_two_runs_that_are_typed_are_two_runs(python, home, ends, spool_rows):
    done = python("-i", "-q", typed=TYPED)
    assert ends() == [SUCCEEDED, SUCCEEDED]
    assert "ends as succeeded, since init() was called again" in done.stderr
    logged = [[value for rows in spool_rows(root).values() for _, _, (value,) in rows] for root in home.spools()]
    assert logged == [[1.0], [2.0]]
    assert "True" in done.stdout
