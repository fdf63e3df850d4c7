"""A server with notifications and nothing else, on both databases, and a receiver of HTTP requests on loopback."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from trainyard_core.registry import Registry
from trainyard_core.testing.databases import database_url, empty_url, postgres, postgres_url
from trainyard_core.testing.server import serving

__all__ = ["database_url", "empty_url", "postgres", "postgres_url"]

ALLOWED = {"notify": {"allow_private": True, "timeout": 10}}


class Receiver:
    """Takes requests and answers each with what is first in `answers`, or with 200. An answer is a status, bytes that
    are sent as they are, or a function of the stream writer."""

    def __init__(self):
        self.requests, self.answers, self.port = [], [], 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook/geheim-path"

    async def take(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append((first, headers, body))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, int):
            answer = f"HTTP/1.1 {answer} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        try:
            if callable(answer):
                await answer(writer)
            else:
                writer.write(answer)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving():
    receiver, tasks = Receiver(), set()

    async def take(reader, writer):
        task = asyncio.current_task()
        tasks.add(task)
        try:
            await receiver.take(reader, writer)
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in [*tasks]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest_asyncio.fixture
async def receiver():
    async with receiving() as running:
        yield running


@pytest.fixture
def settings():
    """The section of the settings."""
    return ALLOWED


@pytest_asyncio.fixture
async def web(database_url, tmp_path, settings):
    """The API in process."""
    async with serving(
        database_url, tmp_path / "data", registry=Registry.load(["notify"]), sections=settings
    ) as served:
        yield served
