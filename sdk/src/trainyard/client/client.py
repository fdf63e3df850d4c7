"""The synchronous client. It sends what `requests` builds, sends it again when that is safe, and follows streams over
cuts; the nouns with many verbs are in `nouns`. `async_client` is its twin over the same requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

import httpx

from trainyard.client import requests
from trainyard.client.discovery import discover, moved, without_secrets
from trainyard.client.errors import ClientError, NotReachable
from trainyard.client.models import Plugin, Version
from trainyard.client.partial import Partial
from trainyard.client.resources.activity import Activities
from trainyard.client.resources.agent import Agents
from trainyard.client.resources.artifact import Artifacts
from trainyard.client.resources.component import Components
from trainyard.client.resources.member import Members
from trainyard.client.resources.project import Projects
from trainyard.client.resources.queue import Queues
from trainyard.client.resources.run import Runs
from trainyard.client.resources.server import Server
from trainyard.client.resources.sweep import Sweeps
from trainyard.client.resources.token import Tokens
from trainyard.client.resources.user import Principals
from trainyard.client.retry import STANDARD, Backoff
from trainyard.client.session import (
    CHUNK,
    Digest,
    Follower,
    appearing,
    check_stream,
    check_version,
    may_repeat,
    patient,
    reachable,
    settings_for,
    stream_timeout,
)
from trainyard.client.sse import Event
from trainyard.client.upload import Dialog, Progress
from trainyard.client.version_skew import SERVER_HEADER
from trainyard.client.wire import API, Request, headers_for, read_answer, read_error

__all__ = ["Client"]

T = TypeVar("T")


class Client:
    """Talks to one server, as one caller, by default about one project. Use it as a context manager or `close` it.
    Safe to use from several threads. `timeout` is in seconds for each answer. Raises NoServer when nothing says where
    the server is."""

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        project: str | None = None,
        data: Path | str | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 30.0,
        backoff: Backoff = STANDARD,
    ) -> None:
        address = url or ("http://trainyard" if transport is not None else None)
        self.endpoint = discover(url=address, token=token, project=project, data=data)
        self.backoff = backoff
        self._timeout = timeout
        self._http = httpx.Client(transport=transport, **settings_for(self.endpoint, timeout))
        self._server = without_secrets(self.endpoint.url)
        self.runs = Runs(self)
        self.projects = Projects(self)
        self.members = Members(self)
        self.users = Principals(self, "users")
        self.service_accounts = Principals(self, "service-accounts")
        self.tokens = Tokens(self)
        self.server = Server(self)
        self.activities = Activities(self)
        self.agents = Agents(self)
        self.artifacts = Artifacts(self)
        self.queues = Queues(self)
        self.sweeps = Sweeps(self)
        self.components = Components(self, "components")
        self.presets = Components(self, "presets")

    def __repr__(self) -> str:
        return f"Client(url={self._server!r}, project={self.endpoint.project!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def version(self) -> Version:
        """Which server this is. Raises WrongServer when it speaks another version of the API."""
        found = self.send(requests.read_version())
        check_version(found.api, API, self._server)
        return found

    def plugins(self) -> list[Plugin]:
        """The server's plugins and what is wrong with them."""
        return self.send(requests.list_plugins()).items

    def send(self, request: Request[T]) -> T:
        """Send a request, again where that is safe, and read its answer."""
        return self._persist(request, lambda: self._send_once(request))

    def events(self, request: Request[bytes]) -> Generator[Event, None, None]:
        """The events of a followed stream up to and with `end`, each once, over any number of connections."""
        follower = Follower(request, patient(self.backoff))
        while not follower.ended:
            broken: ClientError | None = None
            try:
                with closing(self._connection(follower)) as events:
                    yield from events
            except ClientError as error:
                broken = error
            if not follower.ended:
                time.sleep(follower.delay(broken))

    def download(self, request: Request[bytes], target: Path, name: str) -> None:
        """Stream an answer into a file, which appears whole or not at all."""
        self._persist(request, lambda: self._download_once(request, target, name))

    def fetch(self, request: Request[bytes], target: Path, name: str, progress: Progress) -> None:
        """Bring an artifact here over as many connections as it takes; one that brought anything is no failure."""
        failures, backoff = 0, patient(self.backoff)
        with Partial(target, name, progress) as partial:
            while not partial.is_done:
                try:
                    self._fetch_once(request, partial)
                except ClientError as error:
                    failures = 1 if partial.moved() else failures + 1
                    if not may_repeat(request, error, failures, backoff):
                        raise
                    time.sleep(backoff.delay(failures))

    def hold(self, dialog: Dialog[T]) -> T:
        """Send the requests of a dialog, each again where that is safe, and return what comes of it."""
        dialog.start()
        while dialog.request is not None:
            try:
                answer = self.send(dialog.request)
            except ClientError as error:
                dialog.failed(error)
            else:
                dialog.answered(answer)
        return dialog.outcome()

    def _persist(self, request: Request[Any], once: Callable[[], T]) -> T:
        failures = 0
        while True:
            try:
                return once()
            except ClientError as error:
                failures += 1
                if not may_repeat(request, error, failures, self.backoff):
                    raise
            time.sleep(self.backoff.delay(failures))

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """One try to get an answer. Where there is none, a server that was found by its data directory is looked up
        there: it may serve at another address by now."""
        try:
            with reachable(self.endpoint):
                yield
        except NotReachable:
            if (found := moved(self.endpoint)) is not None:
                self.endpoint, self._http.base_url = found, httpx.URL(found.url)
                self._server = without_secrets(found.url)
            raise

    def _send_once(self, request: Request[T]) -> T:
        with _body(request) as body, self._reached():
            answer = self._http.request(
                request.method,
                request.path,
                params=request.query or None,
                headers=headers_for(request, self.endpoint.token),
                content=body,
            )
        theirs = answer.headers.get(SERVER_HEADER, "")
        return read_answer(request, answer.status_code, answer.content, server=self._server, theirs=theirs)

    def _connection(self, follower: Follower) -> Generator[Event, None, None]:
        request = follower.connect()
        with self._stream(request, stream_timeout(self._timeout)) as answer:
            check_stream(request, answer.headers.get("content-type", ""), self._server)
            for chunk in answer.iter_bytes():
                yield from follower.feed(chunk)
                if follower.ended:
                    return

    def _download_once(self, request: Request[bytes], target: Path, name: str) -> None:
        with self._stream(request, httpx.Timeout(self._timeout)) as answer, appearing(target) as file:
            digest = Digest(answer.headers.get("digest", ""))
            for chunk in answer.iter_bytes(CHUNK):
                digest.update(chunk)
                file.write(chunk)
            digest.check(name)

    def _fetch_once(self, request: Request[bytes], partial: Partial) -> None:
        with self._stream(partial.asking(request), httpx.Timeout(self._timeout)) as answer:
            if partial.takes(answer.status_code, answer.headers):
                for chunk in answer.iter_bytes(CHUNK):
                    partial.write(chunk)
        partial.finish()

    @contextmanager
    def _stream(self, request: Request[bytes], timeout: httpx.Timeout) -> Iterator[httpx.Response]:
        """An answer whose body is still to come; raises when it is no success."""
        headers = headers_for(request, self.endpoint.token)
        with (
            self._reached(),
            self._http.stream(
                request.method, request.path, params=request.query or None, headers=headers, timeout=timeout
            ) as answer,
        ):
            if not answer.is_success:
                theirs = answer.headers.get(SERVER_HEADER, "")
                raise read_error(request, answer.status_code, answer.read(), server=self._server, theirs=theirs)
            yield answer


@contextmanager
def _body(request: Request[T]) -> Iterator[bytes | IO[bytes]]:
    if request.file is None:
        yield request.content
        return
    with request.file.open("rb") as stream:
        yield stream
