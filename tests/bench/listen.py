"""The subscribers of the benchmark: so many connections to a stream of activities in one process, that note when each
activity arrived. It says `ready` once all are open, is told on standard input how many activities were written, and
prints as JSON for each the server's time of it and when
it arrived, once all have or after some seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import datetime
from typing import Any

import uvloop

PATIENCE = 15.0
MARK = b'"name":"n'


class _Subscriber(asyncio.Protocol):
    """One connection. Of an event it looks only for the name that the writer gave."""

    def __init__(self, request: bytes, arrivals: dict[str, list[float]]) -> None:
        self._request, self._arrivals, self._rest = request, arrivals, b""
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        now = time.time()
        if not self.open.done():
            self.open.set_result(None)
        *whole, self._rest = (self._rest + data).split(b"\n\n")
        for event in whole:
            found = event.rfind(MARK)
            if found >= 0:
                name = event[found + 8 : event.index(b'"', found + 9)].decode()
                if name not in self._arrivals:
                    self._arrivals[name] = [_told_at(event)]
                self._arrivals[name].append(now)


def _told_at(event: bytes) -> float:
    """When the server says that it happened: read before it was committed."""
    line = next(line for line in event.split(b"\n") if line.startswith(b"data: "))
    return datetime.fromisoformat(json.loads(line[6:])["at"]).timestamp()


async def _main(load: dict[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    arrivals: dict[str, list[float]] = {}
    headers = f"Host: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer {load['token']}"
    request = f"GET {load['path']} HTTP/1.1\r\n{headers}\r\n\r\n".encode()
    those = [_Subscriber(request, arrivals) for _ in range(load["many"])]
    for start in range(0, len(those), 50):
        part = those[start : start + 50]
        await asyncio.gather(*(loop.create_connection(lambda one=one: one, load["host"], load["port"]) for one in part))
        await asyncio.gather(*(one.open for one in part))
    print("ready", flush=True)
    expected = int(await asyncio.to_thread(sys.stdin.readline)) * (len(those) + 1)
    deadline = time.monotonic() + PATIENCE
    while sum(map(len, arrivals.values())) < expected and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    print(json.dumps(arrivals), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(_main(json.loads(sys.argv[1])))
