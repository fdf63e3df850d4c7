"""Keeping a deployment by `yard`: people, tokens, members and projects, as an admin and as those who are let in."""

from __future__ import annotations

import json
import subprocess

import pytest
from yard import YARD, Yard


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Yard(tmp_path_factory.mktemp("keeping")) as yard:
        yield yard


def told(served, *arguments, **environ):
    """What a command prints with `--json`."""
    return json.loads(served.command(*arguments, "--json", **environ))


def test_a_person_is_let_into_one_project_with_a_token_of_their_own(served, tmp_path):
    served.command("users", "add", "ada", "--description", "counts")
    served.command("projects", "create", "vision", "--description", "pictures")
    assert "ada is viewer of project vision" in served.command(
        "members", "add", "ada", "--role", "viewer", "-p", "vision"
    )
    made = told(served, "tokens", "create", "--for", "ada", "--name", "laptop", "--expires-in", "30d")
    config = {"TRAINYARD_CONFIG": str(tmp_path / "config"), "TRAINYARD_DATA": str(tmp_path / "elsewhere")}
    login(served, made["token"], config)
    who = told(served, "whoami", **config)
    assert (who["whoami"]["name"], who["whoami"]["roles"], who["source"]) == (
        "user:ada",
        {"vision": "viewer"},
        "yard login",
    )
    assert [project["name"] for project in told(served, "projects", "ls", **config)["items"]] == ["vision"]
    assert "no project 'default'" in served.command("projects", "get", "default", code=3, **config)
    assert made["token"] not in served.command("tokens", "ls", **config)
    served.command("users", "ls", code=4, **config)
    served.command("tokens", "revoke", made["id"])
    served.command("projects", "ls", code=4, **config)
    served.command("logout", **config)
    assert "yard login" in served.command("projects", "ls", code=5, **config)


def login(served, token, environ):
    done = subprocess.run(
        [*YARD, "login", served.url], input=token, capture_output=True, text=True, env={**served.environ, **environ}
    )
    assert (done.returncode, token in done.stdout + done.stderr) == (0, False), done.stderr


def test_a_token_is_printed_alone_for_a_pipe(served):
    served.command("service-accounts", "add", "ci", "--role", "member")
    done = subprocess.run(
        [*YARD, "tokens", "create", "--for", "ci", "--scope", "read", "--only", "default"],
        capture_output=True, text=True, env=served.environ,
    )  # fmt: skip
    token = done.stdout.strip()
    assert done.stdout == f"{token}\n"
    assert token not in done.stderr
    assert told(served, "whoami", TRAINYARD_TOKEN=token)["whoami"]["scopes"] == ["read"]
    served.command("service-accounts", "edit", "ci", "--disable")
    served.command("whoami", code=4, TRAINYARD_TOKEN=token)
    assert "disabled" in served.command("service-accounts", "get", "ci")
    served.command("service-accounts", "rm", "ci", "--yes")
    served.command("service-accounts", "get", "ci", code=3)


def test_a_project_is_changed_archived_and_removed(served):
    served.command("projects", "create", "limited")
    changed = told(
        served,
        "projects",
        "edit",
        "limited",
        "--weight",
        "2",
        "--quota",
        "gpu=4",
        "--quota",
        "memory=2Gi",
        "--queue",
        "gpu-*",
    )
    assert (changed["weight"], changed["quota"], changed["queues"]) == (
        2.0,
        {"gpu": 4.0, "memory": 2 * 2**30},
        ["gpu-*"],
    )
    shown = served.command("projects", "get", "limited")
    assert "gpu=4" in shown
    assert told(served, "projects", "edit", "limited", "--no-quota")["quota"] == {}
    assert "archived" in served.command("projects", "archive", "limited")
    assert "open again" in served.command("projects", "archive", "limited", "--undo")
    assert "give --yes" in served.command("projects", "rm", "limited", code=2)
    served.command("projects", "rm", "limited", "--yes")
    served.command("projects", "get", "limited", code=3)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["projects", "edit", "default"], 2, "nothing is to be changed"),
        (["projects", "edit", "default", "--quota", "gpu"], 2, "NAME=AMOUNT"),
        (["projects", "edit", "default", "--quota", "gpu=4", "--no-quota"], 2, "not both"),
        (["projects", "create", "default"], 6, "taken"),
        (["users", "edit", "admin"], 2, "nothing is to be changed"),
        (["users", "rm", "admin", "--yes"], 6, "admin"),
        (["users", "add", "x", "--role", "king"], 2, "king"),
        (["members", "add", "nobody"], 3, "no user or service account 'nobody'"),
        (["tokens", "create", "--expires-in", "soon"], 2, "30m, 12h, 90d, 4w"),
        (["tokens", "revoke", "nothing"], 3, "yard tokens ls"),
        (["tokens", "ls", "--for", "x", "--all"], 2, "not both"),
    ],
)
def test_what_cannot_be_done_says_why_and_what_to_do(served, arguments, code, said):
    assert said in served.command(*arguments, code=code)


def test_settings_in_force_are_shown_with_where_they_come_from(served):
    shown = {setting["name"]: setting for setting in told(served, "settings")["items"]}
    assert shown["backoff_first"]["value"] == "0.2"
    assert shown["backoff_first"]["source"].startswith("environment")
    assert shown["port"]["value"]
    assert "scheduler_process" in served.command("plugins", "ls")
    assert told(served, "version")["server"]["api"] == "v1"
