"""An agent of its own beside a server that has none: runs succeed, and what befalls agent, server, token or name in
between loses and repeats nothing."""

from __future__ import annotations

import signal

import pytest
from remote_agent import Far
from test_runs import TRAIN
from yard import Yard, ended, eventually, reached, submit

ALONE = {"TRAINYARD_AGENT": "", "TRAINYARD_SILENCE": "3"}
CONFLICT, NOT_ALLOWED = 6, 4


@pytest.fixture(scope="module", params=("alone", "split"))
def headless(request, tmp_path_factory):
    """A server without an agent, on SQLite, and split around PostgreSQL."""
    folder = tmp_path_factory.mktemp("yard")
    if request.param == "alone":
        with Yard(folder, environ=ALONE) as served:
            yield served
        return
    cluster = request.getfixturevalue("postgres")
    url = cluster.create(empty=True)
    arguments = ["--split", "--processes", "2"]
    with Yard(folder, arguments=arguments, environ={**ALONE, "TRAINYARD_DATABASE": url}) as served:
        yield served
    cluster.drop(url)


@pytest.fixture
def client(headless):
    with headless.client() as found:
        yield found


@pytest.fixture
def far(headless, client, tmp_path, request):
    """An agent that works; each test has one of its own, which is forgotten afterwards."""
    name = f"far-{abs(hash(request.node.name)) % 10**8}"
    token = client.agents.add(name).token
    with Far(headless, tmp_path, token, name=name) as agent:
        yield agent
        client.agents.drain(name)


class Gate:
    """A program that notes each start and runs until the gate is opened."""

    def __init__(self, folder):
        self.book, self.gate = folder / "book", folder / "go"
        self.script = (
            f"echo started >> {self.book}; echo before; while [ ! -e {self.gate} ]; do sleep 0.05; done; echo after"
        )

    def started(self):
        eventually(self.book.exists, what="the program started")

    def open(self):
        self.gate.touch()

    def went_once(self, client, run):
        """It succeeded, in its first attempt, having started once, with all its lines."""
        done = ended(client, run)
        assert (done.status, done.attempt) == ("succeeded", 1), done
        assert self.book.read_text() == "started\n"
        assert [line.text for line in client.runs.lines(run)] == ["before", "after"]


@pytest.fixture
def program(tmp_path):
    gate = Gate(tmp_path)
    yield gate
    gate.open()


def test_a_program_is_run_and_tracked_by_an_agent_elsewhere(client, far):
    done = ended(client, submit(client, TRAIN, python=True).id)
    assert (done.status, done.exit_code, done.outputs) == ("succeeded", 0, {"best": 0.05})
    (series,) = client.runs.series(done.id, ["loss"], points=0)
    assert series.total == 20
    assert [line.text for line in client.runs.lines(done.id)] == ["trained to the end"]
    assert client.agents.get(far.name).alive
    assert not (far.data / "plugins").exists(), "what it holds lies in its own folder"


def test_an_agent_that_is_killed_and_comes_back_finds_its_run(client, far, program):
    run = submit(client, program.script)
    program.started()
    far.down(signal.SIGKILL)
    program.open()
    far.up()
    program.went_once(client, run.id)


def test_the_older_of_two_with_one_name_is_fenced_and_says_so(headless, client, far, program, tmp_path):
    run = submit(client, program.script)
    program.started()
    newer = Far(headless, tmp_path, far.token, name=far.name)
    with newer:
        code, said = far.ended()
        assert code == CONFLICT, said
        assert "has taken its place" in said
        program.open()
        program.went_once(client, run.id)
        assert newer.alive


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_restarts_meanwhile_is_waited_for(headless, client, far, program, number):
    if number == signal.SIGKILL and "--split" in headless._arguments:
        pytest.skip("a killed supervisor takes its children along; tests/chaos kills the parts")
    run = submit(client, program.script)
    program.started()
    headless.down(number)
    program.open()
    headless.up()
    program.went_once(client, run.id)
    assert far.alive


def test_a_revoked_token_ends_the_agent_and_not_its_run(client, far, program):
    run = submit(client, program.script)
    program.started()
    token = client.agents.renew_token(far.name).token
    code, said = far.ended()
    assert code == NOT_ALLOWED, said
    assert "does not take this agent's token" in said
    assert far.token not in said
    waiting = submit(client, "exit 0")
    program.open()
    far.token = token
    far.up()
    program.went_once(client, run.id)
    assert ended(client, waiting.id).status == "succeeded"


def test_told_to_end_it_leaves_its_runs_to_the_next(client, far, program):
    run = submit(client, program.script)
    program.started()
    assert far.down(signal.SIGTERM) == 0
    assert client.agents.get(far.name).draining
    waiting = submit(client, "exit 0")
    assert [blocker.code for blocker in client.runs.why(waiting.id).blockers] == ["no_agent"]
    far.up()
    assert ended(client, waiting.id).status == "succeeded"
    program.open()
    program.went_once(client, run.id)


def test_told_to_end_with_patience_it_waits_for_its_runs(headless, client, tmp_path, program):
    token = client.agents.add("patient").token
    with Far(headless, tmp_path, token, name="patient", arguments=("--wait",)) as agent:
        run = submit(client, program.script)
        program.started()
        agent._process.send_signal(signal.SIGTERM)
        eventually(lambda: client.agents.get("patient").draining, what="it drains")
        assert agent.alive
        program.open()
        assert agent.ended()[0] == 0
    program.went_once(client, run.id)
    client.agents.remove("patient")


def test_an_agent_finds_a_server_that_moved_and_its_runs_report_there(headless, client, program, tmp_path):
    """It looks where every client of this machine looks, also for the token."""
    with Far(headless, tmp_path, "", name="near") as agent:
        run = submit(client, program.script)
        program.started()
        headless.down()
        headless._port = "0"
        headless.up()
        program.open()
        with headless.client() as moved:
            program.went_once(moved, run.id)
            assert agent.alive
            agent.down()
            moved.agents.remove("near")


def test_a_run_whose_agent_will_not_come_back_is_given_up_by_a_person(headless, client, far, program):
    run = submit(client, program.script)
    program.started()
    reached(client, run.id, "running")
    assert "was heard of" in headless.command("lost", run.id, code=6)
    far.down(signal.SIGKILL)
    eventually(lambda: client.runs.get(run.id).reason == "unreachable", what="it is known to be unreachable")
    assert "counts as lost" in headless.command("lost", run.short_id, "-m", "the machine is gone")
    found = client.runs.get(run.id)
    assert (found.attempts[0].reason, found.status in ("retrying", "queued")) == ("lost", True)
    far.up()
    program.open()
    done = ended(client, run.id)
    assert (done.status, done.attempt) == ("succeeded", 2)


GIVEN_UP = """
import signal, sys, trainyard
from pathlib import Path
book, gate = Path(sys.argv[1]), Path(sys.argv[2])
run = trainyard.init()
number = run.attempt
for step in range(10 * number):
    run.log({"acc": number}, step)
if number == 1:
    book.touch()
    while not gate.exists():
        signal.sigtimedwait([], 0.05)
    for step in range(99):
        run.log({"acc": number}, step)
run.log_params(lr=number)
run.log_outputs(acc=number)
run.log_tags(f"attempt-{number}")
run.log_progress(number / 2)
run.log({f"of-{number}": number})
"""


def test_an_attempt_that_was_given_up_and_goes_on_changes_nothing_of_the_run(headless, client, far, program, tmp_path):
    script = f"import sys; sys.argv = ['', {str(program.book)!r}, {str(program.gate)!r}]" + GIVEN_UP
    run = submit(client, script, python=True).id
    program.started()
    far.down(signal.SIGKILL)
    eventually(lambda: client.runs.get(run).reason == "unreachable", what="it is known to be unreachable")
    headless.command("lost", run)
    token = client.agents.add(f"{far.name}-2").token
    with Far(headless, tmp_path, token, name=f"{far.name}-2") as other:
        done = ended(client, run)
        told = (done.status, done.attempt, done.metrics["acc"], done.outputs, done.params, done.tags, done.progress)
        assert told == ("succeeded", 2, 2, {"acc": 2}, {"lr": 2}, ["attempt-2"], 1)
        program.open()
        eventually(lambda: client.runs.series(run, ["of-1"])[0].total, what="the frames of the first attempt came")
        assert client.runs.get(run) == done
        (series,) = client.runs.series(run, ["acc"], points=0)
        assert [(point[0], point[-1]) for point in series.points] == [(step, 2) for step in range(20)]
        client.agents.drain(other.name)


def test_the_command_line_adds_lists_changes_and_removes_agents(headless, client):
    token = headless.command("agents", "add", "shown", "--queues", "gpu", "--label", "zone=a").splitlines()[0]
    assert token.startswith("ty.")
    assert "shown" in headless.command("agents", "ls")
    assert token not in headless.command("agents", "get", "shown")
    assert "zone=b" in headless.command("agents", "set", "shown", "--label", "zone=b")
    assert "takes no more work" in headless.command("agents", "drain", "shown")
    assert "takes work again" in headless.command("agents", "resume", "shown")
    assert headless.command("agents", "token", "shown").splitlines()[0] != token
    headless.command("agents", "rm", "shown", "--yes")
    headless.command("agents", "get", "shown", code=3)
    done = headless.command("agent", "--name", "shown", "--url", headless.url, code=4, TRAINYARD_TOKEN=token)
    assert "does not take this agent's token" in done
