"""The asynchronous client. It sends what `requests` builds, sends it again when that is safe, and follows streams over
cuts; the nouns with many verbs are in `nouns`. `client` is its twin over the same requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

import httpx

from trainyard.client import requests
from trainyard.client.discovery import discover, moved, without_secrets
from trainyard.client.errors import ClientError, NotReachable
from trainyard.client.models import Plugin, Version
from trainyard.client.partial import Partial
from trainyard.client.resources.activity import AsyncActivities
from trainyard.client.resources.agent import AsyncAgents
from trainyard.client.resources.artifact import AsyncArtifacts
from trainyard.client.resources.async_run import AsyncRuns
from trainyard.client.resources.component import AsyncComponents
from trainyard.client.resources.member import AsyncMembers
from trainyard.client.resources.project import AsyncProjects
from trainyard.client.resources.queue import AsyncQueues
from trainyard.client.resources.server import AsyncServer
from trainyard.client.resources.sweep import AsyncSweeps
from trainyard.client.resources.token import AsyncTokens
from trainyard.client.resources.user import AsyncPrincipals
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

__all__ = ["AsyncClient"]

T = TypeVar("T")


class AsyncClient:
    """Talks to one server, as one caller, by default about one project. Use it as a context manager or `close` it.
    Bound to one event loop. `timeout` is in seconds for each answer. Raises NoServer when nothing says where
    the server is."""

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
    ) -> None:
        address = url or ("http://trainyard" if transport is not None else None)
        self.endpoint = discover(url=address, token=token, project=project, data=data)
        self.backoff = backoff
        self._timeout = timeout
        self._http = httpx.AsyncClient(transport=transport, **settings_for(self.endpoint, timeout))
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
        self.queues = AsyncQueues(self)
        self.sweeps = AsyncSweeps(self)
        self.components = AsyncComponents(self, "components")
        self.presets = AsyncComponents(self, "presets")

    def __repr__(self) -> str:
        return f"AsyncClient(url={self._server!r}, project={self.endpoint.project!r})"

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
        """Which server this is. Raises WrongServer when it speaks another version of the API."""
        found = await self.send(requests.read_version())
        check_version(found.api, API, self._server)
        return found

    async def plugins(self) -> list[Plugin]:
        """The server's plugins and what is wrong with them."""
        return (await self.send(requests.list_plugins())).items

    async def send(self, request: Request[T]) -> T:
        """Send a request, again where that is safe, and read its answer."""
        return await self._persist(request, lambda: self._send_once(request))

    async def events(self, request: Request[bytes]) -> AsyncGenerator[Event, None]:
        """The events of a followed stream up to and with `end`, each once, over any number of connections."""
        follower = Follower(request, patient(self.backoff))
        while not follower.ended:
            broken: ClientError | None = None
            try:
                async with aclosing(self._connection(follower)) as events:
                    async for event in events:
                        yield event
            except ClientError as error:
                broken = error
            if not follower.ended:
                await asyncio.sleep(follower.delay(broken))

    async def download(self, request: Request[bytes], target: Path, name: str) -> None:
        """Stream an answer into a file, which appears whole or not at all."""
        await self._persist(request, lambda: self._download_once(request, target, name))

    async def fetch(self, request: Request[bytes], target: Path, name: str, progress: Progress) -> None:
        """Bring an artifact here over as many connections as it takes; one that brought anything is no failure."""
        failures, backoff = 0, patient(self.backoff)
        with Partial(target, name, progress) as partial:
            while not partial.is_done:
                try:
                    await self._fetch_once(request, partial)
                except ClientError as error:
                    failures = 1 if partial.moved() else failures + 1
                    if not may_repeat(request, error, failures, backoff):
                        raise
                    await asyncio.sleep(backoff.delay(failures))

    async def hold(self, dialog: Dialog[T]) -> T:
        """Send the requests of a dialog, each again where that is safe, and return what comes of it."""
        await asyncio.to_thread(dialog.start)
        while dialog.request is not None:
            try:
                answer = await self.send(dialog.request)
            except ClientError as error:
                await asyncio.to_thread(dialog.failed, error)
            else:
                await asyncio.to_thread(dialog.answered, answer)
        return dialog.outcome()

    async def _persist(self, request: Request[Any], once: Callable[[], Awaitable[T]]) -> T:
        failures = 0
        while True:
            try:
                return await once()
            except ClientError as error:
                failures += 1
                if not may_repeat(request, error, failures, self.backoff):
                    raise
            await asyncio.sleep(self.backoff.delay(failures))

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

    async def _send_once(self, request: Request[T]) -> T:
        body = _chunks(request.file) if request.file else request.content
        with self._reached():
            answer = await self._http.request(
                request.method,
                request.path,
                params=request.query or None,
                headers=headers_for(request, self.endpoint.token),
                content=body,
            )
        theirs = answer.headers.get(SERVER_HEADER, "")
        return read_answer(request, answer.status_code, answer.content, server=self._server, theirs=theirs)

    async def _connection(self, follower: Follower) -> AsyncGenerator[Event, None]:
        request = follower.connect()
        async with self._stream(request, stream_timeout(self._timeout)) as answer:
            check_stream(request, answer.headers.get("content-type", ""), self._server)
            async for chunk in answer.aiter_bytes():
                for event in follower.feed(chunk):
                    yield event
                if follower.ended:
                    return

    async def _download_once(self, request: Request[bytes], target: Path, name: str) -> None:
        async with self._stream(request, httpx.Timeout(self._timeout)) as answer:
            with appearing(target) as file:
                await _save(answer, file, name)

    async def _fetch_once(self, request: Request[bytes], partial: Partial) -> None:
        async with self._stream(partial.asking(request), httpx.Timeout(self._timeout)) as answer:
            if await asyncio.to_thread(partial.takes, answer.status_code, answer.headers):
                async for chunk in answer.aiter_bytes(CHUNK):
                    await asyncio.to_thread(partial.write, chunk)
        await asyncio.to_thread(partial.finish)

    @asynccontextmanager
    async def _stream(self, request: Request[bytes], timeout: httpx.Timeout) -> AsyncIterator[httpx.Response]:
        """An answer whose body is still to come; raises when it is no success."""
        headers = headers_for(request, self.endpoint.token)
        query = request.query or None
        with self._reached():
            async with self._http.stream(
                request.method, request.path, params=query, headers=headers, timeout=timeout
            ) as answer:
                if not answer.is_success:
                    theirs, body = answer.headers.get(SERVER_HEADER, ""), await answer.aread()
                    raise read_error(request, answer.status_code, body, server=self._server, theirs=theirs)
                yield answer


async def _chunks(file: Path) -> AsyncIterator[bytes]:
    stream = await asyncio.to_thread(file.open, "rb")
    try:
        while chunk := await asyncio.to_thread(stream.read, CHUNK):
            yield chunk
    finally:
        stream.close()


async def _save(answer: httpx.Response, file: IO[bytes], name: str) -> None:
    digest = Digest(answer.headers.get("digest", ""))
    async for chunk in answer.aiter_bytes(CHUNK):
        digest.update(chunk)
        await asyncio.to_thread(file.write, chunk)
    digest.check(name)
