"""One process's writer of a run: its ring, its folder in the spool, and the thread that drains one into the other.

A row is safe from the death of the process as soon as `log` returns (the ring) and on its way to the server after
the next drain, about PERIOD seconds later, or sooner when a buffer of the ring is full. The thread that logs never
drains. Nothing here touches the network, and nothing raises an Exception to the training program: what goes wrong is
said once by `logging`.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, SupportsFloat

from trainyard.track import drain, frames, thread
from trainyard.track.frames import Kind
from trainyard.track.log_once import say
from trainyard.track.omissions import NotRecorded, Omissions, is_strict
from trainyard.track.ring import CAPACITY, Refused, Ring
from trainyard.track.spool import SpoolWriter

__all__ = ["PERIOD", "Writer"]

PERIOD = 0.5
KEPT = 4
"""Buffers of the ring that wait while the disk is full, before anything is dropped."""
PATIENT = 16
"""Buffers that wait before the drain takes as much time of the interpreter as the program that logs."""
_log = logging.getLogger("trainyard")


class Writer:
    """The writer of this process in the spool `root`. What it refuses is counted in `omissions`. Raises OSError when
    the spool cannot be made at all.

    `observe` hears of the rows of each frame, in the thread that writes it.

    Not for a fork's child: that calls `forget` and makes its own."""

    def __init__(self, root: Path, *, capacity: int = CAPACITY) -> None:
        self.spool = SpoolWriter(root)
        self.ring = Ring(self.spool.folder, capacity)
        if self.ring.is_in_memory:
            say("ring", f"no room for the ring in {self.spool.folder}; rows wait in memory only")
        self.ring.on_swap = self._wake
        self.ring.on_refused = self._refused
        self.spool.make_room = self._make_room
        self._is_disk_full = False
        self.omissions = Omissions()
        self.observe: drain.Observer = lambda blocks, payload: None
        self.put = self.ring.put
        self._is_writing = self._done = False
        self._aside: deque[bytes] = deque()
        self._due = threading.Event()
        self._thread = thread.start(self._work, "trainyard-drain")

    def log(self, values: Mapping[str, SupportsFloat], step: int | None = None) -> None:
        """Record one row; see `Ring.put`."""
        self.put(values, step)

    def event(self, events: Sequence[dict[str, Any]], *, final: bool = False) -> None:
        """Record events (plain JSON values) in one frame, after all rows logged before."""
        try:
            self._append(frames.pack_events(events), final=final)
        except Exception as error:
            say("event", f"an event could not be recorded: {error}")

    def tell(self) -> None:
        """Record what was refused since the last call."""
        if events := self.omissions.take():
            self.event(events)

    def flush(self) -> None:
        """Turn what was logged so far into frames."""
        if self.ring.waiting or self.ring.lost:
            self._drain()

    def close(self) -> None:
        """Flush and let go of the folder. Idempotent."""
        if self._done:
            return
        self._done = True
        self.ring.stop()
        self.put = self.ring.put = _closed  # type: ignore[method-assign]  # for who still holds us
        self._wake()
        if self._thread is not None:
            self._thread.join(timeout=5)
        with self.spool.lock:
            self._drain(insist=True)
            self.ring.discard()
            try:
                self.spool.close()
            except OSError as error:
                say("close", f"the spool could not be closed: {error}")

    def forget(self) -> None:
        """In a fork's child: let go without a trace."""
        self.ring.close()
        self.spool.forget()

    def _wake(self) -> None:
        self._due.set()

    def _work(self) -> None:
        while not self._done:
            with self.spool.lock:
                self._pause()
            self._due.wait(PERIOD)
            self._due.clear()
            self.flush()
            self.tell()

    def _append(self, payload: bytes, *, final: bool = False) -> None:
        """Write a frame of events. One that a signal handler records on top of ourselves waits until we are done."""
        with self._writing() as is_alone:
            if not is_alone:
                self._aside.append(payload)
                return
            self._drain_ring(insist=False)
            self.spool.append(Kind.EVENTS, payload, final=final)
        self._append_aside()

    def _append_aside(self) -> None:
        """Write what signal handlers recorded meanwhile. Inside of ourselves that is left to the outermost call."""
        with self.spool.lock:
            while self._aside and not self._is_writing:
                with self._writing():
                    try:
                        self.spool.append(Kind.EVENTS, self._aside.popleft())
                    except Exception as error:
                        say("event", f"an event could not be recorded: {error}")

    def _drain(self, *, insist: bool = False) -> None:
        """Turn what is in the ring into frames, unless this thread writes already, which a signal handler finds."""
        with self._writing() as is_alone:
            if is_alone:
                self._drain_ring(insist=insist)
        self._append_aside()

    def _drain_ring(self, *, insist: bool) -> None:
        self._is_disk_full = False
        try:
            full = len(self.ring.buffers) > KEPT
            drain.drain(self.ring, self.spool, insist=insist or full, pause=self._pause, observe=self.observe)
        except Exception as error:
            say("drain", f"metrics stay in the ring, because the spool cannot be written: {error}")

    @contextmanager
    def _writing(self) -> Iterator[bool]:
        """The spool is this thread's to write; False when it is inside already, as a signal handler is on top of it: a
        frame that is begun is to be finished first."""
        with self.spool.lock:
            is_alone, self._is_writing = not self._is_writing, True
            try:
                yield is_alone
            finally:
                self._is_writing = not is_alone

    def _pause(self) -> None:
        """Between two pieces of work of the drain: see to the spare buffers, and let the program go on."""
        if not self._is_disk_full and not self._done:
            self.ring.prepare()
        if len(self.ring.buffers) < PATIENT:
            time.sleep(0)  # lets go of the interpreter's lock

    def _make_room(self) -> bool:
        """The disk is full: what the ring has in reserve is given to the frames."""
        self._is_disk_full = True
        return self.ring.give_up_spares()

    def _refused(self, refused: Refused) -> None:
        self.omissions.add(*refused)
        if is_strict():
            raise NotRecorded(f"{refused.name} ({refused.kind}): {refused.why}")


def _closed(values: Mapping[str, SupportsFloat], step: int | None = None) -> None:
    _log.debug("trainyard: log() after finish() of process %d", os.getpid())
