"""The shipper: takes what waits in a spool to the server and forgets what the server has.

`ship` is one pass. It may be cut off at any point and repeated by anyone, also by several at once: the server counts
a frame once by (run, writer, sequence number), its answer says up to where everything is durable, and only that is
deleted here. Frames are on this machine's disk before they travel, so a power cut never makes two frames share a
number. Bytes of a file go before the frame whose event announces them.

Network trouble is an answer (`Progress.error`), never an exception; when to try again is the caller's decision, with
`delay` as advice.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from trainyard.track import fault, files, frames, segments
from trainyard.track import spool as spools
from trainyard.track.about import read_about
from trainyard.track.frames import Frame, Kind
from trainyard.track.place import Target
from trainyard.track.renewal import Renewal
from trainyard.track.segments import Place
from trainyard.track.wire import Answer, Unreachable, Wire, quoted

__all__ = ["BATCH", "Progress", "Shipper", "Target"]

BATCH = 4 * 1024 * 1024
_SLOWEST = 60.0
_REFUSALS = 30


class Progress(NamedTuple):
    """What one pass did: frames acknowledged, frames that still wait, what went wrong (empty: nothing), and whether
    trying again cannot help."""

    sent: int
    pending: int
    error: str = ""
    fatal: bool = False


class _Trouble(Exception):
    """The pass ends here."""

    def __init__(self, message: str, *, fatal: bool = False, wait: float = 0.0) -> None:
        super().__init__(message)
        self.fatal = fatal
        self.wait = wait


class Shipper:
    """Ships the spool `root` to `target`. Not for several threads at once; several shippers of one spool are fine.
    `timeout` seconds bound each wait for the server; `token` is used instead of the target's file. Raises ValueError
    when the target's URL is none."""

    def __init__(self, root: Path, target: Target, *, timeout: float = 10, token: str = "") -> None:
        self.root = root
        self.target = target
        self._wire = Wire(target.url, timeout)
        self._path = f"/projects/{quoted(target.project)}/runs/{quoted(target.run)}"
        self._given, self._token = token, ""
        self._renewal = Renewal(Path(target.token_file), self._ask_token) if target.token_file and not token else None
        self._announced = False
        self._failures = 0
        self._wait = 0.0
        self._places: dict[str, Place] = {}
        self._settled: set[str] = set()

    def ship(self) -> Progress:
        """Recover dead writers, then send everything that waits. Never raises for trouble of network or disk."""
        sent = 0
        try:
            self._keep_token()
            self._settle()
            self._announce()
            for writer in segments.writers(self.root):
                for count in self._ship_writer(writer):
                    sent += count
            self._forget(sent)
        except (_Trouble, Unreachable, OSError) as trouble:
            return self._failed(sent, trouble)
        self._failures, self._wait = 0, 0.0
        return Progress(sent, 0)

    def delay(self) -> float:
        """Seconds to wait before the next pass: 0 when the last one went well, else growing to a minute, spread at
        random, and at least what the server asked for."""
        if not self._failures:
            return 0.0
        longest = min(_SLOWEST, 0.5 * 2.0 ** min(self._failures, 10))
        return max(self._wait, random.uniform(longest / 2, longest))  # noqa: S311 - not a secret

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def _failed(self, sent: int, trouble: Exception) -> Progress:
        self._failures += 1
        self._wait = trouble.wait if isinstance(trouble, _Trouble) else 0.0
        words = f"{self.target.url}: {trouble}"
        fatal = isinstance(trouble, _Trouble) and trouble.fatal
        with suppress(OSError):
            return Progress(sent, spools.pending(self.root), words, fatal)
        return Progress(sent, 0, words, fatal)

    def _settle(self) -> None:
        """Drain the rings of dead processes, each once in the life of this shipper."""
        settled = spools.settle(self.root, skip=self._settled)
        self._settled |= set(settled) - settled.live

    def _announce(self) -> None:
        """An unmanaged run is created before its first frame. Idempotent by the run's id."""
        if self._announced:
            return
        about = read_about(self.root)
        if about.get("managed", True) is False:
            body = {"id": self.target.run, "managed": False, **about.get("create", {})}
            answer = self._call(
                "POST",
                f"/projects/{quoted(self.target.project)}/runs",
                json.dumps(body).encode(),
                {"Content-Type": "application/json", "Idempotency-Key": f"run-{self.target.run}"},
            )
            if answer.status not in (200, 201, 409):
                raise _trouble(f"the run could not be created: {answer.words}", answer)
        self._announced = True

    def _ship_writer(self, writer: str) -> Iterable[int]:
        """Send what waits of one writer, batch by batch; how many frames each acknowledgement covered."""
        folder = self.root / writer
        known = segments.durable(folder)
        limit, refusals = BATCH, 0
        while True:
            place = self._places.get(writer, Place(known + 1))
            if place.seq != known + 1:
                place = Place(known + 1)
            batch, after = segments.read(folder, writer, place, limit)
            if not batch:
                return
            answer = self._post(folder, b"".join(batch))
            refusals += answer.status not in (200, 201)
            if answer.status == 413 and len(batch) > 1:
                limit = max(1, limit // 2)
                continue
            if refusals > _REFUSALS:
                raise _Trouble(f"the server does not settle on a next frame for writer {writer}: {answer.words}")
            now = self._heard(answer, place.seq, known)
            if now > known:
                segments.raise_durable(folder, now)
                yield now - known
            self._places[writer] = after if now == after.seq - 1 else Place(now + 1)
            known = now

    def _post(self, folder: Path, data: bytes) -> Answer:
        for frame in frames.split(data):
            if frame.kind is Kind.EVENTS:
                self._upload(frame)
        _sync_newest(folder)
        fault.point("shipper.post")
        return self._call("POST", f"{self._path}/frames", data, {"Content-Type": "application/x-trainyard-frames"})

    def _heard(self, answer: Answer, first: int, known: int) -> int:
        """The durable number that an answer to frames tells. After a gap answer it may be lower than what we knew,
        when the server was restored from an older copy; what is gone here then goes as empty gaps."""
        if answer.status in (200, 201):
            now = answer.body.get("durable")
            if not isinstance(now, int) or now < first:
                raise _Trouble(f"the answer to frames names no durable number: {answer.body}")
            return now
        expected = answer.body.get("expected")
        if answer.status == 409 and answer.code == "sequence_gap" and isinstance(expected, int) and expected != first:
            return max(0, expected - 1)
        raise _trouble(f"frames were not taken: {answer.words}", answer)

    def _upload(self, frame: Frame) -> None:
        """Put the bytes that a frame's events announce; those that are not here any more are there already."""
        for event in frames.unpack_events(frame.payload):
            if event["type"] != "artifact":
                continue
            with suppress(FileNotFoundError), files.held(self.root, event["digest"]).open("rb") as body:
                path = f"{self._path}/artifacts/{quoted(event['name'])}?kind={quoted(event.get('kind', 'file'))}"
                size = os.fstat(body.fileno()).st_size
                answer = self._call(
                    "PUT",
                    path,
                    body,
                    {
                        "Content-Type": "application/octet-stream",
                        "Content-Length": str(size),
                        "Digest": event["digest"],
                    },
                )
                if answer.status not in (200, 201, 204):
                    raise _trouble(f"artifact {event['name']} was not taken: {answer.words}", answer)

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        """A request with the token; on 401 once more with the one that is in its file by then, or with a new one."""
        self._token = self._token or self._read_token()
        for last in (False, False, True):
            answer = self._wire.send(method, path, body, {**headers, "Authorization": f"Bearer {self._token}"})
            if answer.status != 401:
                return answer
            self._token = "" if last else self._another_token()
            if not self._token:
                break
            if not isinstance(body, bytes):
                body.seek(0)
        raise _Trouble(f"the server does not accept the token in {self.target.token_file or 'TRAINYARD_TOKEN'}")

    def _another_token(self) -> str:
        """After the token was refused: what its owner has put into its place, else what the server gives for it;
        empty when there is neither."""
        found = self._read_token()
        if found != self._token:
            return found
        return self._renewal.replacement(found) if self._renewal is not None else ""

    def _keep_token(self) -> None:
        """Have a run's own token renewed in good time."""
        if self._renewal is not None and (known := self._token or self._held_token()):
            self._token = self._renewal.fresh(known)

    def _ask_token(self, token: str) -> Answer:
        return self._wire.send("POST", f"{self._path}/token", b"", {"Authorization": f"Bearer {token}"})

    def _held_token(self) -> str:
        """What is in the token's file; empty when there is none, which the first request tells."""
        with suppress(OSError):
            return Path(self.target.token_file).read_text().strip()
        return ""

    def _read_token(self) -> str:
        if self._given:
            return self._given
        if not self.target.token_file:
            return os.environ.get("TRAINYARD_TOKEN", "")
        try:
            return Path(self.target.token_file).read_text().strip()
        except OSError as error:
            raise _Trouble(f"no token in {self.target.token_file}: {error.strerror}") from error

    def _forget(self, sent: int) -> None:
        """Delete what the server has."""
        if sent:
            spools.prune(self.root)
        if files.any_held(self.root):
            files.purge(self.root, _announced_digests(self.root))


def _trouble(message: str, answer: Answer) -> _Trouble:
    """Whether an answer may change by itself: time-outs, overload and faults of the server do, refusals do not."""
    passing = answer.status in (401, 408, 425, 429) or answer.status >= 500 or bool(answer.body.get("retryable"))
    return _Trouble(message, fatal=not passing, wait=answer.retry_after)


def _sync_newest(folder: Path) -> None:
    """Put the segment that is being written on the disk before its frames travel."""
    for first in segments.listed(folder)[-1:]:
        with suppress(FileNotFoundError):
            fd = os.open(segments.path_of(folder, first), os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fdatasync(fd)
            finally:
                os.close(fd)


def _announced_digests(root: Path) -> set[str]:
    """The digests of artifacts whose events still wait."""
    found: set[str] = set()
    for writer in segments.writers(root):
        folder = root / writer
        place = Place(segments.durable(folder) + 1)
        while True:
            batch, place = segments.read(folder, writer, place, BATCH)
            if not batch:
                break
            for frame in frames.split(b"".join(batch)):
                if frame.kind is Kind.EVENTS:
                    found.update(e["digest"] for e in frames.unpack_events(frame.payload) if e["type"] == "artifact")
    return found
