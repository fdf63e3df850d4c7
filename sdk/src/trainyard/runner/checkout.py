"""Puts the program's code where the command runs: nothing, a folder used in place, or a git commit with a patch.

The `git` binary does the work. What a workload says is data: a url, commit or path that git could take for an option
is refused, as are git's transports that run commands, and the user's git configuration cannot ask for a password.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from trainyard.runner import proc
from trainyard.runner.launch import StartFailed
from trainyard.track.code import without_password

__all__ = ["prepare"]

_COMMIT = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]{0,254}")
_URL = re.compile(
    r"(https?|ssh|git|file)://[^\s\x00-\x1f]+|[A-Za-z0-9][\w.-]*@[A-Za-z0-9][\w.-]*:[^\s\x00-\x1f-][^\s\x00-\x1f]*|/[^\x00-\x1f]+"
)
_HOST_OPTION = re.compile(r"://([^/@]*@)?-")


def prepare(code: Mapping[str, Any], target: Path, env: Mapping[str, str], *, stopped: Callable[[], bool]) -> Path:
    """Bring the code and return the folder that commands start in. `stopped` is asked every now and then. Raises
    StartFailed."""
    kind = code.get("kind") or "none"
    if kind == "folder":
        return _folder(str(code.get("path") or ""))
    target.mkdir(exist_ok=True)
    if kind == "git":
        _Git(target, env, stopped).checkout(
            str(code.get("url") or ""), str(code.get("commit") or ""), str(code.get("patch") or "")
        )
    elif kind != "none":
        raise StartFailed(f"no code kind {kind!r}; there are none, folder, git")
    return target


def _folder(path: str) -> Path:
    if not os.path.isabs(path) or not Path(path).is_dir():  # noqa: PTH117 - an empty text is no path
        raise StartFailed(f"the code folder {path!r} is no absolute path of a folder on this machine")
    return Path(path)


class _Git:
    """One checkout: fetches into `target` and leaves the commit there, patched."""

    def __init__(self, target: Path, env: Mapping[str, str], stopped: Callable[[], bool]) -> None:
        self._target = target
        self._env = {**env, "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh"}
        self._env.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
        self._stopped = stopped

    def checkout(self, url: str, commit: str, patch: str) -> None:
        _refuse_hostile(url, commit)
        self._run("init", "--quiet", "--template=", what="make a repository")
        wanted = "FETCH_HEAD" if self._fetch_one(url, commit) else self._fetch_all(url, commit)
        self._run("checkout", "--quiet", "--detach", wanted, what=f"check out {commit!r}")
        if patch:
            self._run("apply", "--whitespace=nowarn", "-", what="apply the patch", text=patch)

    def _fetch_one(self, url: str, commit: str) -> bool:
        """Fetch that commit alone; servers may refuse ids that no branch or tag points to."""
        return self._call("fetch", "--quiet", "--no-recurse-submodules", "--depth=1", "--", url, commit)[0] == 0

    def _fetch_all(self, url: str, commit: str) -> str:
        """Fetch all branches and tags and name the commit among them."""
        branches = "+refs/heads/*:refs/remotes/origin/*"
        fetch = ("fetch", "--quiet", "--no-recurse-submodules", "--tags", "--", url, branches)
        self._run(*fetch, what=f"fetch from {without_password(url)!r}")
        for name in (commit, f"refs/remotes/origin/{commit}"):
            code, out = self._call("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}")
            if code == 0:
                return out.strip()
        raise StartFailed(f"{without_password(url)!r} has no commit {commit!r}: push it first, or correct the revision")

    def _run(self, *arguments: str, what: str, text: str = "") -> str:
        code, out = self._call(*arguments, text=text)
        if code != 0:
            raise StartFailed(f"git could not {what}: {_tail(out)}")
        return out

    def _call(self, *arguments: str, text: str = "") -> tuple[int, str]:
        runner = os.getpid()
        with subprocess.Popen(
            ["git", *arguments],
            cwd=self._target,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: proc.die_with_parent(runner),  # noqa: PLW1509 - the runner has no thread yet
        ) as process:
            return self._attend(process, text.encode())

    def _attend(self, process: subprocess.Popen[bytes], text: bytes) -> tuple[int, str]:
        pending: bytes | None = text
        while True:
            try:
                out, _ = process.communicate(pending, timeout=0.5)
            except subprocess.TimeoutExpired:
                pending = None
                if self._stopped():
                    process.kill()
                continue
            return process.returncode, out.decode("utf-8", "replace")


def _refuse_hostile(url: str, commit: str) -> None:
    if not _URL.fullmatch(url) or _HOST_OPTION.search(url):
        raise StartFailed(
            f"{without_password(url)!r} is no git url: give https://, ssh://, git://, file://, host:path or /path"
        )
    if not _COMMIT.fullmatch(commit) or ".." in commit:
        raise StartFailed(f"{commit!r} is no git commit: give a full commit id, a branch or a tag")


def _tail(text: str) -> str:
    return re.sub(r"://[^/@\s]*@", "://", " ".join(text.split()))[-500:] or "it said nothing"
