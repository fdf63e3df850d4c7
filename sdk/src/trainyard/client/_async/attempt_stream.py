"""Streams to the live attempt of a run: its scheduler's log, programs beside it, connections to its ports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from trainyard.client import requests
from trainyard.client._async.resource import AsyncResource
from trainyard.client.models import AttemptStream, NewAttemptStream, StreamFrame, StreamFrames

__all__ = ["AsyncAttemptStreams"]

WAIT = 20.0


class AsyncAttemptStreams(AsyncResource):
    """Streams to live attempts. `project` is the client's own by default."""

    async def open(self, ref: str, body: NewAttemptStream, *, project: str | None = None) -> AttemptStream:
        """Ask for a stream to the current attempt of a run. Whoever opened it ends it."""
        return await self._client.send(requests.open_attempt_stream(self._project(project), ref, body))

    async def output(self, stream: AttemptStream, *, project: str | None = None) -> AsyncIterator[StreamFrame]:
        """The frames of output as they come; the last one is an `end`."""
        after = 0
        while True:
            request = requests.read_stream_output(self._project(project), stream.run, stream.id, after=after, wait=WAIT)
            for frame in (await self._client.send(request)).items:
                yield frame
                if frame.channel == "end":
                    return
                after = frame.seq

    async def send(self, stream: AttemptStream, frames: Sequence[StreamFrame], *, project: str | None = None) -> None:
        """Send frames of input, numbered from 1 on; returns once the server has them."""
        body = StreamFrames(items=[*frames])
        await self._client.send(requests.send_stream_input(self._project(project), stream.run, stream.id, body))

    async def end(self, stream: AttemptStream, *, project: str | None = None) -> None:
        """End a stream, and what was started for it. Raises NotFound when it has ended."""
        await self._client.send(requests.end_attempt_stream(self._project(project), stream.run, stream.id))
