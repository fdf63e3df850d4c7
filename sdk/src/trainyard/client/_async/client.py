"""A client of the HTTP API. It sends what `requests` builds, repeats a request where that is safe, and resumes streams
and downloads after a cut. The calls are grouped in resources, such as `client.runs`."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

from trainyard.client import requests
from trainyard.client._async.activity import AsyncActivities
from trainyard.client._async.agent import AsyncAgents
from trainyard.client._async.artifact import AsyncArtifacts
from trainyard.client._async.attempt_stream import AsyncAttemptStreams
from trainyard.client._async.component import AsyncComponents
from trainyard.client._async.concurrency import Operation, run_blocking, sleep
from trainyard.client._async.connection import AsyncConnections
from trainyard.client._async.job import AsyncJobs
from trainyard.client._async.member import AsyncMembers
from trainyard.client._async.notification import AsyncNotificationRules
from trainyard.client._async.observer import AsyncObservers
from trainyard.client._async.project import AsyncProjects
from trainyard.client._async.queue import AsyncQueues
from trainyard.client._async.run import AsyncRuns
from trainyard.client._async.server import AsyncServer
from trainyard.client._async.sweep import AsyncSweeps
from trainyard.client._async.token import AsyncTokens
from trainyard.client._async.user import AsyncPrincipals
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

__all__ = ["AsyncClient"]

T = TypeVar("T")


class AsyncClient:
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
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = 30.0,
        backoff: Backoff = STANDARD,
        event_hooks: EventHooks | None = None,
    ) -> None:
        address = url or ("http://trainyard" if transport is not None else None)
        self.endpoint = discover(url=address, token=token, project=project, data=data)
        self.backoff = backoff
        self._timeout = timeout
        self._http = httpx.AsyncClient(
            transport=transport, event_hooks=event_hooks, **settings_for(self.endpoint, timeout)
        )
        self._server = without_secrets(self.endpoint.url)
        self.runs = AsyncRuns(self)
        self.projects = AsyncProjects(self)
        self.members = AsyncMembers(self)
        self.users = AsyncPrincipals(self, "users")
        self.service_accounts = AsyncPrincipals(self, "service-accounts")
        self.tokens = AsyncTokens(self)
        self.server = AsyncServer(self)
        self.activities = AsyncActivities(self)
        self.agents = AsyncAgents(self)
        self.artifacts = AsyncArtifacts(self)
        self.jobs = AsyncJobs(self)
        self.connections = AsyncConnections(self)
        self.attempt_streams = AsyncAttemptStreams(self)
        self.notification_rules = AsyncNotificationRules(self)
        self.queues = AsyncQueues(self)
        self.observers = AsyncObservers(self)
        self.sweeps = AsyncSweeps(self)
        self.components = AsyncComponents(self, "components")
        self.presets = AsyncComponents(self, "presets")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(url={self._server!r}, project={self.endpoint.project!r})"

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def version(self) -> Version:
        """The version of the server. Raises WrongServer when it speaks another version of the API."""
        found = await self.send(requests.read_version())
        check_version(found.api, API, self._server)
        return found

    async def plugins(self) -> list[Plugin]:
        """The server's plugins, each with the error that keeps it from working, if there is one."""
        page = await self.send(requests.list_plugins())
        return page.items

    async def send(self, request: Request[T]) -> T:
        """Send a request, repeat it where that is safe, and return its answer."""
        return await self._repeat(request, lambda: self._send_once(request))

    async def events(self, request: Request[bytes], *, timeout: float | None = None) -> AsyncGenerator[Event, None]:
        """The events of a stream up to and including `end`, each once, over any number of connections. Raises
        TimeoutError when `end` has not come after `timeout` seconds."""
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        follower = Follower(request, stream_backoff(self.backoff), deadline=deadline)
        while not follower.ended:
            broken: ClientError | None = None
            try:
                async with aclosing(self._connection(follower)) as events:
                    async for event in events:
                        yield event
            except ClientError as error:
                broken = error
            if not follower.ended:
                await sleep(follower.delay(broken))

    async def download(self, request: Request[bytes], target: Path, name: str) -> None:
        """Write an answer to a file, which appears only when it is complete."""
        await self._repeat(request, lambda: self._download_once(request, target, name))

    async def fetch(self, request: Request[bytes], target: Path, name: str, progress: Progress) -> None:
        """Download an artifact over as many connections as needed. A connection that brought any bytes resets the count
        of failures."""
        failures, backoff = 0, stream_backoff(self.backoff)
        with Partial(target, name, progress) as partial:
            while not partial.is_done:
                try:
                    await self._fetch_once(request, partial)
                except ClientError as error:
                    failures = 1 if partial.has_advanced() else failures + 1
                    if not may_repeat(request, error, failures, backoff):
                        raise
                    await sleep(backoff.delay(failures))

    async def exchange(self, dialog: Dialog[T]) -> T:
        """Send the requests of a dialog, repeat each where that is safe, and return the result."""
        await run_blocking(dialog.start)
        while dialog.request is not None:
            try:
                answer = await self.send(dialog.request)
            except ClientError as error:
                await run_blocking(dialog.failed, error)
            else:
                await run_blocking(dialog.answered, answer)
        return dialog.result()

    async def _repeat(self, request: Request[Any], operation: Operation[T]) -> T:
        """Do an operation until it succeeds or another try makes no sense."""
        failures = 0
        while True:
            try:
                return await operation()
            except ClientError as error:
                failures += 1
                if not may_repeat(request, error, failures, self.backoff):
                    raise
            await sleep(self.backoff.delay(failures))

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

    async def _send_once(self, request: Request[T]) -> T:
        async with _content(request) as content:
            with self._reachable():
                answer = await self._http.request(
                    request.method,
                    request.path,
                    params=request.query or None,
                    headers=headers_for(request, self.endpoint.token),
                    content=content,
                )
        theirs = answer.headers.get(SERVER_HEADER, "")
        return read_answer(request, answer.status_code, answer.content, server=self._server, theirs=theirs)

    async def _connection(self, follower: Follower) -> AsyncGenerator[Event, None]:
        request = follower.connect()
        async with self._stream(request, follower.timeout(self._timeout)) as answer:
            check_stream(request, answer.headers.get("content-type", ""), self._server)
            async for chunk in answer.aiter_bytes():
                for event in follower.feed(chunk):
                    yield event
                if follower.ended:
                    return

    async def _download_once(self, request: Request[bytes], target: Path, name: str) -> None:
        async with self._stream(request, httpx.Timeout(self._timeout)) as answer:
            with atomic_write(target) as file:
                await _save(answer, file, name)

    async def _fetch_once(self, request: Request[bytes], partial: Partial) -> None:
        async with self._stream(partial.rest_of(request), httpx.Timeout(self._timeout)) as answer:
            if await run_blocking(partial.accepts, answer.status_code, answer.headers):
                async for chunk in answer.aiter_bytes(CHUNK):
                    await run_blocking(partial.write, chunk)
        await run_blocking(partial.finish)

    @asynccontextmanager
    async def _stream(self, request: Request[bytes], timeout: httpx.Timeout) -> AsyncIterator[httpx.Response]:
        """An answer whose body has not been read. Raises when it is an error."""
        headers = headers_for(request, self.endpoint.token)
        query = request.query or None
        with self._reachable():
            async with self._http.stream(
                request.method, request.path, params=query, headers=headers, timeout=timeout
            ) as answer:
                if not answer.is_success:
                    theirs, body = answer.headers.get(SERVER_HEADER, ""), await answer.aread()
                    raise read_error(request, answer.status_code, body, server=self._server, theirs=theirs)
                yield answer


@asynccontextmanager
async def _content(request: Request[Any]) -> AsyncIterator[bytes | AsyncIterator[bytes]]:
    """The body of a request; a file is read while it is sent."""
    if request.file is None:
        yield request.content
        return
    async with aclosing(_chunks(request.file)) as chunks:
        yield chunks


async def _chunks(path: Path) -> AsyncGenerator[bytes, None]:
    file = await run_blocking(path.open, "rb")
    try:
        while chunk := await run_blocking(file.read, CHUNK):
            yield chunk
    finally:
        file.close()


async def _save(answer: httpx.Response, file: IO[bytes], name: str) -> None:
    digest = Digest(answer.headers.get("digest", ""))
    async for chunk in answer.aiter_bytes(CHUNK):
        digest.update(chunk)
        await run_blocking(file.write, chunk)
    digest.check(name)
