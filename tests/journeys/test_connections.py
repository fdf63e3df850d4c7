"""Connections through the command and a real server: a run gets what they hold, and their secrets lie nowhere else."""

from __future__ import annotations

import json

import pytest
from yard import Yard, ended

CANARY = "hunter2-in-a-journey"
FOLDER = "canary-of-a-folder"
SCRIPT = """
test "$LAB_TOKEN" = "$(cat "$EXPECTED")" && echo token
test "$(cat "$CODE_PASSWORD_FILE")" = "$(cat "$EXPECTED")" && echo password
test "$(stat -c %a "$CODE_PASSWORD_FILE")" = 600 && echo private
cat "$DATA_PATH/note"
echo "$CODE_URL"
echo "$CODE_PASSWORD_FILE" > "$SAID"
"""


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    with Yard(tmp_path_factory.mktemp("connections"), environ={"LAB_SECRET": CANARY}) as running:
        yield running


def add(yard, folder, name, kind, *, code=0, **more):
    file = folder / f"{name}.yaml"
    file.write_text(json.dumps({"name": name, "kind": kind, **more}))
    return yard.command("connections", "add", "-f", str(file), code=code)


def operation(folder, names):
    env = [{"name": "EXPECTED", "value": str(folder / "expected")}, {"name": "SAID", "value": str(folder / "said")}]
    container = {"command": ["sh", "-c", SCRIPT], "env": env}
    run = {"kind": "job", "connections": names, "container": container}
    path = folder / "operation.json"
    path.write_text(json.dumps({"version": 1.1, "kind": "component", "run": run}))
    return str(path)


def files_with(folder, text):
    """The files below a folder that hold a text."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_a_run_is_given_its_connections_and_their_secrets_are_gone_afterwards(yard, tmp_path):
    (tmp_path / "expected").write_text(CANARY)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "note").write_text(FOLDER + "\n")
    file = tmp_path / "secret"
    file.write_text(f"{CANARY}\n")
    add(yard, tmp_path, "lab", "custom", secrets={"LAB_TOKEN": {"env": "LAB_SECRET"}})
    fields = {"url": "https://git.example.com/x.git"}
    add(yard, tmp_path, "code", "git", fields=fields, secrets={"password": {"file": str(file)}})
    add(yard, tmp_path, "data", "host_path", fields={"path": str(tmp_path / "data")})
    run = yard.command("run", "-f", operation(tmp_path, ["lab", "code", "data"])).split()[0]
    with yard.client() as client:
        done = ended(client, run)
        lines = [line.text for line in client.runs.lines(run)]
    assert (done.status, lines) == ("succeeded", ["token", "password", "private", FOLDER, fields["url"]])
    assert "code" in yard.command("connections", "ls")
    assert "file: " in yard.command("connections", "show", "code")
    assert [path for path in files_with(yard.folder, CANARY) if path.parent != tmp_path] == []


def test_what_is_wrong_with_a_connection_is_one_clear_line(yard, tmp_path):
    said = add(yard, tmp_path, "bad", "custom", code=None, secrets={"X": CANARY})
    assert CANARY not in said
    add(yard, tmp_path, "gone", "database", fields={"engine": "postgresql", "host": "127.0.0.1", "port": 1})
    assert "127.0.0.1:1 does not answer" in yard.command("connections", "check", "gone", code=1)
    yard.command("connections", "rm", "gone", "--yes")
    assert "gone" not in yard.command("connections", "ls")
    add(yard, tmp_path, "unset", "custom", secrets={"X": {"env": "NOT_SET_ANYWHERE"}})
    assert "set the variable NOT_SET_ANYWHERE" in yard.command("connections", "check", "unset", code=1)
    assert files_with(yard.folder, CANARY) == []
