# Generated from `_async/attempt_stream.py` by tools/sync_client.py: change that file and run `make format`.
"""Streams to the live attempt of a run: its scheduler's log, programs beside it, connections to its ports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trainyard.client import requests
from trainyard.client._sync.resource import Resource
from trainyard.client.models import AttemptStream, NewAttemptStream, StreamFrame, StreamFrames

__all__ = ["AttemptStreams"]

WAIT = 20.0


class AttemptStreams(Resource):
    """Streams to live attempts. `project` is the client's own by default."""

    def open(self, ref: str, body: NewAttemptStream, *, project: str | None = None) -> AttemptStream:
        """Ask for a stream to the current attempt of a run. Whoever opened it ends it."""
        return self._client.send(requests.open_attempt_stream(self._project(project), ref, body))

    def output(self, stream: AttemptStream, *, project: str | None = None) -> Iterator[StreamFrame]:
        """The frames of output as they come; the last one is an `end`."""
        after = 0
        while True:
            request = requests.read_stream_output(self._project(project), stream.run, stream.id, after=after, wait=WAIT)
            for frame in (self._client.send(request)).items:
                yield frame
                if frame.channel == "end":
                    return
                after = frame.seq

    def send(self, stream: AttemptStream, frames: Sequence[StreamFrame], *, project: str | None = None) -> None:
        """Send frames of input, numbered from 1 on; returns once the server has them."""
        body = StreamFrames(items=[*frames])
        self._client.send(requests.send_stream_input(self._project(project), stream.run, stream.id, body))

    def end(self, stream: AttemptStream, *, project: str | None = None) -> None:
        """End a stream, and what was started for it. Raises NotFound when it has ended."""
        self._client.send(requests.end_attempt_stream(self._project(project), stream.run, stream.id))
