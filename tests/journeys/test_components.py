"""A registered component from the command line to its end, again after it has changed, and one that waits for
approval."""

from __future__ import annotations

import json
import signal

import pytest
from yard import Yard, ended

from trainyard.client.errors import ClientError
from trainyard.client.models import RegisterComponent

COMPONENT = """\
version: 1.1
kind: component
inputs: [{{name: word, type: str, value: hello}}]
cmd: echo {said} {{{{ word }}}} $MODE
"""
PRESET = "isPreset: true\nenv: {MODE: fast}\n"


def test_a_component_runs_and_runs_again_as_it_was(client, yard, tmp_path):
    files = {}
    for name, text in {"one": COMPONENT.format(said="first"), "two": COMPONENT.format(said="second")}.items():
        files[name] = tmp_path / f"{name}.yaml"
        files[name].write_text(text)
    (tmp_path / "preset.yaml").write_text(PRESET)
    yard.command("components", "register", "say:1", "-f", str(files["one"]))
    yard.command("presets", "register", "fast:1", "-f", str(tmp_path / "preset.yaml"))
    options = ("--hub", "say", "--presets", "fast", "-P", "word=world", "--code", "none")
    seen = json.loads(yard.command("run", *options, "--preview", "--json"))
    assert seen["forecast"]["blockers"] == []
    run = ended(client, yard.command("run", *options).split()[0])
    assert (run.status, run.digest) == ("succeeded", seen["digest"])
    assert [line.text for line in client.runs.lines(run.id)] == ["first world fast"]

    yard.command("components", "register", "say:2", "-f", str(files["two"]))
    yard.command("components", "archive", "say:1")
    again = ended(client, yard.command("restart", run.id).split()[0])
    assert [line.text for line in client.runs.lines(again.id)] == ["first world fast"]
    newest = ended(client, yard.command("run", *options).split()[0])
    assert [line.text for line in client.runs.lines(newest.id)] == ["second world fast"]
    assert "is part of runs" in yard.command("components", "rm", "say:1", "--yes", code=None)


def test_a_run_waits_for_its_approval(client, yard, tmp_path):
    file = tmp_path / "held.yaml"
    file.write_text("version: 1.1\nkind: operation\nisApproved: false\ncmd: echo approved\n")
    run = yard.command("run", "-f", str(file), "--code", "none").split()[0]
    assert client.runs.get(run).hold == "approval"
    yard.command("approve", run)
    assert ended(client, run).status == "succeeded"
    assert [line.text for line in client.runs.lines(run)] == ["approved"]


@pytest.mark.parametrize("point", ["registry:before_commit", "registry:after_commit"])
def test_a_crash_while_registering_leaves_one_version_after_the_same_request_again(tmp_path, point):
    body = RegisterComponent(name="say", version="1", content=COMPONENT.format(said="first"))
    with Yard(tmp_path, environ={"TRAINYARD_FAULT": point}) as yard:
        with yard.client() as client, pytest.raises(ClientError):
            client.components.register(body, key="the-same")
        yard.down(signal.SIGKILL)  # it has killed itself; what is left of its helpers is tidied up
        del yard.environ["TRAINYARD_FAULT"]
        yard.up()
        with yard.client() as client:
            made = client.components.register(body, key="the-same")
            assert [each.digest for each in client.components.versions("say")] == [made.digest]
            told = [each.kind for each in client.activities.list(project="default")]
            assert told.count("component_registered") == 1
