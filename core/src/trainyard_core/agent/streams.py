"""Opens streams to attempts when core asks for them: carries what the scheduler gives to core, and input to the
scheduler. The agent opens its side; nobody can reach it from outside. What was started for a stream ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing, suppress
from itertools import count
from typing import Any

import structlog

from trainyard.client.models import MOST_FRAME, NewAttemptStream, StreamFrame
from trainyard.client.retry import Backoff
from trainyard_core import redact
from trainyard_core.agent.model import StreamRequest
from trainyard_core.agent.port import AgentPort, ServerUnreachable
from trainyard_core.contracts.scheduler import (
    AttemptStream,
    Scheduler,
    SchedulerRefused,
    StreamOutput,
    SupportsExec,
    SupportsLogs,
    SupportsProxy,
)
from trainyard_core.contracts.workload import AttemptRef
from trainyard_core.errors import NotFound, TrainyardError
from trainyard_core.hook_guard import gist

__all__ = ["StreamOpener"]

WAIT = 20.0
"""Seconds for which one request waits for input."""
OPENING = 30.0
"""Seconds that a scheduler has to open one."""
AGAIN = Backoff(base=0.1, cap=2.0)
MOST_TRIES = 20
MOST_AT_ONCE = 64
log = structlog.get_logger("trainyard.agent")


class StreamEnded(Exception):
    """Core knows the stream no more, or cannot be reached for long: it is over."""


class StreamOpener:
    """Opens each stream once."""

    def __init__(self, scheduler: Scheduler, port: AgentPort) -> None:
        self._scheduler, self._port = scheduler, port
        self._open: set[str] = set()

    def take(self, request: StreamRequest) -> bool:
        """Whether this one is to be opened now: it is not open, and there are not too many."""
        if request.id in self._open or len(self._open) >= MOST_AT_ONCE:
            return False
        self._open.add(request.id)
        return True

    async def carry(self, ref: AttemptRef, request: StreamRequest) -> None:
        """Carry a stream that was taken until its end, and tell core how it ended."""
        sender = _Sender(self._port, request.id)
        try:
            await self._ask(request.id, after=0, wait=0.0)  # core knows now that it is being opened
            await self._serve(ref, request, sender)
        except StreamEnded:
            return
        except Exception as error:  # whatever a scheduler raises
            said = str(error) if isinstance(error, SchedulerRefused) else gist(error)
            with suppress(StreamEnded):
                await sender.end(error=redact.text(said) or type(error).__name__)
        finally:
            self._open.discard(request.id)

    async def _serve(self, ref: AttemptRef, request: StreamRequest, sender: _Sender) -> None:
        asked = request.asked
        if asked.kind == "logs":
            reading = asyncio.create_task(self._drop_input(request.id))
            try:
                await _until_first(reading, _send_all(self._logs(ref, asked), sender))
                await sender.end()
            finally:
                await _ended(reading)
            return
        stream = await self._opened(ref, asked)
        feeding = asyncio.create_task(self._feed(request.id, stream))
        try:
            await _until_first(feeding, _send_all(stream.output(), sender))
            await sender.end(exit_code=stream.exit_code)
        finally:
            await _ended(feeding)
            await stream.aclose()

    async def _logs(self, ref: AttemptRef, asked: NewAttemptStream) -> AsyncIterator[StreamOutput]:
        if not isinstance(self._scheduler, SupportsLogs):
            raise SchedulerRefused(self._lacks("keeps no log of its own", "use `yard logs` without --scheduler"))
        async for data in self._scheduler.logs(ref, tail=asked.tail, follow=asked.follow):
            yield StreamOutput(data)

    async def _opened(self, ref: AttemptRef, asked: NewAttemptStream) -> AttemptStream:
        async with asyncio.timeout(OPENING):
            if asked.kind == "exec":
                if not isinstance(self._scheduler, SupportsExec):
                    raise SchedulerRefused(self._lacks("runs no programs beside an attempt", "run it in the program"))
                return await self._scheduler.exec(ref, asked.command)
            if not isinstance(self._scheduler, SupportsProxy):
                raise SchedulerRefused(self._lacks("connects to no ports", "reach the machine another way"))
            return await self._scheduler.proxy(ref, asked.port)

    def _lacks(self, what: str, fix: str) -> str:
        return f"the scheduler '{self._scheduler.name}' {what}: {fix}"

    async def _feed(self, stream: str, attempt: AttemptStream) -> None:
        """Carry input until whoever asked is gone."""
        async with aclosing(self._input(stream)) as frames:
            async for frame in frames:
                if frame.channel == "end":
                    await attempt.close_input()
                else:
                    await attempt.write(frame.data)

    async def _drop_input(self, stream: str) -> None:
        """Until whoever asked is gone."""
        async with aclosing(self._input(stream)) as frames:
            async for _ in frames:
                continue

    async def _input(self, stream: str) -> AsyncGenerator[StreamFrame, None]:
        """The frames of input; ends when whoever asked is gone."""
        after = 0
        while True:
            for frame in await self._ask(stream, after=after, wait=WAIT):
                if frame.error:
                    return
                after = frame.seq
                yield frame

    async def _ask(self, stream: str, *, after: int, wait: float) -> list[StreamFrame]:
        for tries in count(1):
            try:
                return await self._port.stream_input(stream, after, wait)
            except (ServerUnreachable, TrainyardError) as error:
                await _again(error, tries)
        raise AssertionError("it counts without end")


class _Sender:
    """Sends frames of output in order, each until core has it."""

    def __init__(self, port: AgentPort, stream: str) -> None:
        self._port, self._stream, self._seq = port, stream, 0

    async def send(self, piece: StreamOutput) -> None:
        for begin in range(0, len(piece.data), MOST_FRAME):
            self._seq += 1
            data = piece.data[begin : begin + MOST_FRAME]
            await self._deliver(StreamFrame(seq=self._seq, channel=piece.channel, data=data))

    async def end(self, *, exit_code: int | None = None, error: str = "") -> None:
        self._seq += 1
        await self._deliver(StreamFrame(seq=self._seq, channel="end", exit_code=exit_code, error=error))

    async def _deliver(self, frame: StreamFrame) -> None:
        """Until core has it: a reader may be slow. That core or the reader is gone, the one who asks for input finds
        out."""
        for tries in count(1):
            try:
                return await self._port.stream_output(self._stream, [frame])
            except (ServerUnreachable, TrainyardError) as error:
                await _again(error, min(tries, MOST_TRIES - 1))
        return None


async def _again(error: Exception, tries: int) -> None:
    """Wait before the next try. Raises StreamEnded when there is none."""
    if isinstance(error, NotFound) or (isinstance(error, TrainyardError) and not error.retryable):
        raise StreamEnded(str(error)) from error
    if tries >= MOST_TRIES:
        raise StreamEnded(str(error)) from error
    await asyncio.sleep(AGAIN.delay(tries))


async def _send_all(pieces: AsyncIterator[StreamOutput], sender: _Sender) -> None:
    async for piece in pieces:
        await sender.send(piece)


async def _until_first(input_ended: asyncio.Task[None], sending: Coroutine[Any, Any, None]) -> None:
    """Until all is sent. Raises StreamEnded when whoever asked is gone before."""
    task = asyncio.create_task(sending)
    try:
        await asyncio.wait((task, input_ended), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            input_ended.result()
            raise StreamEnded("whoever asked for it is gone")
        task.result()
    finally:
        await _ended(task)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
