"""A database of an earlier version opens with today's migrations: what it holds is read through the API, and what was
unfinished goes on."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from earlier import VERSIONS, restored
from yard import Yard, ended, eventually

from trainyard.client.errors import Conflict

PYTHON_ON_PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
BEFORE_ATTEMPTS = "m0009"
"""A version in which each attempt's points counted, not those of the latest that had logged the step."""


@pytest.fixture(scope="module", params=[(v, d) for v in VERSIONS for d in ("sqlite", "postgresql")], ids="-".join)
def yard(request, tmp_path_factory):
    """Today's server on a database of an earlier version."""
    version, dialect = request.param
    folder = tmp_path_factory.mktemp("upgrade")
    with (
        restored(version, dialect, folder, request) as environ,
        Yard(folder, environ={"PATH": PYTHON_ON_PATH, **environ}) as served,
    ):
        yield served


@pytest.fixture
def version(request):
    """Which one left the database."""
    return request.node.callspec.params["yard"][0]


@pytest.fixture
def client(yard):
    with yard.client() as found:
        yield found


def named(client, name):
    """The oldest run of that name."""
    return [*client.runs.list(q=f"name:{name}")][-1]


def test_runs_have_their_params_and_are_found_by_them(yard, client):
    found = client.runs.get(named(client, "tracked").id)
    assert (found.status, found.params, found.outputs) == ("succeeded", {"lr": 0.1, "model": "cnn"}, {"best": 1.0})
    assert (found.meta["note"], found.tags, found.finished_at is not None) == ("first", ["base"], True)
    assert [run.id for run in client.runs.list(q="params.lr:0.1")] == [found.id]
    assert json.loads(yard.command("get", found.id, "--json"))["params"] == found.params


def test_params_of_runs_that_are_made_now_are_found_too(yard, client):
    again = ended(client, yard.command("restart", named(client, "say").id, "-P", "word=bye").split()[0])
    assert [line.text for line in client.runs.lines(again.id)] == ["bye"]
    assert [run.id for run in client.runs.list(q="params.word:bye")] == [again.id]
    assert len([*client.runs.list(q="params.word:hello")]) == 2, "its own and its restarted one's"


def test_metrics_have_their_lowest_and_highest_value(client):
    metrics = {each.name: each for each in client.runs.metrics(named(client, "tracked").id)}
    loss, accuracy = metrics["loss"], metrics["accuracy"]
    assert (loss.min, loss.max, loss.last, loss.step, loss.count) == (1.0, 3.0, 2.0, 3, 4)
    assert (accuracy.min, accuracy.max, accuracy.last, accuracy.count) == (0.0, 0.75, 0.75, 4)
    assert [run.name for run in client.runs.list(q="metrics.loss.max:3")] == ["tracked"]


def test_a_retried_run_has_both_attempts_and_the_metrics_of_the_later_one(client, version):
    found = client.runs.get(named(client, "retried").id)
    assert (found.status, [each.exit_code for each in found.attempts]) == ("succeeded", [1, 0])
    (loss,) = client.runs.metrics(found.id)
    counted = (5.0, 8.0, 6) if version == BEFORE_ATTEMPTS else (5.0, 7.0, 3)
    assert (loss.min, loss.max, loss.count) == counted


def test_a_sweep_has_its_trials_and_the_best_of_them(client):
    found = client.sweeps.get(named(client, "swept").id)
    counts = (found.max_trials, found.created, found.succeeded, found.failed)
    assert (found.status, *counts, found.concurrency) == ("succeeded", 3, 3, 3, 0, 2)
    trials = {trial.number: trial for trial in client.sweeps.trials(found.run)}
    assert [trials[n].phase for n in (1, 2, 3)] == ["succeeded"] * 3
    assert all(trial.values == {"loss": trial.value} and trial.created_at for trial in trials.values())
    assert found.best == min(trials.values(), key=lambda trial: trial.value)


def test_a_sweep_that_waits_goes_on_to_its_end(yard, client):
    sweep = named(client, "waiting").id
    yard.command("queues", "resume", "later")
    found = eventually(lambda: (now := client.sweeps.get(sweep)).is_final and now, what="the sweep ends")
    assert (found.status, found.created, found.succeeded, found.best is not None) == ("succeeded", 3, 3, True)


def test_a_component_is_with_its_plugin_and_the_runs_know_that_they_were_made_with_it(yard, client):
    found = client.components.get("say", "1")
    assert (found.name, found.version, found.created_by) == ("say", "1", "user:admin")
    for run in client.runs.list(q="name:say"):
        assert [(use.kind, use.version, use.digest) for use in client.runs.uses(run.id)] == [
            ("component", "1", found.digest)
        ]
    with pytest.raises(Conflict, match="is part of runs"):
        client.components.delete("say", "1")
    again = ended(client, yard.command("run", "--hub", "say", "-P", "word=again", "--code", "none").split()[0])
    assert [line.text for line in client.runs.lines(again.id)] == ["again"]


def test_everything_else_is_there(yard, client):
    assert [project.name for project in client.projects.list()] == ["default", "vision"]
    assert {user.name: user.role for user in client.users.list()} == {"ada": "member", "admin": "admin"}
    assert ([each.principal for each in client.members.list()], client.queues.get("later").priority) == (["ada"], 1)
    assert "say" in yard.command("components", "ls")
    assert {token.name for token in client.tokens.list()} >= {"ci", "data directory"}
    (artifact,) = client.artifacts.list(named(client, "tracked").id)
    assert (artifact.name, artifact.size) == ("weights.txt", 7)
