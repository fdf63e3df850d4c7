"""The shipper: takes what waits in a spool to the server and forgets what the server has.

`ship` is one pass. It may be cut off at any point and repeated by anyone, also by several at once: the server counts
a frame once by (run, writer, sequence number), its answer says up to where everything is durable, and only that is
deleted here. Frames are on this machine's disk before they travel, so a power cut never makes two frames share a
number. Bytes of a file go before the frame whose event announces them.

What is refused stops nothing else. A file that the server, or somebody in between, refuses is left out: an event that
says so travels in place of the one that announces it, and only when that is acknowledged are its bytes given up. A
writer whose frames are refused waits, and the others go on.

Network trouble is an answer (`Progress.error`), never an exception; when to try again is the caller's decision, with
`delay` as advice.
"""

from __future__ import annotations

import json
import logging
import os
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from trainyard.names import BadName, check_artifact_name, check_kind
from trainyard.track import failpoints, files, frames, segments
from trainyard.track import spool as spools
from trainyard.track.frames import Frame, Kind
from trainyard.track.omissions import omission
from trainyard.track.renewal import Renewal
from trainyard.track.run_metadata import read_about
from trainyard.track.segments import Place
from trainyard.track.target import Target
from trainyard.track.upload import Upload
from trainyard.track.wire import Answer, Unreachable, Wire, quoted

__all__ = ["BATCH", "SLOWEST", "Progress", "Shipper", "Target"]

BATCH = 4 * 1024 * 1024
SLOWEST = 15.0
"""The longest pause between two passes, in seconds. A server that was away waits for the last frames of programs that
ended meanwhile for `drain` seconds (a minute) from its return: whoever has them must try several times in that."""
_SHORTER = 8
"""By how much batches are shorter after trouble. All files of a batch go before its frames, and again in the next pass:
a server that lives for seconds would otherwise never see the end of one with many files."""
_REFUSALS = 30
_STRANGERS = 3
"""How often somebody in between, whose refusals say nothing of why, must refuse a file before it is left out."""
_OF_THE_RUN = (401, 403, 404)
"""Refusals that every writer of the run would get."""
_JSON = {"Content-Type": "application/json"}
_log = logging.getLogger("trainyard")


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


class _Refused(_Trouble):
    """The frames of one writer are refused; what others wrote may go on."""


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
        self._attempt: dict[str, str] = {}
        self._failures = 0
        self._wait = 0.0
        self._places: dict[str, Place] = {}
        self._settled: set[str] = set()
        self._uploads = Upload(self._call, self._path)
        self._stored: dict[tuple[str, str], str] = {}
        self._refusals: Counter[str] = Counter()
        self._most, self._ceiling = BATCH, BATCH

    def ship(self) -> Progress:
        """Recover dead writers, then send everything that waits. Never raises for trouble of network or disk."""
        sent = 0
        refused: list[_Refused] = []
        try:
            self._keep_token()
            self._settle()
            self._announce()
            for writer in segments.writers(self.root):
                try:
                    for count in self._ship_writer(writer):
                        sent += count
                except _Refused as trouble:
                    refused.append(trouble)
            self._forget(sent)
        except (_Trouble, Unreachable, OSError) as trouble:
            return self._failed(sent, trouble)
        if refused:
            return self._failed(sent, refused[0])
        self._failures, self._wait = 0, 0.0
        return Progress(sent, 0)

    def report(self, path: str, body: bytes) -> Progress:
        """Tell the server something of the run, below its own path, in JSON. `pending` is 1 until it is told; `fatal`
        when it is refused."""
        try:
            self._keep_token()
            answer = self._call("POST", self._path + path, body, _JSON)
        except (_Trouble, Unreachable, OSError) as trouble:
            return self._failed(0, trouble)._replace(pending=1)
        if answer.is_success:
            self._failures, self._wait = 0, 0.0
            return Progress(1, 0)
        return self._failed(0, _trouble(f"{path} was not taken: {answer.words}", answer))._replace(pending=1)

    def has_run(self) -> bool:
        """Whether the server has the run in its project; also when nobody can tell now."""
        try:
            return self._call("GET", self._path, b"", {}).status != 404
        except (_Trouble, Unreachable, OSError):
            return True

    def read(self, path: str) -> dict[str, Any] | None:
        """What the server says of the run, below its own path; None when it has none, or does not answer."""
        try:
            answer = self._call("GET", self._path + path, b"", {})
        except (_Trouble, Unreachable, OSError):
            return None
        return answer.body if answer.is_success else None

    def delay(self) -> float:
        """Seconds to wait before the next pass: 0 when the last one went well, else growing to SLOWEST, spread at
        random, and at least what the server asked for."""
        if not self._failures:
            return 0.0
        longest = min(SLOWEST, 0.5 * 2.0 ** min(self._failures, 10))
        return max(self._wait, random.uniform(longest / 2, longest))  # noqa: S311 - not a secret

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def _failed(self, sent: int, trouble: Exception) -> Progress:
        self._failures = 1 if sent else self._failures + 1
        self._most = max(1, self._most // _SHORTER)
        self._stored.clear()  # what is refused may be taken by then, and who answered may have been somebody else
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
        """An unmanaged run is created before its first frame, and its project where there is none. Idempotent by the
        run's id."""
        if self._announced:
            return
        about = read_about(self.root)
        if about.get("attempt"):  # whoever ships it: what an attempt recorded counts as that attempt's
            self._attempt = {"Attempt": str(about["attempt"])}
        if about.get("managed", True) is False:
            answer = self._create(about)
            if answer.status == 404 and self._create_project():
                answer = self._create(about)
            if answer.status not in (200, 201, 409):
                raise _trouble(f"the run could not be created: {answer.words}{self._elsewhere(answer)}", answer)
        self._announced = True

    def _create(self, about: Mapping[str, Any]) -> Answer:
        body = {"id": self.target.run, "managed": False, **about.get("create", {})}
        headers = {**_JSON, "Idempotency-Key": f"run-{self.target.run}"}
        path = f"/projects/{quoted(self.target.project)}/runs"
        return self._call("POST", path, json.dumps(body).encode(), headers)

    def _create_project(self) -> bool:
        """Create the run's project; whether it is there now, by us or by somebody else."""
        answer = self._call("POST", "/projects", json.dumps({"name": self.target.project}).encode(), _JSON)
        if answer.is_success:
            _log.warning("trainyard: project '%s' is new on %s", self.target.project, self.target.url)
        return answer.is_success or answer.status == 409

    def _elsewhere(self, answer: Answer) -> str:
        """What to do about a project in which the run cannot be created."""
        if not answer.is_refusal:
            return ""
        return f"; send it to another project with: yard sync --project NAME {self.root}"

    def _ship_writer(self, writer: str) -> Iterable[int]:
        """Send what waits of one writer, batch by batch; how many frames each acknowledgement covered."""
        folder = self.root / writer
        known = segments.durable(folder)
        refusals = 0
        while True:
            place = self._places.get(writer, Place(known + 1))
            if place.seq != known + 1:
                place = Place(known + 1)
            batch, after = segments.read(folder, writer, place, self._most)
            if not batch:
                return
            answer = self._post(folder, b"".join(batch))
            refusals += answer.status not in (200, 201)
            if answer.status == 413 and len(batch) > 1:
                self._ceiling = self._most = max(1, self._most // 2)
                continue
            if refusals > _REFUSALS:
                raise _Refused(f"the server does not settle on a next frame for writer {writer}: {answer.words}")
            now = self._heard(answer, place.seq, known)
            if now > known:
                segments.raise_durable(folder, now)
                self._stored.clear()
                self._most = min(self._ceiling, 2 * self._most)
                yield now - known
            self._places[writer] = after if now == after.seq - 1 else Place(now + 1)
            known = now

    def _post(self, folder: Path, data: bytes) -> Answer:
        data = b"".join(self._with_files(frame) for frame in frames.split(data))
        _sync_newest(folder)
        failpoints.point("shipper.post")
        return self._call("POST", f"{self._path}/frames", data, {"Content-Type": "application/x-trainyard-frames"})

    def _with_files(self, frame: Frame) -> bytes:
        """The frame as it travels, once the bytes that its events announce are there or are refused."""
        if frame.kind is not Kind.EVENTS:
            return frame.raw
        events = frames.unpack_events(frame.payload)
        checked = [self._with_file(event) if event["type"] == "artifact" else event for event in events]
        if checked == events:
            return frame.raw
        return frames.encode(frame.kind, frame.writer, frame.seq, frames.pack_events(checked), final=frame.final)

    def _with_file(self, event: dict[str, Any]) -> dict[str, Any]:
        """Put the bytes of an `artifact` event; the event that says that they are left out when they are refused.
        Those that are not here any more are there already."""
        key = event["name"], event["digest"]
        if key not in self._stored:
            self._stored[key] = self._store(event)
        return omission(event["name"], "", self._stored[key]) if self._stored[key] else event

    def _store(self, event: dict[str, Any]) -> str:
        """Why the file is refused; empty when it is not."""
        try:
            check_artifact_name(event["name"])
            check_kind(event.get("kind", "file"))
            file = files.held(self.root, event["digest"]).open("rb")
        except FileNotFoundError:
            return ""
        except BadName as error:
            return str(error)
        except OSError as error:
            return f"its copy cannot be read: {error.strerror}"
        with file:
            answer = self._uploads.put(event, file)
        if answer.is_success:
            return ""
        self._refusals[event["digest"]] += 1
        is_certain = answer.code or answer.status == 413 or self._refusals[event["digest"]] >= _STRANGERS
        if not answer.is_refusal or not is_certain:
            raise _Trouble(f"artifact {event['name']} was not taken: {answer.words}", wait=answer.retry_after)
        _log.warning("trainyard: artifact %s of run %s is left out: %s", event["name"], self.target.run, answer.words)
        return answer.words

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
        words = f"frames were not taken: {answer.words}"
        if answer.is_refusal and answer.status not in _OF_THE_RUN:
            raise _Refused(words, fatal=True, wait=answer.retry_after)
        raise _trouble(words, answer)

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        """A request with the token; on 401 once more with the one that is in its file by then, or with a new one."""
        self._token = self._token or self._read_token()
        headers = {**headers, **self._attempt}
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
            return os.environ.get("TRAINYARD_TOKEN", "").strip()
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
    return _Trouble(message, fatal=answer.is_refusal, wait=answer.retry_after)


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
