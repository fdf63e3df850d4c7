"""The trap of 40 ms, shown absent: the time of GET /api/v1/health over kept connections, with one and with two server
processes. A server that leaves TCP_NODELAY off and writes an answer in two pieces waits for the client's delayed
acknowledgement each time. The floor is a bare asyncio server; `trap_ms` is what a server in the trap takes here, so
that one sees that this measurement would show it.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.load import request
from bench.measure import Result, Scale, alternate, percentile
from bench.postgres import postgres
from bench.servers import program, yard_up

__all__ = ["measure"]

CONNECTIONS = 4
REQUESTS = 200
AIM = 4.0
Address = tuple[str, int]


def measure(scale: Scale, folder: Path) -> list[Result]:
    """With one process on SQLite, and with two on PostgreSQL."""
    count = scale.of(REQUESTS, least=40)
    with ExitStack() as stack:
        one = stack.enter_context(yard_up(folder, {}))
        database = stack.enter_context(postgres(folder))
        two = stack.enter_context(yard_up(folder, {"database": database}, "--split", "--processes", "2"))
        floor, trap = (_echo(stack, folder, *arguments) for arguments in ((), ("trap",)))
        detail = {"trap_ms": round(percentile(_times(trap, 60), 0.5), 2)}
        return [
            Result(
                name,
                what,
                "ms",
                *alternate(name, scale.rounds, _p50(address, count), _p50(floor, count)),
                AIM,
                detail=detail,
            )
            for name, what, address in (
                ("nodelay.1", "GET health p50, 1 server process", one.address),
                ("nodelay.2", "GET health p50, 2 server processes", two.address),
            )
        ]


def _echo(stack: ExitStack, folder: Path, *arguments: str) -> Address:
    command = [sys.executable, str(Path(__file__).with_name("echo.py")), *arguments]
    _, line, _ = stack.enter_context(program(command, folder / "echo.log"))
    return "127.0.0.1", int(line.rsplit(":", 1)[1])


def _p50(address: Address, count: int) -> Callable[[], float]:
    return lambda: percentile(_times(address, count), 0.5)


def _times(address: Address, count: int) -> list[float]:
    """Milliseconds of each request, over several connections one after the other, so that each process has some."""
    asked = request("GET", "/api/v1/health", {})
    times: list[float] = []
    for _ in range(CONNECTIONS):
        with socket.create_connection(address, timeout=10) as connection:
            times += [_ask(connection, asked) for _ in range(count // CONNECTIONS)]
    return times


def _ask(connection: socket.socket, asked: bytes) -> float:
    started = time.perf_counter()
    connection.sendall(asked)
    answer = b""
    while not answer.endswith(b'{"status":"ok"}'):
        piece = connection.recv(4096)
        if not piece:
            raise ConnectionError("the server hung up")
        answer += piece
    return 1000 * (time.perf_counter() - started)
