"""The command's environment: an allow-list, the workload's, the runner's own names last."""

from __future__ import annotations

import json
from pathlib import Path

from trainyard.runner.environ import argv_of, environment_of
from trainyard.runner.layout import Folder

FOLDER = Folder(Path("/attempts/run/1"))
WORKLOAD = {"run": "run", "attempt": 1, "project": "p", "url": "http://127.0.0.1:1"}


def test_secrets_of_the_server_do_not_reach_the_command() -> None:
    base = {"PATH": "/bin", "LC_ALL": "C", "TRAINYARD_TOKEN": "x", "AWS_SECRET_ACCESS_KEY": "x", "DATABASE_URL": "x"}
    env = environment_of(WORKLOAD, FOLDER, base)
    assert env["PATH"] == "/bin"
    assert env["LC_ALL"] == "C"
    assert "x" not in env.values()


def test_names_are_replaced_in_environment_and_arguments_and_nothing_else_is() -> None:
    workload = {
        **WORKLOAD,
        "command": ["cp", "a", "${TRAINYARD_OUTPUTS}/a"],
        "args": ["${HOME}", "$TRAINYARD_RUN", "${TRAINYARD_UNKNOWN}", "${TRAINYARD_RUN}-${TRAINYARD_ATTEMPT}"],
        "env": {"OUT": "${TRAINYARD_OUTPUTS}"},
    }
    assert argv_of(workload, FOLDER) == [
        "cp",
        "a",
        "/attempts/run/1/outputs/a",
        "${HOME}",
        "$TRAINYARD_RUN",
        "${TRAINYARD_UNKNOWN}",
        "run-1",
    ]
    assert environment_of(workload, FOLDER, {})["OUT"] == "/attempts/run/1/outputs"


def test_params_come_from_the_inputs_and_the_runners_names_cannot_be_taken() -> None:
    given = {"TRAINYARD_PARAMS": "{}", "TRAINYARD_RUN": "other", "PATH": "/mine"}
    workload = {**WORKLOAD, "params": {"a": 1, "b": "\u00e9"}, "env": given, "args": ["${TRAINYARD_PARAMS}"]}
    env = environment_of(workload, FOLDER, {"PATH": "/bin"})
    assert json.loads(env["TRAINYARD_PARAMS"]) == {"a": 1, "b": "\u00e9"}
    assert argv_of(workload, FOLDER) == [env["TRAINYARD_PARAMS"]]
    assert env["TRAINYARD_RUN"] == "run"
    assert env["PATH"] == "/mine"


def test_without_inputs_the_params_are_an_empty_object() -> None:
    assert environment_of(WORKLOAD, FOLDER, {})["TRAINYARD_PARAMS"] == "{}"


def test_params_that_are_too_many_for_a_variable_are_in_a_file() -> None:
    env = environment_of({**WORKLOAD, "params": {"text": "x" * 70_000}}, FOLDER, {})
    assert "TRAINYARD_PARAMS" not in env
    assert env["TRAINYARD_PARAMS_FILE"] == "/attempts/run/1/params.json"


def test_devices_are_hidden_shown_or_left_alone() -> None:
    def visible(devices: str | None) -> str | None:
        return environment_of({**WORKLOAD, "devices": devices}, FOLDER, {}).get("CUDA_VISIBLE_DEVICES")

    assert [visible(""), visible("2,3"), visible(None)] == ["", "2,3", None]
