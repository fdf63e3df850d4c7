"""A synchronous client with the calls of the asynchronous one, so that one test is about both."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest

from trainyard.client import Client

both_clients = pytest.mark.parametrize("web", ["asynchronous", "synchronous"], indirect=True)
"""Runs a test of `web` for each client."""


def threaded_client(*, transport: httpx.ASGITransport, **options: Any) -> Threaded:
    """A client of an application that runs in the event loop of the caller."""
    return Threaded(Client(transport=LoopTransport(transport, asyncio.get_running_loop()), **options))


class Threaded:
    """Runs each call of a synchronous client, or of a resource of it, in a thread."""

    def __init__(self, target: Any, threads: ThreadPoolExecutor | None = None) -> None:
        self._target = target
        self._threads = threads or ThreadPoolExecutor(64)  # its own: the application needs those of the loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if type(found).__module__.startswith("trainyard.client._sync"):
            return Threaded(found, self._threads)
        if not inspect.ismethod(found):
            return found
        gives = str(inspect.signature(found).return_annotation)
        return partial(self._iterate if gives.startswith(("Iterator", "Generator")) else self._call, found)

    async def aclose(self) -> None:
        await self._call(self._target.close)
        self._threads.shutdown()

    async def _call(self, function: Any, *args: Any, **options: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(function, *args, **options))

    async def _iterate(self, method: Any, *args: Any, **options: Any) -> AsyncIterator[Any]:
        results = method(*args, **options)
        while (item := await self._call(next, results, _END)) is not _END:
            yield item


class LoopTransport(httpx.BaseTransport):
    """Sends the requests of a thread to an application that runs in an event loop."""

    def __init__(self, transport: httpx.ASGITransport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return asyncio.run_coroutine_threadsafe(self._answer(request), self._loop).result()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._transport.handle_async_request(request)
        body = b"".join([chunk async for chunk in answer.stream])
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body))


_END = object()
