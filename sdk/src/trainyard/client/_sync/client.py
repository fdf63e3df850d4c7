# Generated from `_async/client.py` by tools/sync_client.py: change that file and run `make format`.
"""A client of the HTTP API. It sends what `requests` builds, repeats a request where that is safe, and resumes streams
and downloads after a cut. The calls are grouped in resources, such as `client.runs`."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

from trainyard.client import requests
from trainyard.client._sync.activity import Activities
from trainyard.client._sync.agent import Agents
from trainyard.client._sync.artifact import Artifacts
from trainyard.client._sync.attempt_stream import AttemptStreams
from trainyard.client._sync.component import Components
from trainyard.client._sync.concurrency import Operation, run_blocking, sleep
from trainyard.client._sync.connection import Connections
from trainyard.client._sync.job import Jobs
from trainyard.client._sync.member import Members
from trainyard.client._sync.notification import NotificationRules
from trainyard.client._sync.observer import Observers
from trainyard.client._sync.project import Projects
from trainyard.client._sync.queue import Queues
from trainyard.client._sync.run import Runs
from trainyard.client._sync.server import Server
from trainyard.client._sync.sweep import Sweeps
from trainyard.client._sync.token import Tokens
from trainyard.client._sync.user import Principals
from trainyard.client.discovery import discover, relocated, without_secrets
from trainyard.client.errors import ClientError, NotReachable
from trainyard.client.http import httpx
from trainyard.client.models import Plugin, Version
from trainyard.client.partial import Partial
from trainyard.client.retry import STANDARD, Backoff
from trainyard.client.session import (
    CHUNK,
    Digest,
    EventHooks,
    Follower,
    atomic_write,
    check_stream,
    check_version,
    may_repeat,
    reachable,
    settings_for,
    stream_backoff,
)
from trainyard.client.sse import Event
from trainyard.client.upload import Dialog, Progress
from trainyard.client.version_skew import SERVER_HEADER
from trainyard.client.wire import API, Request, headers_for, read_answer, read_error

__all__ = ["Client"]

T = TypeVar("T")


class Client:
    """A connection to one server with one token and a default project. Use it as a context manager, or close it. A
    `Client` may be used from several threads, an `AsyncClient` in one event loop. `timeout` is the limit for each
    answer in seconds. `event_hooks` are those of httpx: lists of functions (for an `AsyncClient`: coroutine functions)
    that are called with each request before it is sent (`request`), and with each response once its headers are there
    (`response`). Raises NoServer when nothing says where the server is."""

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
        event_hooks: EventHooks | None = None,
    ) -> None:
        address = url or ("http://trainyard" if transport is not None else None)
        self.endpoint = discover(url=address, token=token, project=project, data=data)
        self.backoff = backoff
        self._timeout = timeout
        self._http = httpx.Client(transport=transport, event_hooks=event_hooks, **settings_for(self.endpoint, timeout))
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
        self.jobs = Jobs(self)
        self.connections = Connections(self)
        self.attempt_streams = AttemptStreams(self)
        self.notification_rules = NotificationRules(self)
        self.queues = Queues(self)
        self.observers = Observers(self)
        self.sweeps = Sweeps(self)
        self.components = Components(self, "components")
        self.presets = Components(self, "presets")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(url={self._server!r}, project={self.endpoint.project!r})"

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
        """The version of the server. Raises WrongServer when it speaks another version of the API."""
        found = self.send(requests.read_version())
        check_version(found.api, API, self._server)
        return found

    def plugins(self) -> list[Plugin]:
        """The server's plugins, each with the error that keeps it from working, if there is one."""
        page = self.send(requests.list_plugins())
        return page.items

    def send(self, request: Request[T]) -> T:
        """Send a request, repeat it where that is safe, and return its answer."""
        return self._repeat(request, lambda: self._send_once(request))

    def events(self, request: Request[bytes], *, timeout: float | None = None) -> Generator[Event, None]:
        """The events of a stream up to and including `end`, each once, over any number of connections. Raises
        TimeoutError when `end` has not come after `timeout` seconds."""
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        follower = Follower(request, stream_backoff(self.backoff), deadline=deadline)
        while not follower.ended:
            broken: ClientError | None = None
            try:
                with closing(self._connection(follower)) as events:
                    yield from events
            except ClientError as error:
                broken = error
            if not follower.ended:
                sleep(follower.delay(broken))

    def download(self, request: Request[bytes], target: Path, name: str) -> None:
        """Write an answer to a file, which appears only when it is complete."""
        self._repeat(request, lambda: self._download_once(request, target, name))

    def fetch(self, request: Request[bytes], target: Path, name: str, progress: Progress) -> None:
        """Download an artifact over as many connections as needed. A connection that brought any bytes resets the count
        of failures."""
        failures, backoff = 0, stream_backoff(self.backoff)
        with Partial(target, name, progress) as partial:
            while not partial.is_done:
                try:
                    self._fetch_once(request, partial)
                except ClientError as error:
                    failures = 1 if partial.has_advanced() else failures + 1
                    if not may_repeat(request, error, failures, backoff):
                        raise
                    sleep(backoff.delay(failures))

    def exchange(self, dialog: Dialog[T]) -> T:
        """Send the requests of a dialog, repeat each where that is safe, and return the result."""
        run_blocking(dialog.start)
        while dialog.request is not None:
            try:
                answer = self.send(dialog.request)
            except ClientError as error:
                run_blocking(dialog.failed, error)
            else:
                run_blocking(dialog.answered, answer)
        return dialog.result()

    def _repeat(self, request: Request[Any], operation: Operation[T]) -> T:
        """Do an operation until it succeeds or another try makes no sense."""
        failures = 0
        while True:
            try:
                return operation()
            except ClientError as error:
                failures += 1
                if not may_repeat(request, error, failures, self.backoff):
                    raise
            sleep(self.backoff.delay(failures))

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        """One try to get an answer. When there is none, a server that was found by its data directory is looked up
        there again: its address may have changed."""
        try:
            with reachable(self.endpoint):
                yield
        except NotReachable:
            if (found := relocated(self.endpoint)) is not None:
                self.endpoint, self._http.base_url = found, httpx.URL(found.url)
                self._server = without_secrets(found.url)
            raise

    def _send_once(self, request: Request[T]) -> T:
        with _content(request) as content, self._reachable():
            answer = self._http.request(
                request.method,
                request.path,
                params=request.query or None,
                headers=headers_for(request, self.endpoint.token),
                content=content,
            )
        theirs = answer.headers.get(SERVER_HEADER, "")
        return read_answer(request, answer.status_code, answer.content, server=self._server, theirs=theirs)

    def _connection(self, follower: Follower) -> Generator[Event, None]:
        request = follower.connect()
        with self._stream(request, follower.timeout(self._timeout)) as answer:
            check_stream(request, answer.headers.get("content-type", ""), self._server)
            for chunk in answer.iter_bytes():
                yield from follower.feed(chunk)
                if follower.ended:
                    return

    def _download_once(self, request: Request[bytes], target: Path, name: str) -> None:
        with self._stream(request, httpx.Timeout(self._timeout)) as answer, atomic_write(target) as file:
            _save(answer, file, name)

    def _fetch_once(self, request: Request[bytes], partial: Partial) -> None:
        with self._stream(partial.rest_of(request), httpx.Timeout(self._timeout)) as answer:
            if run_blocking(partial.accepts, answer.status_code, answer.headers):
                for chunk in answer.iter_bytes(CHUNK):
                    run_blocking(partial.write, chunk)
        run_blocking(partial.finish)

    @contextmanager
    def _stream(self, request: Request[bytes], timeout: httpx.Timeout) -> Iterator[httpx.Response]:
        """An answer whose body has not been read. Raises when it is an error."""
        headers = headers_for(request, self.endpoint.token)
        query = request.query or None
        with (
            self._reachable(),
            self._http.stream(request.method, request.path, params=query, headers=headers, timeout=timeout) as answer,
        ):
            if not answer.is_success:
                theirs, body = answer.headers.get(SERVER_HEADER, ""), answer.read()
                raise read_error(request, answer.status_code, body, server=self._server, theirs=theirs)
            yield answer


@contextmanager
def _content(request: Request[Any]) -> Iterator[bytes | Iterator[bytes]]:
    """The body of a request; a file is read while it is sent."""
    if request.file is None:
        yield request.content
        return
    with closing(_chunks(request.file)) as chunks:
        yield chunks


def _chunks(path: Path) -> Generator[bytes, None]:
    file = run_blocking(path.open, "rb")
    try:
        while chunk := run_blocking(file.read, CHUNK):
            yield chunk
    finally:
        file.close()


def _save(answer: httpx.Response, file: IO[bytes], name: str) -> None:
    digest = Digest(answer.headers.get("digest", ""))
    for chunk in answer.iter_bytes(CHUNK):
        digest.update(chunk)
        run_blocking(file.write, chunk)
    digest.check(name)
