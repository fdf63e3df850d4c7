"""Code from a git commit, with a patch; and everything that could go wrong with one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from trainyard.runner.checkout import prepare
from trainyard.runner.launch import StartFailed

ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, env=ENV, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository of two commits on `main`; a branch `other` at the first."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for number in ("1", "2"):
        (folder / "f").write_text(f"{number}\n")
        git(folder, "add", "f")
        git(folder, "commit", "-q", "-m", number)
        if number == "1":
            git(folder, "branch", "other")
    return folder


def checkout(origin: Path | str, commit: str, target: Path, patch: str = "") -> str:
    code = {"kind": "git", "url": str(origin), "commit": commit, "patch": patch}
    return (prepare(code, target, ENV, stopped=lambda: False) / "f").read_text()


@pytest.mark.parametrize(("commit", "content"), [("main", "2\n"), ("other", "1\n"), ("main^{id}", "2\n")])
def test_a_branch_or_a_commit_id(origin: Path, tmp_path: Path, commit: str, content: str) -> None:
    if commit == "main^{id}":
        commit = git(origin, "rev-parse", "main")
    assert checkout(origin, commit, tmp_path / "code") == content


def test_an_old_commit_and_a_short_id_are_found_by_fetching_all(origin: Path, tmp_path: Path) -> None:
    first = git(origin, "rev-parse", "main~1")
    git(origin, "branch", "-D", "other")
    assert checkout(f"file://{origin}", first, tmp_path / "a") == "1\n"
    assert checkout(f"file://{origin}", first[:10], tmp_path / "b") == "1\n"


def test_the_patch_is_applied_on_top(origin: Path, tmp_path: Path) -> None:
    (origin / "f").write_text("patched\n")
    patch = git(origin, "diff") + "\n"
    assert checkout(origin, "main", tmp_path / "code", patch) == "patched\n"


@pytest.mark.parametrize(
    ("url", "commit", "patch", "words"),
    [
        ("--upload-pack=touch hacked", "main", "", "is no git url"),
        ("ext::sh -c touch% hacked", "main", "", "is no git url"),
        ("ssh://-oProxyCommand=touch/x", "main", "", "is no git url"),
        ("ssh://user@-oProxyCommand=touch/x", "main", "", "is no git url"),
        ("-x@host:path", "main", "", "is no git url"),
        ("host.example:-path", "main", "", "is no git url"),
        ("", "main", "", "is no git url"),
        ("{origin}", "--force", "", "is no git commit"),
        ("{origin}", "", "", "is no git commit"),
        ("{origin}", "main..other", "", "is no git commit"),
        ("{origin}", "0" * 40, "", "has no commit"),
        ("{origin}", "absent", "", "has no commit"),
        ("{origin}/absent", "main", "", "could not fetch"),
        ("{origin}", "main", "not a patch", "could not apply the patch"),
    ],
)
def test_what_cannot_be_had_is_refused_in_words(
    origin: Path, tmp_path: Path, url: str, commit: str, patch: str, words: str
) -> None:
    with pytest.raises(StartFailed, match=words):
        checkout(url.format(origin=origin), commit, tmp_path / "code", patch)
    assert not list(tmp_path.rglob("hacked"))


def test_a_password_in_the_url_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(StartFailed) as caught:
        checkout("file://me:hush@localhost/absent", "main", tmp_path / "code")
    assert "hush" not in str(caught.value)


def test_hooks_and_submodules_of_the_repository_do_not_run(origin: Path, tmp_path: Path) -> None:
    hook = origin / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hacked\n")
    hook.chmod(0o755)
    checkout(origin, "main", tmp_path / "code")
    assert not (tmp_path / "hacked").exists()


def test_the_command_runs_in_the_checkout(attempt: Any, origin: Path) -> None:
    one = attempt("cat f", code={"kind": "git", "url": str(origin), "commit": "main"}, env=ENV)
    assert one.run()["code"] == 0
    assert one.texts == ["2"]


def test_a_checkout_that_fails_is_a_start_that_failed(attempt: Any, origin: Path) -> None:
    told = attempt("cat f", code={"kind": "git", "url": str(origin), "commit": "absent"}, env=ENV).run()
    assert (told["reason"], told["code"]) == ("start_failed", None)
