"""What people and programs read of a server: their own project and no other, names that stay whose they were, the run
that they mean by `latest`, and an answer to every question within a time."""

from __future__ import annotations

import pytest
from yard import Yard, ended, eventually, submit

from trainyard.client.models import CreateRun

CONFLICT, INVALID = 6, 2
MANY = 120
EXPENSIVE = " OR ".join(f"params.p{n}:%x%" for n in range(64))
READER = """
import sys, trainyard
from trainyard.client.errors import NotAllowed
client = trainyard.Client()
print(client.runs.get(sys.argv[1]).name, [run.name for run in client.runs.list(q="name:sibling")])
try:
    client.runs.get(sys.argv[1], project="elsewhere")
except NotAllowed as error:
    print(error)
"""
SEARCH = """
version: 1.1
kind: operation
matrix: {kind: grid, params: {x: {kind: choice, value: [1, 2]}}}
component:
  inputs: [{name: x, type: int}]
  run: {kind: job, container: {command: [sh, -c, "exit 0"], resources: {requests: {cpu: 100m}}}}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Yard(tmp_path_factory.mktemp("yard")) as yard:
        yield yard


@pytest.fixture
def client(served):
    with served.client() as found:
        yield found


def test_a_program_reads_other_runs_of_its_project_and_hears_why_it_reads_no_others(served, client, tmp_path):
    served.command("projects", "create", "elsewhere")
    sibling = client.runs.create(CreateRun(managed=False, name="sibling"))
    (tmp_path / "prog.py").write_text(READER)
    done = ended(client, submit(client, f"python -W ignore {tmp_path / 'prog.py'} {sibling.id}").id)
    said = [line.text for line in client.runs.lines(done.id)]
    assert done.status == "succeeded", said
    assert said[0] == "sibling ['sibling']"
    assert "its own project only" in said[1]


def test_the_latest_run_after_a_sweep_is_the_sweep(served, client, tmp_path):
    (tmp_path / "search.yaml").write_text(SEARCH)
    served.command("run", "-f", str(tmp_path / "search.yaml"), "--watch", "--name", "searched")
    assert len(client.runs.page(q="parent:~nil").items) == 2
    assert "searched" in served.command("get", "latest")
    assert client.runs.get("latest").kind == "sweep"


def test_the_name_of_a_deleted_project_is_nobodys_again(served):
    served.command("projects", "create", "vision")
    served.command("projects", "rm", "vision", "--yes")
    assert "not used again" in served.command("projects", "create", "vision", code=CONFLICT)


def test_a_question_without_an_end_is_answered_and_others_are_too(served, client):
    """The server starts again with no time for reads: those that are short are answered before it is looked at."""
    for number in range(MANY):
        client.runs.create(CreateRun(managed=False, name=f"run-{number}"))
    assert served.command("ls", "-q", EXPENSIVE, "--json")
    served.command("users", "add", "ada")
    assert "can act as the admin" not in served.log.read_text()
    served.down()
    served.environ["TRAINYARD_READ_TIMEOUT"] = "0.000001"
    served.up()
    eventually(lambda: "can act as the admin" in served.log.read_text(), what="it is said that there are two people")
    said = served.command("ls", "-q", EXPENSIVE, code=INVALID)
    assert "the query was aborted" in said
    assert "docs/query.md" in said
    assert f"run-{MANY - 1}" in served.command("ls", "-n", "5")
