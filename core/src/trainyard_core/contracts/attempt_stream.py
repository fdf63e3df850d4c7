"""What a scheduler opens to a live attempt when somebody asks: a program beside it, or a connection to one of its
ports. See `SupportsExec` and `SupportsProxy` in `contracts.scheduler`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal, Protocol

import msgspec

__all__ = ["AttemptStream", "StreamOutput"]


class StreamOutput(msgspec.Struct, frozen=True):
    """A piece of output, at most 64 KiB, as it was written."""

    data: bytes
    channel: Literal["stdout", "stderr"] = "stdout"


class AttemptStream(Protocol):
    """One that is open. It belongs to whoever opened it, who calls `aclose` in every case. Its methods are called from
    one event loop; `output` is iterated once, beside calls of `write`."""

    exit_code: int | None
    """How its program ended, once `output` has ended: 128 plus the number of a signal; None for a connection."""

    def output(self) -> AsyncIterator[StreamOutput]:
        """All output, until the program ends or the other side closes. Raises OSError when the stream breaks."""

    async def write(self, data: bytes) -> None:
        """Send input; returns once there is room for more. Input after the end is dropped."""

    async def close_input(self) -> None:
        """There is no more input. May be repeated."""

    async def aclose(self) -> None:
        """End it and all that it has started: nothing of it is left afterwards. May be repeated."""
