"""Streams to attempts on hosts: a program beside one, and a connection."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress

from trainyard_core.contracts.scheduler import StreamOutput

__all__ = ["HostConnection", "HostProgram"]


class HostConnection:
    """What is written goes to the port, and what comes from it is output."""

    exit_code: int | None = None

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def output(self) -> AsyncIterator[StreamOutput]:
        while data := await self._reader.read(8192):
            yield StreamOutput(data)

    async def write(self, data: bytes) -> None:
        with suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    async def close_input(self) -> None:
        with suppress(OSError):
            self._writer.write_eof()

    async def aclose(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


class HostProgram:
    """All of its standard output comes before its standard error."""

    exit_code: int | None = None

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def output(self) -> AsyncIterator[StreamOutput]:
        assert self._process.stdout is not None and self._process.stderr is not None
        errors = asyncio.create_task(self._process.stderr.read())
        try:
            while data := await self._process.stdout.read(8192):
                yield StreamOutput(data)
            yield StreamOutput(await errors, "stderr")
            self.exit_code = await self._process.wait()
        finally:
            errors.cancel()

    async def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        with suppress(ConnectionError):
            self._process.stdin.write(data)
            await self._process.stdin.drain()

    async def close_input(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def aclose(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
