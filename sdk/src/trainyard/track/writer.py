"""One process's writer of a run: its ring, its folder in the spool, and the thread that drains one into the other.

A row is safe from the death of the process as soon as `log` returns (the ring) and on its way to the server after
the next drain, about PERIOD seconds later; a full ring is drained by the thread that logs. Nothing here touches the
network, and nothing raises an Exception to the training program: what goes wrong is said once by `logging`.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, SupportsFloat

from trainyard.track import drain, frames, thread
from trainyard.track.frames import Kind
from trainyard.track.ring import CAPACITY, Refused, Ring
from trainyard.track.say import say
from trainyard.track.spool import SpoolWriter

__all__ = ["PERIOD", "Writer"]

PERIOD = 0.5
_log = logging.getLogger("trainyard")


class Writer:
    """The writer of this process in the spool `root`. Raises OSError when the spool cannot be made at all.

    Not for a fork's child: that calls `forget` and makes its own."""

    def __init__(self, root: Path, *, capacity: int = CAPACITY) -> None:
        self.spool = SpoolWriter(root)
        self.ring = self._new_ring(capacity)
        self.ring.on_full = self._drain_now
        self.ring.on_refused = self._refused
        self.refused = 0
        self.put = self.ring.put
        self._draining = False
        self._done = threading.Event()
        self._thread = thread.start(self._work, "trainyard-drain")

    def log(self, values: Mapping[str, SupportsFloat], step: int | None = None) -> None:
        """Record one row; see `Ring.put`."""
        self.put(values, step)

    def event(self, events: Sequence[dict[str, Any]], *, final: bool = False) -> None:
        """Record events (plain JSON values) in one frame, after all rows logged before."""
        try:
            payload = frames.pack_events(events)
            self.flush()
            self.spool.append(Kind.EVENTS, payload, final=final)
        except Exception as error:
            say("event", f"an event could not be recorded: {error}")

    def flush(self) -> None:
        """Turn what was logged so far into frames."""
        if self.ring.waiting or self.ring.lost:
            self._drain_now()

    def close(self) -> None:
        """Flush and let go of the folder. Idempotent."""
        if self._done.is_set():
            return
        self._done.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        with self.spool.lock:
            self._drain_now()
            self.put = self.ring.put = _closed  # type: ignore[method-assign]  # a mapping that is gone must not be written
            try:
                self.spool.close()
            except OSError as error:
                say("close", f"the spool could not be closed: {error}")

    def forget(self) -> None:
        """In a fork's child: let go without a trace."""
        self.ring.close()
        self.spool.forget()

    def _new_ring(self, capacity: int) -> Ring:
        try:
            return Ring.create(self.spool.fd, capacity)
        except OSError as error:
            say("ring", f"no room for the ring in {self.spool.folder} ({error}); rows wait in memory only")
            return Ring.in_memory(capacity)

    def _work(self) -> None:
        while not self._done.wait(PERIOD):
            self.flush()

    def _drain_now(self) -> bool:
        """Drain; False when this thread is doing so already, which a signal handler finds."""
        with self.spool.lock:
            if self._draining:
                return False
            self._draining = True
            try:
                drain.drain(self.ring, self.spool)
            except Exception as error:
                say("drain", f"metrics stay in the ring, because the spool cannot be written: {error}")
            finally:
                self._draining = False
        self.ring.place_aside()
        return True

    def _refused(self, refused: Refused) -> None:
        self.refused += 1
        say(
            "refused",
            f"{refused.name!r} was not recorded as a metric: {refused.why} ({refused.kind}). More of this kind is"
            " counted without a word.",
        )


def _closed(values: Mapping[str, SupportsFloat], step: int | None = None) -> None:
    _log.debug("trainyard: log() after finish() of process %d", os.getpid())
