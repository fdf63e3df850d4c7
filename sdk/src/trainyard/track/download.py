"""A run's artifacts on their way from the server to a program that cannot go on without them.

A request is made again until the server answers it: with the token that is in its file by then, and at the address
where runs report by then. A file that broke off goes on from where it is. What is still missing after the time that the
program allows is an exception.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import urlencode

from trainyard.runner.address import server_of
from trainyard.runner.layout import Folder
from trainyard.track.files import digest_of
from trainyard.track.log_once import say
from trainyard.track.target import find_target
from trainyard.track.wire import Answer, Unreachable, Wire, quoted

__all__ = ["Changed", "Download", "Listed"]

_PAGE = 500
_ANSWER_SECONDS = 10.0
_SLOWEST = 5.0

Ask = Callable[[Wire, dict[str, str]], Answer]


class Listed(NamedTuple):
    """An artifact as the server lists it: its name, kind, bytes, digest (`sha256:` and hex), and when it was stored."""

    name: str
    kind: str
    size: int
    digest: str
    at: str


class Changed(Exception):
    """An artifact is not there any more, or is another one than was listed."""


class Download:
    """Reads artifacts of the run whose attempt has its spool at `root`. A server that gives no answer is waited for at
    most `timeout` seconds. Methods raise ConnectionError after that, and when the server refuses. Not for several
    threads at once."""

    def __init__(self, root: Path, project: str, run: str, timeout: float) -> None:
        self._root, self._project, self._run, self._timeout = root, project, run, timeout
        self._path = f"/projects/{quoted(project)}/runs/{quoted(run)}/artifacts"
        self._url = ""
        self._wire: Wire | None = None

    def listed(self, prefix: str) -> Iterator[Listed]:
        """The artifacts whose names start with `prefix`."""
        cursor: str | None = ""
        while cursor is not None:
            answer = self._asked(partial(self._list, prefix, cursor))
            for item in answer.body.get("items", ()):
                name, kind, digest, at = (str(item[field]) for field in ("name", "kind", "digest", "at"))
                yield Listed(name, kind, int(item["size"]), digest, at)
            cursor = answer.body.get("next")

    def bring(self, artifact: Listed, to: Path) -> None:
        """Write an artifact's bytes to a new file. Raises Changed when they are not those that were listed."""
        with to.open("xb") as out:
            while out.tell() < artifact.size:
                self._asked(partial(self._read, artifact, out))
        if digest_of(to) != (artifact.digest.removeprefix("sha256:"), artifact.size):
            raise Changed(f"artifact '{artifact.name}' is not what was listed")

    def close(self) -> None:
        """Close the connection."""
        if self._wire is not None:
            self._wire.close()

    def _list(self, prefix: str, cursor: str, wire: Wire, headers: dict[str, str]) -> Answer:
        query = urlencode({"prefix": prefix, "limit": _PAGE, "cursor": cursor})
        return wire.send("GET", f"{self._path}?{query}", b"", headers)

    def _read(self, artifact: Listed, out: IO[bytes], wire: Wire, headers: dict[str, str]) -> Answer:
        """Add what comes. Raises Changed."""
        rest = {"Range": f"bytes={out.tell()}-", "If-Range": f'"{artifact.digest}"'} if out.tell() else {}
        answer = wire.download(f"{self._path}/{quoted(artifact.name)}", {**headers, **rest}, out)
        if answer.status in (404, 416):
            raise Changed(f"artifact '{artifact.name}' is not there: {answer.words}")
        return answer

    def _asked(self, ask: Ask) -> Answer:
        """The first answer that is a success."""
        until, pause = time.monotonic() + self._timeout, 0.1
        while True:
            try:
                answer = ask(self._connected(), {"Authorization": f"Bearer {self._token()}"})
            except Unreachable as error:
                answer = Answer(0, {"detail": str(error)}, 0.0)
            if answer.is_success:
                return answer
            if answer.status and answer.is_refusal:
                raise ConnectionError(f"{self._url} does not give what it has of run {self._run}: {answer.words}")
            self._wait(answer, max(pause, answer.retry_after), until)
            pause = min(_SLOWEST, pause * 2)

    def _wait(self, answer: Answer, seconds: float, until: float) -> None:
        """Until the next try, if there is one."""
        trouble, left = f"{self._url}: {answer.words}", until - time.monotonic()
        if left <= 0:
            raise ConnectionError(
                f"what run {self._run} goes on from cannot be read for {self._timeout:g} s now: {trouble}; see that the"
                " server can be reached from here, or give more time: checkpoint(timeout=...)"
            )
        say(f"{self._run} checkpoint", f"the checkpoint is waited for, at most {self._timeout:g} s: {trouble}")
        threading.Event().wait(min(left, seconds))

    def _connected(self) -> Wire:
        """The connection to where runs report now. Raises Unreachable."""
        target = find_target(self._project, self._run)
        if (given := os.environ.get("TRAINYARD_URL", "") or (target.url if target is not None else "")) == "":
            raise Unreachable("no server is known")
        url = server_of(Folder(self._root.parent), {"url": given})
        if self._wire is None or url != self._url:
            self.close()
            self._url, self._wire = url, Wire(url, min(_ANSWER_SECONDS, max(1.0, self._timeout)))
        return self._wire

    def _token(self) -> str:
        """The token as it is now: the runner renews it. Raises Unreachable."""
        target = find_target(self._project, self._run)
        if target is None or not target.token_file:
            return os.environ.get("TRAINYARD_TOKEN", "").strip()
        try:
            return Path(target.token_file).read_text().strip()
        except OSError as error:
            raise Unreachable(f"no token in {target.token_file}: {error.strerror}") from error
