"""A receiver of HTTP requests on loopback that answers as a test says."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

__all__ = ["Receiver", "receiving"]


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
async def receiving(context=None):
    """A running receiver; with an SSL context it speaks HTTPS."""
    receiver, tasks = Receiver(), set()

    async def take(reader, writer):
        task = asyncio.current_task()
        tasks.add(task)
        try:
            await receiver.take(reader, writer)
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in [*tasks]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
