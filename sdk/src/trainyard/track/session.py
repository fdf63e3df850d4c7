"""The run that this process tracks: `init`, the functions of `import trainyard`, and what happens at exit.

There is one current run a process. In a managed process it is there without `init`. At exit it is finished, as failed
when an exception ended the program. What a run records is `run`'s.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, SupportsFloat

from trainyard.names import RUN_NAME_CHARS, storable
from trainyard.track.about import write_about
from trainyard.track.omissions import mistake
from trainyard.track.place import chosen_project, data_dir, find_target, managed, new_run_id
from trainyard.track.plain import text
from trainyard.track.run import Run, brief, environment_params, flat

__all__ = [
    "Run",
    "finish",
    "init",
    "log",
    "log_artifact",
    "log_file",
    "log_inputs",
    "log_meta",
    "log_model",
    "log_outputs",
    "log_params",
    "log_progress",
    "log_tags",
    "params",
]

_current: Run | None = None
_lock = threading.RLock()
_crash = ""


def init(
    project: str | None = None,
    name: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: str | Iterable[str] | None = None,
    *,
    offline: bool | None = None,
    spool: str | os.PathLike[str] | None = None,
) -> Run:
    """Start tracking, or return the run that this process already tracks.

    In a managed process the run is the runner's, and `project`, `name`, `offline` and `spool` do not matter. Otherwise
    a new run is made in `project` (default: TRAINYARD_PROJECT, then `default`), which the server creates when there is
    none; without a server, or when `offline` (default: TRAINYARD_OFFLINE is `1` or `true`), it waits in `spool` (a
    folder of spools; default: `spool` in the data directory) for the server or for `yard sync`. None is nothing given,
    and what is no text becomes text. Raises nothing for a lost server; OSError when the spool's folder cannot be
    written."""
    global _current
    with _lock:
        if _current is None or _current.finished:
            _current = _managed_run() or _new_run(project, name, flat([tags]), offline, spool)
            _hook_exit()
        elif tags:
            _current.log_tags(tags)
        if params is not None:
            _current.log_params(params)
        return _current


def _managed_run() -> Run | None:
    place = managed()
    return Run(place.run, place.project, place.spool, is_managed=True) if place else None


def _new_run(
    project: object, name: object, tags: list[str], offline: bool | None, spool: str | os.PathLike[str] | None
) -> Run:
    project, name = chosen_project(project), storable(text(name), RUN_NAME_CHARS)
    if offline is None:
        offline = os.environ.get("TRAINYARD_OFFLINE", "").lower() in ("1", "true")
    run = new_run_id()
    root = (Path(spool) if spool else data_dir() / "spool").absolute() / run
    target = None if offline else find_target(project, run)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    about = {
        "project": project,
        "run": run,
        "url": target.url if target else "",
        "token_file": target.token_file if target else "",
        "managed": False,
        "ended": False,
        "create": {"name": name, "tags": tags, "created_at": now},
    }
    write_about(root, about)
    made = Run(run, project, root, is_managed=False, name=name)
    if os.environ.get("TRAINYARD_CODE", "1").lower() not in ("0", "false"):
        made.describe_code(Path.cwd())
    if not offline:
        made.start_shipping()
    return made


def _the_run() -> Run | None:
    """The current run; in a managed process one is there without `init`."""
    if _current is not None:
        return _current
    if managed() is not None:
        return init()
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


log_inputs = log_params


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


def log_file(path: str | os.PathLike[str], name: str = "", *, kind: str = "file") -> None:
    """See `Run.log_file`."""
    if (run := _the_run()) is not None:
        run.log_file(path, name, kind=kind)


log_artifact = log_file


def log_model(path: str | os.PathLike[str], name: str = "") -> None:
    """See `Run.log_model`."""
    log_file(path, name, kind="model")


def params() -> dict[str, Any]:
    """The params of the current run: those that the platform resolved for a managed attempt, and those logged."""
    run = _current
    return dict(run.params) if run is not None else environment_params()


def finish(status: str = "succeeded", message: str = "", *, finish_timeout: float = 30.0) -> None:
    """See `Run.finish`. Without a run it does nothing."""
    if _current is not None:
        _current.finish(status, message, finish_timeout=finish_timeout)


_hooked = False


def _hook_exit() -> None:
    """Finish at exit, as failed when an exception ended the program."""
    global _hooked
    if _hooked:
        return
    _hooked = True
    atexit.register(_at_exit)
    before = sys.excepthook

    def note(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        global _crash
        _crash = "interrupted" if issubclass(kind, KeyboardInterrupt) else brief(kind, error)
        before(kind, error, trace)

    sys.excepthook = note


def _at_exit() -> None:
    if _current is None:
        return
    if _crash:
        _current.finish("stopped" if _crash == "interrupted" else "failed", _crash)
    else:
        _current.finish()


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_after_fork)
