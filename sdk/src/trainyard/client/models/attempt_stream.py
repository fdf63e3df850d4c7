"""Streams to a live attempt: its scheduler's log, a program beside it, a connection to one of its ports."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["MOST_FRAME", "AttemptStream", "NewAttemptStream", "StreamFrame", "StreamFrames"]

MOST_FRAME = 64 * 1024
"""Bytes of data in a frame at most."""


class NewAttemptStream(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is asked of the current attempt of a run: `logs` (the last `tail` lines that its scheduler has; with
    `follow` also what comes), `exec` (a `command` beside it), or `proxy` (a connection to a `port`)."""

    kind: Literal["logs", "exec", "proxy"]
    command: list[str] = []
    port: int = 0
    tail: int = 1000
    follow: bool = False


class AttemptStream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream that was asked for. The agent opens its side within 15 seconds, or the stream ends with an error."""

    id: str
    run: str
    attempt: int
    agent: str
    kind: str


class StreamFrame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A piece of a stream. `seq` counts from 1 in each direction; a frame that comes again is taken once. The `end` of
    input says that there is no more; that of output is the last frame, with the `exit_code` of a program, or the
    `error` for which the stream ended."""

    seq: int
    channel: Literal["stdin", "stdout", "stderr", "end"]
    data: bytes = b""
    exit_code: int | None = None
    error: str = ""


class StreamFrames(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frames in order; none when there is nothing yet."""

    items: list[StreamFrame] = []
