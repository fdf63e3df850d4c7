"""One run as the training program holds it: what it may record, and how it ends.

Nothing here but `checkpoint` raises into the training loop: `log*` and `finish` count what they cannot do by name, say
it once for each and send it with the run (`omissions`). A managed run (started by the runner) only writes to its spool;
the runner ships. An unmanaged run writes to a spool in the data directory, and a thread ships it; an offline run waits
for `yard sync`. Each process has its own writer, made at its first `log`, so threads, children and ranks may log to one
run; only the process that began an unmanaged run ends it. Which run is current is `session`'s to say.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, SupportsFloat
from weakref import WeakSet

from trainyard.names import TAG_CHARS, storable
from trainyard.track import environment, event, spool, thread, worker
from trainyard.track.conversion import named, pieces, plain, plain_mapping, text
from trainyard.track.ending import Ending, of_error, of_finish
from trainyard.track.log_once import say
from trainyard.track.omissions import NotRecorded, Omissions, is_strict, mistake
from trainyard.track.run_metadata import read_about, write_about
from trainyard.track.writer import Writer

if TYPE_CHECKING:
    from trainyard.track.background import Background
    from trainyard.track.files import NoFile
    from trainyard.track.monitor import Monitor
    from trainyard.track.summary import Summary

__all__ = ["Run", "flat"]

_log = logging.getLogger("trainyard")
_CODE_SECONDS = 2.0
"""How far rounding may take a progress out of 0 to 1."""
_MISTAKES = (AttributeError, LookupError, TypeError, ValueError)
"""What a wrong argument raises; anything else is trouble of this machine."""
_runs: WeakSet[Run] = WeakSet()


class Run:
    """A run that is being tracked. Made by `init`; every method may be called from any thread and after a fork. In a
    worker of the process that began it (`is_worker`) it is recorded to, and neither shipped nor ended.

    `attempt` counts the tries of a managed run from 1: above it a program finds what an earlier attempt left, and what
    it logs takes the place of what that one logged, from its own first step on. 0 for a run that is not managed.
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
        self.params: dict[str, Any] = environment.params() if is_managed else {}
        self.attempt = environment.number("TRAINYARD_ATTEMPT") or 0 if is_managed else 0
        self.resumed_from = os.environ.get("TRAINYARD_RESUME_FROM", "") if is_managed else ""
        self.resume_step = environment.number("TRAINYARD_RESUME_STEP") if self.resumed_from else None
        self._omissions = Omissions()
        self._writer: Writer | None = None
        self._background: Background | None = None
        self._describing: threading.Thread | None = None
        self._described = 0
        """Frames of the description."""
        self._monitor: Monitor | None = None
        self._summary: Summary | None = None
        self._began = time.monotonic()
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
        numbers are left out, counted, and said once for each name."""
        self._put(values, step)

    def log_params(self, params: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Record params of the run: a mapping, or an object with attributes as argparse gives it. Later values
        of the same name win. Values that are no JSON become text."""
        self._guarded(lambda: self._log_params(params, more), "log_params")

    def log_outputs(self, outputs: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Record outputs, the run's results by name. Later values of the same name win."""
        self._guarded(lambda: self._log_values("outputs", outputs, more), "log_outputs")

    def log_meta(self, meta: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Record facts about the run that are neither params nor outputs."""
        self._guarded(lambda: self._log_values("meta", meta, more), "log_meta")

    def log_tags(self, *tags: str | Iterable[str]) -> None:
        """Add tags."""
        self._guarded(lambda: self._event("tags", tags=flat(tags)), "log_tags")

    def log_progress(self, value: float) -> None:
        """Record how much of the run is done, from 0 to 1."""
        self._guarded(lambda: self._event("progress", value=event.share(value)), "log_progress")

    def log_event(
        self, name: str, data: Mapping[str, Any] | None = None, /, *, step: int | None = None, **more: Any
    ) -> None:
        """Record that something happened: its name, values that belong to it, and the step, if it has one. Events are
        kept in order, and read back with `client.runs.tracked_events`."""
        self._guarded(lambda: self._log_event(name, data, step, more), "log_event")

    def log_file(self, path: str | os.PathLike[str], name: str = "", *, kind: str = "file") -> None:
        """Keep a file, or all files of a folder, as an artifact named `name` (default: the file's own name, and
        `outputs/...` for one in the folder TRAINYARD_OUTPUTS). A copy is made now; it is uploaded later. What cannot be
        kept is left out by name, and the rest is kept."""
        self._guarded(lambda: self._log_files(path, text(name), text(kind)), text(name) or "log_file", path)

    log_artifact = log_file

    def log_model(self, path: str | os.PathLike[str], name: str = "") -> None:
        """Keep a file or folder as a model; see `log_file`."""
        self.log_file(path, name, kind="model")

    def log_checkpoint(self, path: str | os.PathLike[str], name: str = "checkpoint") -> None:
        """Keep a file or folder as what the next attempt goes on from: whole or not at all, so a folder becomes one
        file, `NAME.tar`. See `log_file` and `checkpoint`."""
        self._guarded(lambda: self._log_checkpoint(Path(path), text(name)), text(name), path)

    def checkpoint(self, name: str = "checkpoint", *, timeout: float = 60.0) -> Path | None:
        """The file or folder that an earlier attempt of this run has kept, or left in its outputs, under `name`, or the
        run that this one continues: the newest, brought to this machine until the attempt ends. None when there is
        none; a first attempt of a run that continues no other asks nobody. A server that cannot be reached is waited
        for at most `timeout` seconds. Raises ConnectionError after that, since to begin anew would throw progress away;
        OSError when there is no room for it; ValueError for a name that no artifact can have."""
        if not (self.attempt > 1 or self.resumed_from) or (self.managed and not os.environ.get("TRAINYARD_URL")):
            return None
        from trainyard.track import checkpoint
        from trainyard.track.download import Download

        source = self.id if self.managed else self.resumed_from  # the server may not know an unmanaged run yet
        with closing(Download(self.root, self.project, source, timeout)) as download:
            return checkpoint.fetch(self.root, download, text(name))

    def flush(self) -> None:
        """Turn everything logged by this process so far into frames that wait to be shipped. After the end nothing is
        left to be turned."""
        if not self.finished:
            self._guarded(lambda: self._own_writer().flush(), "flush")

    def finish(self, status: str = "succeeded", message: str = "", *, finish_timeout: float = 30.0) -> None:
        """End the run: flush, record the end (when the run is not managed), and wait at most `finish_timeout` seconds
        for the server. What it does not have by then stays in the spool; a warning tells how to go on. Idempotent."""
        self._guarded(lambda: self._finish(of_finish(status, message), finish_timeout), "finish")

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(of_error(error))

    def _first_put(self, values: Mapping[str, SupportsFloat], step: int | None) -> None:
        self._guarded(lambda: self._own_writer().put(values, step), "log")

    def _own_writer(self) -> Writer:
        """This process's writer. From the first call on `log` goes to it directly."""
        with self._lock:
            if self.finished:
                raise NotRecorded(f"run {self.id} is finished; nothing more is recorded")
            if self._writer is None:
                self._writer = Writer(self.root)
                self._writer.omissions = self._omissions
                if self._summary is not None:
                    self._writer.observe = self._summary.add
                if self.resume_step is not None:
                    self._writer.ring.begin_at(self.resume_step + 1)
                self._put = self._writer.put
            return self._writer

    def _event(self, kind: str, **fields: Any) -> None:
        self._own_writer().event([event.new(kind, **fields)])

    def _log_params(self, values: object, more: Mapping[str, Any]) -> None:
        self.params = {**self.params, **self._log_values("params", values, more)}

    def _log_values(self, kind: str, values: object, more: Mapping[str, Any]) -> dict[str, Any]:
        """Record named values in as many events as they need. Returns them as they were recorded."""
        merged = {**({} if values is None else named(values)), **more}
        copied = plain_mapping(merged, lambda key, why: say(f"{self.id} {kind} {key}", f"{kind}: {key} is {why}"))
        for piece in pieces(copied):
            self._event(kind, values=piece)
        return copied

    def _log_event(self, name: str, data: object, step: int | None, more: Mapping[str, Any]) -> None:
        def told(key: str, why: str) -> None:
            say(f"{self.id} event {key}", f"event {name}: {key} is {why}")

        for each in event.happened(name, data, step, more, told):
            self._own_writer().event([each])

    def _log_files(self, path: str | os.PathLike[str], name: str, kind: str) -> None:
        from trainyard.track import files  # here and below: not every run pays for what it does not use

        source = Path(path)
        for called, found in files.listed(source, name or files.default_name(source)):
            self._guarded(partial(self._log_one, called, found, kind), called)

    def _log_one(self, name: str, found: Path | NoFile, kind: str) -> None:
        from trainyard.track import files

        if isinstance(found, files.NoFile):
            raise found
        writer = self._own_writer()  # before anything is copied: after the end nothing is
        try:
            staged = files.stage(self.root, found, name, kind)
            writer.event([staged])
            if self.managed:
                files.note(self.root, staged)
        except OSError as error:
            self._omissions.add(name, "", f"it could not be copied: {error.strerror}")

    def _log_checkpoint(self, path: Path, name: str) -> None:
        from trainyard.track import checkpoint

        if not path.is_dir():
            return self._log_one(name, path, checkpoint.KIND)
        with checkpoint.packed(self.root, path) as file:
            return self._log_one(name + checkpoint.PACKED, file, checkpoint.KIND)

    def _finish(self, ending: Ending, timeout: float) -> None:
        if self._describing is not None:
            self._describing.join(min(timeout, _CODE_SECONDS))
        ours = self._owner == os.getpid()
        with self._lock:
            if self.finished:
                return
            self._tell_omissions()
            seconds = time.monotonic() - self._began
            if ours:
                worker.withdraw(self.root)
                self._record_end(ending, self._stop_monitor(ending.trace))
            self.finished = True
            self._put = _after_finish
            if self._writer is not None:
                self._writer.close()
        if ours:
            self._await_server(timeout)
            self._show_end(ending, seconds)

    def _tell_omissions(self) -> None:
        """Record what could not be, and say all of it."""
        if not (said := self._omissions.summary()):
            return
        _log.warning("trainyard: run %s: %s", self.id, said)
        self._guarded(lambda: self._own_writer().tell(), "omissions")

    def _record_end(self, ending: Ending, printed: list[str]) -> None:
        """The end is on disk when this returns. No thread is needed for it: when the interpreter ends, none starts."""
        fields = ending._replace(message=plain(ending.message))._asdict()
        del fields["trace"]
        end = event.new("end", **fields, **({"last_lines": printed} if printed and ending.status == "failed" else {}))
        if self._writer is not None:
            self._writer.event([end], final=True)
        else:
            spool.append_event(self.root, end)
        spool.settle(self.root, final=True)  # of children that have ended nothing more comes
        write_about(self.root, {**read_about(self.root), "ended": True})

    def _await_server(self, timeout: float) -> None:
        complete = self._background is not None and self._background.stop(timeout)
        if complete:
            from trainyard.track import sync

            sync.discard(self.root)
            return
        from trainyard.track import console

        why = self._background.progress.error if self._background is not None else "offline"
        _log.warning("%s", console.text_of_unsent(self, why))

    def _guarded(self, action: Callable[[], object], name: str, thing: object = "") -> None:
        """The training loop must not fail because tracking does. A mistake of the caller is counted under `name`;
        `thing` is what was given, where its type says more."""
        try:
            action()
        except _MISTAKES as error:
            what = "" if isinstance(thing, str | os.PathLike) else type(thing).__name__
            self._omissions.add(name, what, text(error) or type(error).__name__)
            if is_strict():
                raise
        except Exception as error:
            say(f"{self.id} {type(error).__name__}", f"not recorded: {text(error) or type(error).__name__}")

    @property
    def recorded(self) -> int:
        """Grows with whatever this process records by a call; a description is not counted."""
        if self._writer is None:
            return 0
        self.flush()
        with self._lock:
            return self._writer.spool.seq - self._described

    def end(self, ending: Ending, *, finish_timeout: float = 30.0) -> None:
        """As `finish`, for an end that was seen and not said. Never raises."""
        self._guarded(lambda: self._finish(ending, finish_timeout), "finish")

    def start_shipping(self) -> None:
        """Ship in the background until `finish`."""
        from trainyard.track.background import Background

        self._background = Background(self.root, self.project, self.id)

    def monitor(self, folder: str, *, capture: bool) -> None:
        """Record system metrics, and with `capture` the output of this process, until `finish`."""
        from trainyard.track.monitor import Monitor

        self._monitor = Monitor(self.id, self.root, folder, capture=capture)

    def renew_capture(self) -> None:
        """Keep the output on, where a notebook has put the streams back after a cell."""
        if self._monitor is not None and not self.finished:
            self._monitor.renew()

    def _stop_monitor(self, trace: str) -> list[str]:
        """The last lines that this process has printed."""
        return self._monitor.stop(trace) if self._monitor is not None else []

    def summarize(self) -> None:
        """Have `finish` sum the run up on the terminal. To be called before the first `log`."""
        from trainyard.track.summary import Summary

        self._summary = Summary()

    def _show_end(self, ending: Ending, seconds: float) -> None:
        if self._summary is not None:
            from trainyard.track import console

            console.show(console.text_of_end(self, ending, seconds, self._summary.lines()))

    def describe(self, find: Callable[[], Mapping[str, Any]]) -> None:
        """Record what `find` returns as meta, from a thread of its own. It must not raise."""

        def work() -> None:
            found = find()
            if found and not self.finished:
                self._guarded(lambda: self._log_description(found), "log_meta")

        self._describing = thread.start(work, "trainyard-origin")

    def _log_description(self, found: Mapping[str, Any]) -> None:
        with self._lock:
            self._described += len([*pieces(self._log_values("meta", None, found))])

    def _forked(self) -> None:
        """In a fork's child: the parent's writer and threads are not ours, and its run is not ours to end."""
        self.is_worker = True
        self._lock = threading.RLock()
        if self._writer is not None:
            self._writer.forget()
        if self._monitor is not None:
            self._monitor.forget()
        self._writer, self._background, self._describing, self._monitor = None, None, None, None
        self._summary = None
        self._omissions = Omissions()
        if not self.finished:
            self._put = self._first_put


def _after_finish(values: Mapping[str, SupportsFloat], step: int | None) -> None:
    mistake("finished", "log after finish: nothing is recorded any more; call trainyard.init() for another run")


def flat(tags: Iterable[object]) -> list[str]:
    """Tags given one by one or in groups, as one list of texts. None is no tag."""
    groups = [group if isinstance(group, Iterable) and not isinstance(group, str) else [group] for group in tags]
    return [storable(tag, TAG_CHARS) for tag in (text(tag) for group in groups for tag in group) if tag]


def _after_fork() -> None:
    for run in list(_runs):
        run._forked()


os.register_at_fork(after_in_child=_after_fork)
