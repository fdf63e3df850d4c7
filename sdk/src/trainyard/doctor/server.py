"""The server: that it answers and is ours, its clock, whom it takes us for, the way up, and its own look at itself."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TypeVar

import msgspec

from trainyard.client import requests
from trainyard.client.discovery import Endpoint, without_secrets
from trainyard.client.errors import ApiError, ClientError, NotAllowed
from trainyard.client.http import httpx
from trainyard.client.models import Check, Diagnosis, Readiness, UploadCheck, Version, Whoami
from trainyard.client.session import reachable, settings_for
from trainyard.client.version_skew import SERVER_HEADER
from trainyard.client.wire import Request, headers_for, path_of, read_answer
from trainyard.doctor.result import failed, named, ok, skipped, warning
from trainyard.track.version import ours

__all__ = ["GROUND", "NAMES", "Server"]

T = TypeVar("T")
SECONDS = 15.0
SKEW = 5.0
"""Seconds between the clocks that are told of; times of logs and metrics are the program's."""
SOON = 7 * 86400
UPLOAD = 1 << 20

NAMES = ("health", "readiness", "version", "clock", "token", "project", "upload")
GROUND = ("health", "version", "token")
"""Without these the later hops make no sense."""


class Server:
    """One server, asked once for each thing, without trying again."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._http = httpx.Client(**settings_for(endpoint, SECONDS))

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def hops(self) -> Iterator[tuple[str, Callable[[], Check]]]:
        """The hops, in order."""
        looks = (self.health, self.readiness, self.version, self.clock, self.token, self.project, self.upload)
        return zip(NAMES, looks, strict=True)

    def own_look(self) -> list[Check]:
        """What the server says of what it stands on; an admin is told."""
        try:
            return self._ask(Request("POST", path_of("diagnosis"), Diagnosis)).items
        except NotAllowed:
            return [named(skipped("what the server stands on is told to admins only"), "server")]
        except ClientError as error:
            return [named(failed(error.message, error.fix), "server")]

    def health(self) -> Check:
        """Whether our server answers."""
        self._ask(requests.read_health())
        return ok(f"{without_secrets(self._endpoint.url)} answers")

    def readiness(self) -> Check:
        """Whether it can do its work."""
        answer = self._answer(requests.read_ready())
        try:
            parts = msgspec.json.decode(answer.content, type=Readiness).parts
        except msgspec.MsgspecError:
            return failed(f"it answered {answer.status_code}", "see the server's log")
        bad = {name: state for name, state in parts.items() if state != "ok"}
        if bad:
            states = ", ".join(f"{name} is {state}" for name, state in sorted(bad.items()))
            return failed(states, "see the server's log, and what it says of these below")
        return ok(", ".join(f"{name} ok" for name in sorted(parts)))

    def version(self) -> Check:
        """Whether client and server fit."""
        found: Version = self._ask(requests.read_version())
        versions = f"server {found.version} (API {found.api}), client {ours()}"
        if found.version.partition(".")[0] != ours().partition(".")[0]:
            return warning(f"{versions}: another major version", "install the client that fits the server")
        if found.missing:
            return warning(f"{versions}; nothing offers: {', '.join(found.missing)}", "install a plugin that does")
        return ok(versions)

    def clock(self) -> Check:
        """How far the clocks are apart, to the second that HTTP tells."""
        date = self._answer(requests.read_health()).headers.get("date", "")
        try:
            apart = (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
        except (ValueError, TypeError):
            return skipped("the server does not tell its time")
        if abs(apart) > SKEW:
            return warning(
                f"this machine is {apart:+.0f} s off the server", "set both by NTP: times of logs and tokens differ"
            )
        return ok("the same to within seconds")

    def token(self) -> Check:
        """Whom the server takes us for, and until when."""
        if not self._endpoint.token:
            return failed("no token was found for this server", "yard login, or set TRAINYARD_TOKEN_FILE")
        who: Whoami = self._ask(requests.whoami())
        identity = f"{who.name}, {who.role} in the deployment, from {self._endpoint.token_source}"
        if who.expires_at is None:
            return ok(f"{identity}; it does not expire")
        left = (datetime.fromisoformat(who.expires_at) - datetime.now(UTC)).total_seconds()
        identity = f"{identity}; it expires at {who.expires_at}"
        return warning(identity, "make another: yard tokens create") if left < SOON else ok(identity)

    def project(self) -> Check:
        """Whether we see the project."""
        found = self._ask(requests.get_project(self._endpoint.project))
        if found.archived:
            return warning(
                f"'{found.name}' is archived and takes no new runs", f"yard projects archive --undo {found.name}"
            )
        return ok(f"'{found.name}', as {found.role}")

    def upload(self) -> Check:
        """Whether bytes arrive whole, through whatever is in between; they are kept nowhere."""
        body = os.urandom(UPLOAD)
        kind = {"Content-Type": "application/octet-stream"}
        found = self._ask(Request("POST", path_of("diagnosis", "upload"), UploadCheck, headers=kind, content=body))
        if (found.size, found.digest) != (UPLOAD, f"sha256:{hashlib.sha256(body).hexdigest()}"):
            return failed(
                f"{UPLOAD} bytes were sent and {found.size} arrived", "something in between changes what is sent"
            )
        return ok(f"{UPLOAD >> 20} MiB arrived whole")

    def _ask(self, request: Request[T]) -> T:
        answer = self._answer(request)
        theirs = answer.headers.get(SERVER_HEADER, "")
        server = without_secrets(self._endpoint.url)
        try:
            return read_answer(request, answer.status_code, answer.content, server=server, theirs=theirs)
        except ApiError as error:
            error.message = f"{error.status}: {error.message}"
            raise

    def _answer(self, request: Request[T]) -> httpx.Response:
        headers = headers_for(request, self._endpoint.token)
        with reachable(self._endpoint):
            return self._http.request(request.method, request.path, headers=headers, content=request.content)
