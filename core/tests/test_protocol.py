"""What a client may send over a real socket before it has said what it wants, and how slowly."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
import uvicorn

from trainyard_core import protocol
from trainyard_core.protocol import MOST_HEAD, MOST_LINES, BoundedProtocol
from trainyard_core.server import bind

BEGIN = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
CHUNKED = BEGIN + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
QUICK = 0.2
PATIENCE = 20.0


class Application:
    """Answers with how many bytes came, at `/closed` before it has read any, at `/held` once it is let go."""

    def __init__(self):
        self.free = asyncio.Event()

    async def __call__(self, scope, receive, send):
        if scope["path"] == "/held":
            await self.free.wait()
        size, more = 0, scope["path"] != "/closed"
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size, more = size + len(message["body"]), message["more_body"]
        body = str(size).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@pytest_asyncio.fixture
async def application():
    return Application()


@pytest_asyncio.fixture
async def port(application, monkeypatch):
    """A server's port."""
    monkeypatch.setattr(protocol, "LINGER", QUICK)
    config = uvicorn.Config(application, loop="none", lifespan="off", http=BoundedProtocol, log_config=None)
    server = uvicorn.Server(config)
    with bind("127.0.0.1", 0) as listener:
        task = asyncio.create_task(server._serve([listener]))
        yield listener.getsockname()[1]
        server.should_exit = True
        await task


@pytest.fixture
def impatient(monkeypatch):
    """The server gives its clients little time."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", QUICK)
    monkeypatch.setattr(protocol, "BODY_SECONDS", QUICK)


@asynccontextmanager
async def connected(port):
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield reader, writer
        finally:
            writer.close()


async def flood(writer, piece):
    """Send a piece again and again until the connection takes no more; the bytes that went."""
    sent = 0
    try:
        while True:
            writer.write(piece)
            sent += len(piece)
            await writer.drain()
    except ConnectionError:
        return sent


async def answers(reader):
    """All that comes until the end: of each answer its status and body."""
    found = []
    while line := await reader.readline():
        size = 0
        while (header := await reader.readline()) not in (b"\r\n", b""):
            size = int(header.split(b":")[1]) if header.lower().startswith(b"content-length") else size
        found.append((int(line.split()[1]), await reader.readexactly(size)))
    return found


FLOODS = {
    "lines": (BEGIN, b"X: a\r\n" * 1000),
    "one value": (BEGIN + b"X: ", b"a" * 6000),
    "one name": (BEGIN, b"a" * 6000),
    "an address": (b"GET /", b"a" * 6000),
    "trailers": (CHUNKED, b"X: a\r\n" * 1000),
    "one trailer": (CHUNKED + b"X: ", b"a" * 6000),
    "line ends": (b"\r\n", b"\r\n" * 3000),
}


@pytest.mark.parametrize(("begin", "piece"), FLOODS.values(), ids=FLOODS)
async def test_a_head_without_an_end_is_refused_before_it_costs_memory(port, begin, piece):
    async with connected(port) as (reader, writer):
        writer.write(begin)
        sending = asyncio.create_task(flood(writer, piece))
        ((status, body),) = await answers(reader)
        assert (status, json.loads(body)["code"]) == (431, "header_too_large")
        assert await sending < 32 << 20  # what is over the bound lies in buffers of the two kernels


@pytest.mark.parametrize("lines", [b"X: a\r\n" * (MOST_LINES + 1), b"X: " + b"a" * MOST_HEAD + b"\r\n"])
async def test_a_whole_head_over_its_bounds_is_refused_although_it_came_at_once(port, lines):
    async with connected(port) as (reader, writer):
        writer.write(BEGIN + lines + b"Content-Length: 5\r\n\r\nabcde")
        ((status, _),) = await answers(reader)
        assert status == 431


async def test_a_head_within_its_bounds_is_taken_and_so_is_what_comes_behind(port):
    head = BEGIN + b"X: " + b"a" * (MOST_HEAD - 200) + b"\r\nContent-Length: 3\r\n\r\nabc"
    last = b"GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n"
    async with connected(port) as (reader, writer):
        writer.write(head + head + last)
        assert await answers(reader) == [(200, b"3"), (200, b"3"), (200, b"0")]


SLOW = {
    "half a head": (BEGIN, [(408, "request_timeout")]),
    "a line end": (b"\r\n", [(408, "request_timeout")]),
    "nothing": (b"", []),
    "half a body": (BEGIN + b"Content-Length: 9\r\n\r\nabc", [(408, "request_timeout")]),
    "half a second head": (b"GET /echo HTTP/1.1\r\n\r\nGET /", [(200, ""), (408, "request_timeout")]),
    "half a body that nobody reads": (b"POST /closed HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc", [(200, "")]),
}


@pytest.mark.parametrize(("sent", "told"), SLOW.values(), ids=SLOW)
async def test_a_request_without_an_end_is_ended(port, impatient, sent, told):
    async with connected(port) as (reader, writer):
        writer.write(sent)
        found = [(status, json.loads(body)["code"] if status > 400 else "") for status, body in await answers(reader)]
        assert found == told


async def test_a_body_that_trickles_is_ended_although_each_byte_comes_in_time(port, impatient):
    async with connected(port) as (reader, writer):
        writer.write(BEGIN + b"Content-Length: 100000\r\n\r\n")
        ended = asyncio.create_task(answers(reader))
        while not ended.done():
            writer.write(b"a")
            await asyncio.wait([ended], timeout=QUICK / 20)
        assert [status for status, _ in ended.result()] == [408]


@pytest.mark.parametrize("expects", [b"", b"Expect: 100-continue\r\n"])
async def test_no_time_is_counted_while_the_server_does_not_read(port, application, impatient, monkeypatch, expects):
    looked, look = asyncio.Event(), BoundedProtocol._look

    def looking(self):
        look(self)
        if self._awaited is protocol._ReadState.BODY:
            looked.set()

    monkeypatch.setattr(BoundedProtocol, "_look", looking)
    body = b"a" * 1_000_000
    head = b"POST /held HTTP/1.1\r\nConnection: close\r\nContent-Length: 1000000\r\n" + expects + b"\r\n"
    async with connected(port) as (reader, writer):
        writer.write(head if expects else head + body)
        for _ in range(2):
            looked.clear()
            await looked.wait()
        application.free.set()
        if expects:
            assert b"100" in await reader.readline()
            await reader.readline()
            writer.write(body)
        assert await answers(reader) == [(200, b"1000000")]
