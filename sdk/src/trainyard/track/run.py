"""One run as the training program holds it: what it may record, and how it ends.

Nothing here raises into the training loop: `log*` and `finish` count and say once what they cannot do. A managed run
(started by the runner) only writes to its spool; the runner ships. An unmanaged run writes to a spool in the data
directory, and a thread ships it; an offline run waits for `yard sync`. Each process has its own writer, made at its
first `log`, so threads, children and ranks may log to one run; only the process that began an unmanaged run ends it.
Which run is current is `session`'s to say.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, SupportsFloat
from weakref import WeakSet

from trainyard.track import spool, thread, worker
from trainyard.track.about import read_about, write_about
from trainyard.track.ending import Ending, of_error
from trainyard.track.plain import plain, plain_mapping
from trainyard.track.say import say
from trainyard.track.writer import Writer

if TYPE_CHECKING:
    from trainyard.track.background import Background

__all__ = ["Run", "environment_params", "flat"]

_log = logging.getLogger("trainyard")
_CODE_SECONDS = 2.0
_STATUSES = ("succeeded", "failed", "stopped")
_runs: WeakSet[Run] = WeakSet()


class Run:
    """A run that is being tracked. Made by `init`; every method may be called from any thread and after a fork. In a
    worker of the process that began it (`is_worker`) it is recorded to, and neither shipped nor ended.

    `resumed_from` is the id of the run that this one continues (empty: none), and `resume_step` the last step of it
    that counts: rows that name no step go on after it."""

    def __init__(
        self, run: str, project: str, root: Path, *, is_managed: bool, is_worker: bool = False, name: str = ""
    ) -> None:
        self.id = run
        self.project = project
        self.name = name
        self.root = root
        self.managed = is_managed
        self.is_worker = is_worker
        self.params: dict[str, Any] = environment_params() if is_managed else {}
        self.resumed_from = os.environ.get("TRAINYARD_RESUME_FROM", "") if is_managed else ""
        self.resume_step = _resume_step() if self.resumed_from else None
        self._writer: Writer | None = None
        self._background: Background | None = None
        self._describing: threading.Thread | None = None
        self._lock = threading.RLock()
        self._owner = None if is_managed or is_worker else os.getpid()
        self._put = self._first_put
        self.finished = False
        _runs.add(self)

    def __repr__(self) -> str:
        return f"Run(id={self.id!r}, project={self.project!r}, name={self.name!r})"

    def log(self, values: Mapping[str, SupportsFloat], step: int | None = None) -> None:
        """Record a row of metrics. The values are copied now; what has been recorded when this returns survives the
        death of the process. Without `step` it is one more than the last one of this process. Values that are not
        numbers are left out, counted, and said once."""
        self._put(values, step)

    def log_params(self, params: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Record params, the run's inputs. Later values of the same name win."""
        self._guarded(lambda: self._log_params({**(params or {}), **more}))

    log_inputs = log_params

    def log_outputs(self, outputs: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Record outputs, the run's results by name. Later values of the same name win."""
        self._guarded(lambda: self._event("outputs", values=plain_mapping({**(outputs or {}), **more})))

    def log_meta(self, meta: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Record facts about the run that are neither params nor outputs."""
        self._guarded(lambda: self._event("meta", values=plain_mapping({**(meta or {}), **more})))

    def log_tags(self, *tags: str | Iterable[str]) -> None:
        """Add tags."""
        self._guarded(lambda: self._event("tags", tags=flat(tags)))

    def log_progress(self, value: float) -> None:
        """Record how much of the run is done, from 0 to 1."""
        self._guarded(lambda: self._event("progress", value=min(1.0, max(0.0, float(value)))))

    def log_file(self, path: str | os.PathLike[str], name: str = "", *, kind: str = "file") -> None:
        """Keep a file, or all files of a folder, as an artifact named `name` (default: the file's own name). A copy
        is made now; it is uploaded later."""
        self._guarded(lambda: self._log_files(Path(path), name, kind))

    log_artifact = log_file

    def log_model(self, path: str | os.PathLike[str], name: str = "") -> None:
        """Keep a file or folder as a model; see `log_file`."""
        self.log_file(path, name, kind="model")

    def flush(self) -> None:
        """Turn everything logged by this process so far into frames that wait to be shipped."""
        self._guarded(lambda: self._own_writer().flush())

    def finish(self, status: str = "succeeded", message: str = "", *, finish_timeout: float = 30.0) -> None:
        """End the run: flush, record the end (when the run is not managed), and wait at most `finish_timeout` seconds
        for the server. What it does not have by then stays in the spool; a warning tells how to go on. Idempotent."""
        self._guarded(lambda: self._finish(_said(status, message), finish_timeout))

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(of_error(error))

    def _first_put(self, values: Mapping[str, SupportsFloat], step: int | None) -> None:
        self._guarded(lambda: self._own_writer().put(values, step))

    def _own_writer(self) -> Writer:
        """This process's writer. From the first call on `log` goes to it directly."""
        with self._lock:
            if self._writer is None:
                if self.finished:
                    raise RuntimeError(f"run {self.id} is finished; nothing more is recorded")
                self._writer = Writer(self.root)
                if self.resume_step is not None:
                    self._writer.ring.begin_at(self.resume_step + 1)
                self._put = self._writer.put
            return self._writer

    def _event(self, kind: str, **fields: Any) -> None:
        self._own_writer().event([_event(kind, **fields)])

    def _log_params(self, values: Mapping[str, Any]) -> None:
        copied = plain_mapping(values)
        self.params = {**self.params, **copied}
        self._event("params", values=copied)

    def _log_files(self, path: Path, name: str, kind: str) -> None:
        from trainyard.track import files  # here and below: not every run pays for what it does not use

        for event in files.stage_tree(self.root, path, name or path.resolve().name, kind):
            self._own_writer().event([event])

    def _finish(self, ending: Ending, timeout: float) -> None:
        if self._describing is not None:
            self._describing.join(min(timeout, _CODE_SECONDS))
        ours = self._owner == os.getpid()
        with self._lock:
            if self.finished:
                return
            if ours:
                worker.withdraw(self.root)
                self._record_end(ending)
            self.finished = True
            self._put = _after_finish
            if self._writer is not None:
                self._writer.close()
        if ours:
            self._await_server(timeout)

    def _record_end(self, ending: Ending) -> None:
        """The end is on disk when this returns. No thread is needed for it: when the interpreter ends, none starts."""
        event = _event("end", **ending._replace(message=plain(ending.message))._asdict())
        if self._writer is not None:
            self._writer.event([event], final=True)
        else:
            spool.append_event(self.root, event)
        spool.settle(self.root, final=True)  # of children that have ended nothing more comes
        write_about(self.root, {**read_about(self.root), "ended": True})

    def _await_server(self, timeout: float) -> None:
        complete = self._background is not None and self._background.stop(timeout)
        if complete:
            from trainyard.track import sync

            sync.discard(self.root)
            return
        why = f" ({self._background.progress.error})" if self._background is not None else ""
        _log.warning(
            "trainyard: run %s is not wholly on the server%s; it is safe in %s. Ship it with: yard sync %s",
            self.id,
            why,
            self.root,
            self.root,
        )

    def _guarded(self, action: Callable[[], None]) -> None:
        """The training loop must not fail because tracking does."""
        try:
            action()
        except Exception as error:
            say(f"{self.id} {type(error).__name__}", f"not recorded: {error or type(error).__name__}")

    @property
    def recorded(self) -> int:
        """Grows with whatever this process records."""
        if self._writer is None:
            return 0
        self.flush()
        return self._writer.spool.seq

    def end(self, ending: Ending, *, finish_timeout: float = 30.0) -> None:
        """As `finish`, for an end that was seen and not said. Never raises."""
        self._guarded(lambda: self._finish(ending, finish_timeout))

    def start_shipping(self) -> None:
        """Ship in the background until `finish`."""
        from trainyard.track.background import Background

        self._background = Background(self.root, self.project, self.id)

    def describe_code(self, folder: Path) -> None:
        """Record the state of the code in `folder` as the meta `code`, from a thread of its own."""

        def describe() -> None:
            from trainyard.track import code

            found = code.state(folder)
            if found and not self.finished:
                self.log_meta(code=found)

        self._describing = thread.start(describe, "trainyard-code")

    def _forked(self) -> None:
        """In a fork's child: the parent's writer and threads are not ours."""
        self._lock = threading.RLock()
        if self._writer is not None:
            self._writer.forget()
        self._writer, self._background, self._describing = None, None, None
        if not self.finished:
            self._put = self._first_put


def _after_finish(values: Mapping[str, SupportsFloat], step: int | None) -> None:
    say("finished", "log after finish: nothing is recorded any more; call trainyard.init() for another run")


def _event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "time": time.time_ns() // 1000, **fields}


def _said(status: str, message: str) -> Ending:
    """An end as the program says it."""
    if status not in _STATUSES:
        say("status", f"finish({status!r}): the status is one of {', '.join(_STATUSES)}; taken as failed")
        status = "failed"
    return Ending(status, "" if status == "succeeded" else "user", message)


def _resume_step() -> int | None:
    """The last step of the run that is continued; None when the platform named none."""
    text = os.environ.get("TRAINYARD_RESUME_STEP", "")
    return int(text) if text.removeprefix("-").isdecimal() else None


def environment_params() -> dict[str, Any]:
    """The params that the platform resolved for this managed attempt: TRAINYARD_PARAMS."""
    try:
        found = json.loads(os.environ.get("TRAINYARD_PARAMS", "") or "{}")
    except ValueError as error:
        say("params", f"TRAINYARD_PARAMS is not JSON: {error}")
        return {}
    return found if isinstance(found, dict) else {}


def flat(tags: Iterable[str | Iterable[str]]) -> list[str]:
    """Tags given one by one or in groups, as one list."""
    return [str(tag) for group in tags for tag in ([group] if isinstance(group, str) else group)]


def _after_fork() -> None:
    for run in list(_runs):
        run._forked()


os.register_at_fork(after_in_child=_after_fork)
