"""The run that this process tracks: `init`, the functions of `import trainyard`, and what happens at exit.

There is one current run a process. In a managed process, and in a worker of a process that tracks one, it is there
without `init`. At exit it is finished, as the program ended. What a run records is `run`'s, how a program ended
`ending`'s.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsFloat

from trainyard.names import RUN_NAME_CHARS, storable
from trainyard.track import ending, environment, interpreter, notebook, worker
from trainyard.track.conversion import text
from trainyard.track.ending import Ending
from trainyard.track.folder import data_dir
from trainyard.track.log_once import say
from trainyard.track.omissions import mistake
from trainyard.track.run import Run, flat
from trainyard.track.run_metadata import describe, write_about
from trainyard.track.target import chosen_project, find_target, managed, new_run_id

if TYPE_CHECKING:
    from trainyard.track.resumption import Source
    from trainyard.track.target import Target

__all__ = [
    "Run",
    "checkpoint",
    "finish",
    "init",
    "log",
    "log_artifact",
    "log_checkpoint",
    "log_event",
    "log_file",
    "log_meta",
    "log_model",
    "log_outputs",
    "log_params",
    "log_progress",
    "log_tags",
    "params",
]

_log = logging.getLogger("trainyard")
_current: Run | None = None
_cells: notebook.Cells | None = None
_statements: interpreter.Statements | None = None
_lock = threading.RLock()
_is_implicit = False
"""Whether the current run was begun by a `log`, and no `init` has named it yet."""


def init(
    project: str | None = None,
    name: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: str | Iterable[str] | None = None,
    *,
    offline: bool | None = None,
    spool: str | os.PathLike[str] | None = None,
    reinit: bool = False,
    resume: str | bool | None = None,
    group: str | None = None,
    job_type: str | None = None,
    capture: bool | None = None,
    quiet: bool | None = None,
) -> Run:
    """Start tracking. Without arguments it returns the run that this process tracks already, if there is one.

    In a managed process the run is the runner's, and `project`, `name`, `offline` and `spool` do not matter; in a
    worker that multiprocessing started it is the parent's, and no argument matters. Otherwise a new run is made in
    `project` (default: TRAINYARD_PROJECT, then `default`), which the server creates when there is none; without a
    server, or when `offline` (default: TRAINYARD_OFFLINE is `1` or `true`), it waits in `spool` (a folder of spools;
    default: `spool` in the data directory) for the server or for `yard sync`. None is nothing given, and what is no
    text becomes text.

    While a run goes on, a call with arguments means another one, and two are never mixed: with `reinit` the first
    ends, as succeeded. In the interactive interpreter it ends as its statements did, and in a notebook, when another
    cell calls `init`, as its cells did: as failed if the last one that raised or recorded something has raised. Else
    RuntimeError is raised.

    With `resume` the new run continues another one of its project: the run of that id, or for True the last one of
    this project (and `name`) that was killed on this machine, if there is one. It takes that one's name and params
    where none are given. `run.resumed_from` is its id, and rows that name no step go on after its last one. ValueError
    is raised for a run that nobody knows.

    `group` and `job_type` are recorded as meta of the run, to find runs that belong together. What the program prints
    is kept as the run's logs, unless `capture` is false (default: TRAINYARD_CAPTURE is not `0`). `quiet` (default:
    TRAINYARD_QUIET is `1`) says neither at the start where to look nor at the end what came of the run.

    Raises nothing for a lost server; OSError when the spool's folder cannot be written, or
    when nothing says where it is."""
    global _is_implicit
    labels = flat([tags])
    is_other = bool(project or name or labels or spool or params or resume or group or job_type) or offline is not None
    with _lock:
        if (live := _live()) is not None and not (live.is_worker or _is_implicit):
            _make_way(live, is_other=is_other, reinit=reinit)
        run = _live() or _begun(
            _managed_run() or _parents_run() or _new_run(project, name, labels, offline, spool, resume, capture, quiet)
        )
        _is_implicit = False
        if labels and run.managed:
            run.log_tags(labels)
        if params is not None and not run.is_worker:
            run.log_params(params)
        if (group or job_type) and not run.is_worker:
            run.log_meta({name: value for name, value in (("group", group), ("job_type", job_type)) if value})
        return run


def _live() -> Run | None:
    """The run that goes on, if any."""
    return _current if _current is not None and not _current.finished else None


def _make_way(run: Run, *, is_other: bool, reinit: bool) -> None:
    """End the run that goes on where `init` means another one. Raises RuntimeError where that is to be said first."""
    if _cells is not None and _cells.is_another:
        found = _cells.ending
    elif _cells is None and interpreter.is_interactive() and (is_other or reinit):
        found = _ending_so_far()
    elif reinit:
        found = Ending()
    elif is_other:
        raise RuntimeError(
            f"init: {run!r} goes on, and would be mixed with another run; call trainyard.finish() first, or"
            " init(..., reinit=True), or init() without arguments for the run that goes on"
        )
    else:
        return
    how = f"{found.status} ({found.message})" if found.message else found.status
    _log.warning("trainyard: run %s ends as %s, since init() was called again", run.id, how)
    run.end(found)


def _ending_so_far() -> Ending:
    """How the current run ends, as its cells, its statements or its program tell."""
    if _cells is not None:
        return _cells.ending
    return _statements.ending if _statements is not None else ending.of_program()


def _begun(run: Run) -> Run:
    """The run is the current one, and ends with the program at the latest."""
    global _current, _cells, _statements
    _current = run
    if not (run.managed or run.is_worker):
        worker.offer(run.root)
        ending.watch_program()
    if _cells is not None:
        _cells.close()
    if _statements is not None:
        _statements.close()
    _cells = notebook.watch(lambda: run.recorded, run.renew_capture)
    is_typed = _cells is None and interpreter.is_interactive()
    _statements = interpreter.Statements(lambda: run.recorded) if is_typed else None
    _hook_exit()
    return run


def _managed_run() -> Run | None:
    place = managed()
    if place is None:
        return None
    if _current is not None:
        say("managed", f"init after finish: a managed process has one run, {place.run}; all goes to that")
    run = Run(place.run, place.project, place.spool, is_managed=True)
    from trainyard.track.observation import describe_managed

    describe_managed(run)
    return run


def _parents_run() -> Run | None:
    parent = worker.find_parent()
    if parent is None:
        return None
    return Run(parent.run, parent.project, parent.spool, is_managed=False, is_worker=True, name=parent.name)


def _new_run(
    project: object,
    name: object,
    tags: list[str],
    offline: bool | None,
    spool: str | os.PathLike[str] | None,
    resume: str | bool | None,
    capture: bool | None,
    quiet: bool | None,
) -> Run:
    project, name = chosen_project(project), storable(text(name), RUN_NAME_CHARS)
    if offline is None:
        offline = os.environ.get("TRAINYARD_OFFLINE", "").lower() in ("1", "true")
    ident = new_run_id()
    spools = Path(spool).absolute() if spool else data_dir() / "spool"
    root, target = spools / ident, None if offline else find_target(project, ident)
    source = _source(resume, spools, target, project, name) if resume else None
    name = name or (source.name if source else "")
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    create = {"name": name, "tags": tags, "created_at": now, **({"resumes": source.run} if source else {})}
    write_about(root, describe(project, ident, target, create=create))
    run = Run(ident, project, root, is_managed=False, name=name)
    if source is not None:
        run.resumed_from, run.resume_step = source.run, source.last_step
        if source.params:
            run.log_params(source.params)
    if not offline:
        run.start_shipping()
    from trainyard.track.observation import observe_program  # here and below: the import does not pay for it

    observe_program(run, target.url if target else "", offline=offline, capture=capture, quiet=quiet)
    return run


def _source(resume: str | bool, spools: Path, target: Target | None, project: str, name: str) -> Source | None:
    from trainyard.track.resumption import find_source

    return find_source(resume, spools, target, project, name)


def _the_run() -> Run | None:
    """The current run; in a managed process and in a worker one is there without `init`."""
    global _is_implicit
    if _current is not None:
        return _current
    if managed() is not None or worker.find_parent() is not None:
        with _lock:
            run = init()
            _is_implicit = True
            return run
    mistake("init", "log before init: call trainyard.init(project=...) first; nothing is recorded until then")
    return None


def log(values: Mapping[str, SupportsFloat], step: int | None = None) -> None:
    """Record a row of metrics in the current run; see `Run.log`."""
    run = _current or _the_run()
    if run is not None:
        run._put(values, step)


def log_params(params: Mapping[str, Any] | None = None, /, **more: Any) -> None:
    """See `Run.log_params`."""
    if (run := _the_run()) is not None:
        run.log_params(params, **more)


def log_outputs(outputs: Mapping[str, Any] | None = None, /, **more: Any) -> None:
    """See `Run.log_outputs`."""
    if (run := _the_run()) is not None:
        run.log_outputs(outputs, **more)


def log_meta(meta: Mapping[str, Any] | None = None, /, **more: Any) -> None:
    """See `Run.log_meta`."""
    if (run := _the_run()) is not None:
        run.log_meta(meta, **more)


def log_tags(*tags: str | Iterable[str]) -> None:
    """See `Run.log_tags`."""
    if (run := _the_run()) is not None:
        run.log_tags(*tags)


def log_progress(value: float) -> None:
    """See `Run.log_progress`."""
    if (run := _the_run()) is not None:
        run.log_progress(value)


def log_event(name: str, data: Mapping[str, Any] | None = None, /, *, step: int | None = None, **more: Any) -> None:
    """See `Run.log_event`."""
    if (run := _the_run()) is not None:
        run.log_event(name, data, step=step, **more)


def log_file(path: str | os.PathLike[str], name: str = "", *, kind: str = "file") -> None:
    """See `Run.log_file`."""
    if (run := _the_run()) is not None:
        run.log_file(path, name, kind=kind)


log_artifact = log_file


def log_model(path: str | os.PathLike[str], name: str = "") -> None:
    """See `Run.log_model`."""
    log_file(path, name, kind="model")


def log_checkpoint(path: str | os.PathLike[str], name: str = "checkpoint") -> None:
    """See `Run.log_checkpoint`."""
    if (run := _the_run()) is not None:
        run.log_checkpoint(path, name)


def checkpoint(name: str = "checkpoint", *, timeout: float = 60.0) -> Path | None:
    """See `Run.checkpoint`."""
    return run.checkpoint(name, timeout=timeout) if (run := _the_run()) is not None else None


def params() -> dict[str, Any]:
    """The params of the current run: those that the platform resolved for a managed attempt, and those logged."""
    run = _current
    return dict(run.params) if run is not None else environment.params()


def finish(status: str = "succeeded", message: str = "", *, finish_timeout: float = 30.0) -> None:
    """See `Run.finish`. Without a run it does nothing."""
    if _current is not None:
        _current.finish(status, message, finish_timeout=finish_timeout)


_hooked = False


def _hook_exit() -> None:
    """Finish at exit: after multiprocessing has seen to its workers, whose last records belong to the run."""
    global _hooked
    if _hooked:
        return
    _hooked = True
    util = sys.modules.get("multiprocessing.util")
    if util is None:
        atexit.register(_at_exit)  # if it is loaded later, its own is called earlier
    else:
        util.Finalize(None, _at_exit, exitpriority=-100)


def _at_exit() -> None:
    if _current is not None:
        _current.end(_ending_so_far())


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_after_fork)
