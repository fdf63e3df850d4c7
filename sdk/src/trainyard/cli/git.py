"""The program as git sees it: the repository, the commit, and everything beyond the commit as a patch, untracked files
too. It writes nothing into the repository: index and objects of the patch live in a folder of their own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import click

__all__ = ["MAX_PATCH", "below_root", "snapshot"]

MAX_PATCH = 4 * 1024 * 1024
_DIFF = ("diff", "--cached", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
_PREFIXES = ("--src-prefix=a/", "--dst-prefix=b/", "HEAD", "--")


def snapshot(folder: Path) -> dict[str, str]:
    """The `code` of a run: kind, url (the repository's folder), commit, and patch unless it is empty. Raises UsageError
    when the folder is in no repository, nothing is committed, or the patch is over 4 MiB."""
    root = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    commit = _git(root, "rev-parse", "--verify", "HEAD^{commit}").strip()
    code = {"kind": "git", "url": str(root), "commit": commit}
    patch = _patch(root)
    return {**code, "patch": patch} if patch else code


def below_root(folder: Path) -> str:
    """A folder as seen from the root of its repository. Raises UsageError."""
    return _git(folder, "rev-parse", "--show-prefix").strip().rstrip("/") or "."


def _patch(root: Path) -> str:
    with TemporaryDirectory(prefix="yard-git-") as scratch:
        env = _apart(root, Path(scratch))
        _git(root, "read-tree", "HEAD", env=env)
        _git(root, "add", "--all", "--", ".", env=env)
        patch = _git(root, *_DIFF, *_PREFIXES, env=env)
    if len(patch) > MAX_PATCH:
        raise click.UsageError(
            f"what is not committed in {root} makes a patch of {len(patch) // 1024} KiB, over {MAX_PATCH // 1024} KiB; "
            "commit it, or name large files in .gitignore"
        )
    return patch


def _apart(root: Path, scratch: Path) -> Mapping[str, str]:
    """An environment in which git keeps the index and new objects in a folder of ours."""
    objects = _git(root, "rev-parse", "--git-path", "objects").strip()
    (scratch / "objects").mkdir()
    return {
        "GIT_INDEX_FILE": str(scratch / "index"),
        "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str((root / objects).resolve()),
    }


def _git(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    whole = {**inherited, "LC_ALL": "C", **(env or {})}
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], check=False, capture_output=True, env=whole)
    except FileNotFoundError as error:
        raise click.UsageError("--code git needs the program `git`; install it, or use --code here") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"git {arguments[0]} failed"]
        raise click.UsageError(f"--code git: {folder}: {said[-1]}; commit once in a repository, or use --code here")
    try:
        return done.stdout.decode()
    except UnicodeDecodeError as error:
        raise click.UsageError(
            f"--code git: a change in {folder} is not UTF-8 text and no binary to git either; commit it"
        ) from error
