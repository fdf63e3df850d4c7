"""The code of a run: commit, branch, changes and unknown files; nothing, and no error, without a repository."""

import subprocess

import pytest

from trainyard.track import code


@pytest.fixture
def repository(tmp_path):
    def git(*arguments):
        names = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        return subprocess.run(
            ["git", "-C", str(tmp_path), *names, *arguments], check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "-q", "-b", "main")
    (tmp_path / "train.py").write_text("print(1)\n")
    git("add", "train.py")
    git("commit", "-q", "-m", "first")
    return tmp_path, git


@pytest.fixture
def tree(repository):
    return repository[0]


def test_a_clean_repository_is_its_commit(repository):
    tree, git = repository
    found = code.state(tree)
    assert found["commit"] == git("rev-parse", "HEAD")
    assert (found["branch"], found["dirty"], found["patch"], found["untracked"]) == ("main", False, "", [])


def test_changes_and_unknown_files_are_told(tree):
    (tree / "train.py").write_text("print(2)\n")
    (tree / "new.txt").write_text("n")
    (tree / "deep").mkdir()
    found = code.state(tree / "deep")
    assert found["dirty"]
    assert "+print(2)" in found["patch"]
    (new,) = found["untracked"]
    assert (new["name"], new["size"]) == ("new.txt", 1)
    assert new["digest"].startswith("sha256:")


def test_a_large_patch_is_its_digest(tree):
    (tree / "train.py").write_text("x = 1\n" * code.PATCH_LIMIT)
    found = code.state(tree)
    assert "patch" not in found
    assert found["patch_digest"].startswith("sha256:")


def test_a_repository_without_a_commit_has_none(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert code.state(tmp_path)["commit"] == ""


def test_without_a_repository_or_git_there_is_nothing_to_say(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert code.state(tmp_path) == {}
    monkeypatch.setenv("PATH", "")
    assert code.state(tmp_path) == {}
    assert code.state(tmp_path / "none") == {}
