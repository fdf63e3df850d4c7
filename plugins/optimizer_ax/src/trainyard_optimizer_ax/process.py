"""The worker process as its server sees it: one for all sweeps, warm, started again when it dies or does not come back.

One thread owns it, so questions wait in line there and never on an event loop. Each has a deadline that counts from
when it was asked. A thought that has itself taken as long as its deadline is ended with the process: nothing interrupts
Ax's compiled code, its answer would be for a state that is past, and the sweeps behind it would wait as well. A worker
that is busy for a shorter time, or that is still importing Ax, is left alone, and its answer is dropped when it comes.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import msgspec

from trainyard_optimizer_ax.wire import HEADER, Answer, Question, decode_answer, framed

__all__ = ["DeadlinePassed", "Worker", "WorkerDied", "WorkerTrouble"]

START_PATIENCE = 120.0
"""Seconds in which Ax is imported, also on a slow disk."""

KEPT = ("HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV")
ALONE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}


class WorkerTrouble(Exception):
    """There is no answer; `str()` says why, for the note on a suggestion."""


class DeadlinePassed(WorkerTrouble):
    """The deadline passed. `own`: it was this question that took so long."""

    def __init__(self, message: str, *, own: bool) -> None:
        super().__init__(message)
        self.own = own


class WorkerDied(WorkerTrouble):
    """The process ended in the middle."""


class Worker:
    """One worker process. `hold` is handed to it; see `worker`."""

    def __init__(self, hold: float = 0.0) -> None:
        self._hold = hold
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="trainyard-ax")
        self._process: subprocess.Popen[bytes] | None = None
        self._received = b""
        self._waiting_for = 0  # the id of the question that it thinks about, 0 while it imports
        self._since: float | None = None  # when it began to; None while it is idle
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of the process, None while there is none."""
        return None if self._process is None else self._process.pid

    def warm(self) -> None:
        """Start the process unless it runs, without waiting."""
        self._thread.submit(self._start)

    def ask(self, question: Question, *, deadline: float) -> Future[Answer]:
        """The answer, or a WorkerTrouble, at the latest `deadline` seconds from now. A worker that dies is started
        again and asked once more."""
        return self._thread.submit(self._ask, question, deadline, time.monotonic() + deadline)

    def close(self) -> None:
        """End the process, also in the middle of a thought."""
        self._closed = True
        if self._process is not None:
            self._process.kill()
        self._thread.submit(self._end)
        self._thread.shutdown(wait=True)

    def _ask(self, question: Question, deadline: float, ends: float) -> Answer:
        try:
            return self._answered(question, ends)
        except WorkerDied:
            if self._closed:
                raise
            return self._answered(question, ends)
        except DeadlinePassed:
            if not self._thought(deadline):
                raise
            own = self._waiting_for == question.id
            self._end()
            self._start()
            raise DeadlinePassed(f"the model took longer than {deadline:g} s", own=own) from None

    def _answered(self, question: Question, ends: float) -> Answer:
        self._start()
        while self._since is not None:
            self._receive(ends)
        self._send(question, ends)
        while (answer := self._receive(ends)).id != question.id:
            continue
        if answer.trouble:
            raise WorkerTrouble(answer.trouble)
        return answer

    def _thought(self, deadline: float) -> bool:
        patience = max(START_PATIENCE, deadline) if self._waiting_for == 0 else deadline
        return self._since is not None and time.monotonic() - self._since >= patience * 0.99

    def _start(self) -> None:
        if self._closed or (self._process is not None and self._process.poll() is None):
            return
        self._end()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "trainyard_optimizer_ax.worker", "--hold", str(self._hold)],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=_environment(),
        )
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        self._received, self._waiting_for, self._since = b"", 0, time.monotonic()

    def _end(self) -> None:
        process, self._process, self._since = self._process, None, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _send(self, question: Question, ends: float) -> None:
        assert self._process is not None and self._process.stdin is not None
        left, pipe = memoryview(framed(question)), self._process.stdin.fileno()
        while left:
            if not _ready(pipe, select.POLLOUT, ends):
                self._end()  # half a question was read
                raise DeadlinePassed("the process of the model did not read", own=False)
            try:
                left = left[os.write(pipe, left) :]
            except OSError as error:
                raise self._died() from error
        self._waiting_for, self._since = question.id, time.monotonic()

    def _receive(self, ends: float) -> Answer:
        size = HEADER.unpack(self._bytes(HEADER.size, ends))[0]
        body = self._bytes(HEADER.size + size, ends)[HEADER.size :]
        self._received = self._received[HEADER.size + size :]
        self._since = None
        try:
            return decode_answer(body)
        except msgspec.DecodeError as error:
            raise self._died() from error

    def _bytes(self, count: int, ends: float) -> bytes:
        while len(self._received) < count:
            self._received += self._read(ends)
        return self._received[:count]

    def _read(self, ends: float) -> bytes:
        if self._process is None or self._process.stdout is None:
            raise WorkerDied("the process of the model was ended")
        if not _ready(self._process.stdout.fileno(), select.POLLIN, ends):
            raise DeadlinePassed(self._busy(), own=False)
        data = os.read(self._process.stdout.fileno(), 65536)
        if not data:
            raise self._died()
        return data

    def _busy(self) -> str:
        return "Ax was still starting" if self._waiting_for == 0 else "the model was busy with another sweep"

    def _died(self) -> WorkerDied:
        code = self._process.wait() if self._process is not None else None
        self._end()
        return WorkerDied(f"the process of the model ended with {code}")


def _ready(descriptor: int, event: int, ends: float) -> bool:
    """Wait until it can be read or written, or until that moment. A server may have more open files than `select` can
    tell apart."""
    waiting = select.poll()
    waiting.register(descriptor, event)
    return bool(waiting.poll(max(0.0, ends - time.monotonic()) * 1000))


def _environment() -> dict[str, str]:
    """The worker's environment. It starts elsewhere than its server, so what the path names from here is made absolute,
    and empty entries, which mean the folder of the process, are left out."""
    env = {name: os.environ[name] for name in KEPT if name in os.environ} | ALONE
    entries = [str(Path(entry).absolute()) for entry in env.pop("PYTHONPATH", "").split(os.pathsep) if entry]
    return env | {"PYTHONPATH": os.pathsep.join(entries)} if entries else env
