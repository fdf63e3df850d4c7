"""The load generator: a process of its own that sends prebuilt HTTP/1.1 requests over kept connections, one at a
time on each, and counts the answers. It parses no more of an answer than its status and length.

As a program it reads a `Plan` from standard input and writes a `Report` to standard output (MessagePack both).
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import cast

import msgspec
import uvloop

__all__ = ["MARK", "Plan", "Report", "generate", "request"]

MARK = b"0000000000000000-unique"
"""Stands in a request for something that is to be another in each one sent; as long as what replaces it."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A connection for each of `lanes`, which sends its requests in order: once each, or with `seconds` in a circle
    for so long."""

    host: str
    port: int
    lanes: list[list[bytes]]
    seconds: float = 0.0
    salt: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `seconds` is from the first request to the last answer, `latencies` are in seconds, `statuses`
    counts answers by HTTP status and `broken` counts connections that ended early."""

    seconds: float
    latencies: list[float]
    statuses: dict[int, int]
    broken: int

    @property
    def good(self) -> int:
        """Answers of a status in 200 to 299."""
        return sum(number for status, number in self.statuses.items() if 200 <= status < 300)

    @property
    def errors(self) -> int:
        """All that was not good."""
        return sum(self.statuses.values()) - self.good + self.broken

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return self.good / self.seconds


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """One request as bytes."""
    told = {"Host": "localhost", **headers, **({"Content-Length": str(len(body))} if body else {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def generate(plan: Plan) -> Report:
    """Carry out a plan in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__))], input=msgspec.msgpack.encode(plan), stdout=subprocess.PIPE, check=True
    )
    return msgspec.msgpack.decode(done.stdout, type=Report)


async def _carry_out(plan: Plan) -> Report:
    loop, unique = asyncio.get_running_loop(), count()
    lanes = [_Lane(requests, plan, unique) for requests in plan.lanes]
    for lane in lanes:
        await loop.create_connection(lambda lane=lane: lane, plan.host, plan.port)
    started = time.perf_counter()
    for lane in lanes:
        lane.begin(started + plan.seconds)
    await asyncio.gather(*(lane.over for lane in lanes))
    seconds = max(lane.last for lane in lanes) - started
    statuses: dict[int, int] = {}
    for status in (status for lane in lanes for status in lane.statuses):
        statuses[status] = statuses.get(status, 0) + 1
    latencies = [latency for lane in lanes for latency in lane.latencies]
    return Report(seconds=seconds, latencies=latencies, statuses=statuses, broken=sum(lane.is_broken for lane in lanes))


class _Lane(asyncio.Protocol):
    """One connection."""

    def __init__(self, requests: list[bytes], plan: Plan, unique: count[int]) -> None:
        self._requests, self._plan, self._unique = requests, plan, unique
        self._transport: asyncio.Transport | None = None
        self._answer, self._next, self._sent, self._until = b"", 0, 0.0, 0.0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.statuses: list[int] = []
        self.last, self.is_broken = 0.0, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own kind is no subclass of it

    def begin(self, until: float) -> None:
        """Send the first one."""
        self._until = until
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        end = self._answer.find(b"\r\n\r\n")
        if end < 0 or len(self._answer) < end + 4 + _length(self._answer[:end]):
            return
        self.last = time.perf_counter()
        self.latencies.append(self.last - self._sent)
        self.statuses.append(int(self._answer[9:12]))
        self._answer = b""
        if self._is_done():
            self._close()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self.is_broken, self.last = True, time.perf_counter()
            self.over.set_result(None)

    def _send(self) -> None:
        assert self._transport is not None
        data = self._requests[self._next % len(self._requests)]
        self._next += 1
        if MARK in data[:1024]:
            data = data.replace(MARK, b"%016x-%06x" % (self._plan.salt, next(self._unique)), 1)
        self._sent = time.perf_counter()
        self._transport.write(data)

    def _is_done(self) -> bool:
        if self._plan.seconds:
            return self.last >= self._until
        return self._next == len(self._requests)

    def _close(self) -> None:
        assert self._transport is not None
        self.over.set_result(None)
        self._transport.close()


def _length(head: bytes) -> int:
    """The length of the body that these headers announce."""
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def main() -> None:
    """The program."""
    plan = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Plan)
    report = uvloop.run(_carry_out(plan))
    sys.stdout.buffer.write(msgspec.msgpack.encode(report))


if __name__ == "__main__":
    main()
