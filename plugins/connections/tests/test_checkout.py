"""The init step of a git connection, run as a scheduler runs it, against repositories on this machine."""

from __future__ import annotations

import os
import subprocess

import pytest

from trainyard_connections.git import Git
from trainyard_core.contracts.connection import Checkout, Connection, SupportsCheckout
from trainyard_core.contracts.secret import SecretRef

KIND = Git()


def git(folder, *words):
    name = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", "-C", str(folder), *name, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder, text):
    (folder / "file").write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", text)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    """A repository with two commits, the first with the tag v1 and the branch old."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "first")
    git(folder, "tag", "v1")
    git(folder, "branch", "old")
    commit(folder, "second")
    return folder


def connection(url, **more):
    return Connection(name="code", kind="git", fields={"url": url}, **more)


def check_out(tmp_path, of, *, folder="code", **more):
    """Run the step in a folder, and return that; raises for a step that fails."""
    there = tmp_path / folder
    there.mkdir(exist_ok=True)
    step = KIND.checkout(of, Checkout(connection="code", **more), "checkout-1")
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", **KIND.needs(of).env, **step.env}
    done = subprocess.run(
        [*step.command, *step.args], cwd=there, env=env, capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return there


def test_the_kind_leads_to_code():
    assert isinstance(KIND, SupportsCheckout)


@pytest.mark.parametrize(
    ("revision", "text"), [(None, "second"), ("v1", "first"), ("old", "first"), ("main", "second")]
)
def test_a_revision_is_checked_out_where_the_step_starts(tmp_path, repository, revision, text):
    there = check_out(tmp_path, connection(f"file://{repository}"), revision=revision)
    assert (there / "file").read_text() == text


def test_a_commit_is_checked_out_by_its_whole_id_and_by_the_beginning_of_it(tmp_path, repository):
    first = git(repository, "rev-parse", "v1")
    for number, revision in enumerate((first, first[:10])):
        there = check_out(tmp_path, connection(f"file://{repository}"), folder=f"c{number}", revision=revision)
        assert git(there, "rev-parse", "HEAD") == first


def test_a_second_time_it_is_brought_to_the_revision_and_other_files_stay(tmp_path, repository):
    of = connection(f"file://{repository}")
    there = check_out(tmp_path, of, path="vendor/model")
    (there / "vendor" / "model" / "own").write_text("mine")
    third = commit(repository, "third")
    check_out(tmp_path, of, path="vendor/model")
    assert git(there / "vendor" / "model", "rev-parse", "HEAD") == third
    assert (there / "vendor" / "model" / "own").read_text() == "mine"


def test_the_repository_may_be_another_one_of_the_host(tmp_path, repository):
    of = connection("file:///nowhere/at/all")
    there = check_out(tmp_path, of, url=f"file://{repository}", revision="v1")
    assert (there / "file").read_text() == "first"


def test_flags_are_those_of_fetch(tmp_path, repository):
    there = check_out(tmp_path, connection(f"file://{repository}"), revision="main", flags=("--depth=2",))
    assert git(there, "rev-list", "--count", "HEAD") == "2"
    shallow = check_out(tmp_path, connection(f"file://{repository}"), folder="shallow", revision="main")
    assert git(shallow, "rev-list", "--count", "HEAD") == "1"


def test_a_revision_that_is_not_there_is_told(tmp_path, repository):
    with pytest.raises(RuntimeError, match="there is no commit, tag or branch 'nowhere'"):
        check_out(tmp_path, connection(f"file://{repository}"), revision="nowhere")


def test_a_transport_that_runs_commands_is_refused(tmp_path):
    marker = tmp_path / "marker"
    with pytest.raises(RuntimeError, match="not allowed"):
        check_out(tmp_path, connection("file:///x"), url=f"ext::touch {marker}")
    assert not marker.exists()


def test_ssh_is_asked_for_the_host_and_never_for_a_password(tmp_path):
    """What git calls in place of ssh writes its words down and fails."""
    said, stand_in = tmp_path / "said", tmp_path / "ssh"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >> {said}\nexit 1\n')
    stand_in.chmod(0o755)
    of = connection("git@git.example.com:ada/model.git")
    step = KIND.checkout(of, Checkout(connection="code"), "checkout-1")
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), **KIND.needs(of).env, **step.env}
    done = subprocess.run(step.command, cwd=tmp_path, env=env, capture_output=True, check=False, timeout=60)
    assert done.returncode
    words = said.read_text().splitlines()[0]
    assert words.startswith("-oBatchMode=yes ")
    assert words.endswith("git@git.example.com git-upload-pack 'ada/model.git'")


def test_no_word_and_no_variable_of_the_step_holds_a_secret_or_where_it_is():
    of = connection("https://git.example.com/x.git", secrets={"password": SecretRef(env="WHERE_IT_IS")})
    step = KIND.checkout(of, Checkout(connection="code", revision="main"), "checkout-1")
    assert "WHERE_IT_IS" not in str((step.command, step.args, step.env))
    assert "$CODE_HELPER" in " ".join(step.command)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://other.example.com/x.git", "on another host"),
        ("http://git.example.com/x.git", "on another host"),
        ("https://git.example.com:8443/x.git", "on another host"),
        ("https://ada:hunter2@git.example.com/x.git", "a secret in plain text"),
        ("x", "not a URL"),
    ],
)
def test_the_password_is_for_the_host_of_the_connection_alone(url, says):
    of = connection("https://git.example.com/x.git", secrets={"password": SecretRef(env="A")})
    (problem,) = KIND.check_checkout(of, Checkout(connection="code", url=url))
    assert (problem.field, says in problem.message, "hunter2" in str(problem)) == ("git.url", True, False)
    assert KIND.check_checkout(of, Checkout(connection="code", url="https://git.example.com/y.git")) == []
