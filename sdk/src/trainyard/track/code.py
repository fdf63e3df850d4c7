"""Which code a run ran: git commit, branch, remote and uncommitted changes of the working directory, as plain facts.

Read by the git binary within a few seconds and never an error: where there is no git or no repository, there is
nothing to say. A patch over the limit, and files that git does not know, are named with their digests instead.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["PATCH_LIMIT", "head", "in_repository", "state", "without_password"]

PATCH_LIMIT = 48 * 1024
_FILES = 100
_FILE_LIMIT = 16 * 1024 * 1024
_SECONDS = 5.0


def in_repository(folder: Path) -> bool:
    """Whether a folder is in a git work tree, as far as that is told without git."""
    return any(os.path.exists(each / ".git") for each in (folder, *folder.parents))  # noqa: PTH110 - it never raises


def state(folder: Path) -> dict[str, Any]:
    """`commit`, `branch`, `remote`, `dirty`, `patch` or `patch_digest`, and `untracked` (names with size and digest,
    at most 100) of the repository around `folder`; empty when there is none."""
    top = _git(folder, "rev-parse", "--show-toplevel").strip()
    if not top:
        return {}
    root = Path(top.decode(errors="replace"))
    patch = _git(root, "diff", "--no-ext-diff", "--no-textconv", "--binary", "HEAD")
    names = [n for n in _git(root, "ls-files", "--others", "--exclude-standard", "-z").split(b"\0") if n]
    found: dict[str, Any] = {
        "commit": _git(root, "rev-parse", "--verify", "-q", "HEAD").decode().strip(),
        "branch": _git(root, "symbolic-ref", "-q", "--short", "HEAD").decode(errors="replace").strip(),
        "remote": without_password(_git(root, "remote", "get-url", "origin").decode(errors="replace").strip()),
        "dirty": bool(patch or names),
        "untracked": [_described(root, name.decode(errors="replace")) for name in names[:_FILES]],
        "untracked_count": len(names),
    }
    if len(patch) <= PATCH_LIMIT:
        found["patch"] = patch.decode(errors="replace")
    else:
        found["patch_digest"] = f"sha256:{hashlib.sha256(patch).hexdigest()}"
    return found


def head(folder: Path) -> dict[str, Any]:
    """`commit` and `remote` of the repository whose folder it is; empty when it is none, or has no commit."""
    if not (folder / ".git").exists():
        return {}
    commit = _git(folder, "rev-parse", "--verify", "-q", "HEAD").decode().strip()
    remote = without_password(_git(folder, "remote", "get-url", "origin").decode(errors="replace").strip())
    return {"commit": commit, **({"remote": remote} if remote else {})} if commit else {}


def without_password(url: str) -> str:
    """A URL without the user, password or token in it."""
    return re.sub(r"://[^/@]*@", "://", url)


def _git(folder: Path, *arguments: str) -> bytes:
    """What a git command prints; nothing when it fails, is missing or takes too long."""
    command = ["git", "-C", str(folder), "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout if done.returncode == 0 else b""


def _described(root: Path, name: str) -> dict[str, Any]:
    """A file that git does not know: its name and size, and its digest unless it is large or cannot be read."""
    path = root / name
    try:
        size = path.lstat().st_size
        if path.is_symlink() or not path.is_file() or size > _FILE_LIMIT:
            return {"name": name, "size": size}
        return {"name": name, "size": size, "digest": f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"}
    except OSError:
        return {"name": name}
