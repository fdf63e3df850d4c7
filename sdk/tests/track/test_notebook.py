"""Runs in a notebook, whose cells raise and are run again while the program goes on."""

import sys
from types import SimpleNamespace

import pytest

import trainyard
from trainyard.track import session


class Shell:
    """What IPython's shell offers: cells that are counted, and an event after each."""

    def __init__(self):
        self.execution_count = 0
        self.callbacks = []
        self.events = SimpleNamespace(
            register=lambda name, call: self.callbacks.append(call),
            unregister=lambda name, call: self.callbacks.remove(call),
        )

    def run_cell(self, cell):
        self.execution_count += 1
        error = None
        try:
            cell()
        except BaseException as raised:
            error = raised
        for call in list(self.callbacks):
            call(SimpleNamespace(error_before_exec=None, error_in_exec=error))
        return error


@pytest.fixture
def shell(home, monkeypatch):
    shell = Shell()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(session, "_cells", None)
    yield shell
    session._at_exit()
    assert len(shell.callbacks) == 1


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
