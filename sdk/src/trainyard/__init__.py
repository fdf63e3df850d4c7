"""Trainyard's SDK: `import trainyard` gives training programs `init`, `log` and their kin.

Everything is loaded when it is first used, so the import costs next to nothing; tracking needs the standard library
only. `Client`, `AsyncClient` and `sweep` talk to the API and load the HTTP packages then. From the import on, the code
that `sys.exit` is given is noted, which nothing else tells: in `sys.exit(main())` that function is looked up before
`main` calls `init`.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

TYPE_CHECKING = False  # type checkers know the name; importing `typing` would cost more than everything else here
if TYPE_CHECKING:
    from trainyard.ask_tell.sweep import sweep
    from trainyard.submission.launch import launch
    from trainyard.submission.run_handle import RunHandle, get_run
    from trainyard.table.history import history
    from trainyard.table.runs import runs
    from trainyard.track.session import (
        Run,
        checkpoint,
        finish,
        init,
        log,
        log_artifact,
        log_checkpoint,
        log_event,
        log_file,
        log_meta,
        log_model,
        log_outputs,
        log_params,
        log_progress,
        log_tags,
        params,
    )

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "Client",
    "Run",
    "RunHandle",
    "__version__",
    "checkpoint",
    "finish",
    "get_run",
    "history",
    "init",
    "launch",
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
    "runs",
    "sweep",
]

try:
    started_in = os.getcwd()  # noqa: PTH109 - pathlib would cost more than everything else here
except OSError:  # it was deleted
    started_in = os.sep

exit_codes: list[object] = []
"""What `sys.exit` was called with, since the import."""
_leave = sys.exit


def _exit(status: object = None, /) -> None:
    exit_codes[:] = [status]
    _leave(status)  # type: ignore[arg-type]  # whatever it is given


def _note_exit() -> None:
    _exit.__doc__, _exit.__name__ = _leave.__doc__, "exit"
    sys.exit = _exit  # type: ignore[assignment]  # it does not return
    names = vars(sys.modules["__main__"])
    for name in [name for name, value in names.items() if value is _leave]:  # by `from sys import exit`
        names[name] = _exit


_note_exit()
_HOMES = {
    "AsyncClient": "trainyard.client",
    "Client": "trainyard.client",
    "RunHandle": "trainyard.submission.run_handle",
    "get_run": "trainyard.submission.run_handle",
    "history": "trainyard.table.history",
    "launch": "trainyard.submission.launch",
    "runs": "trainyard.table.runs",
    "sweep": "trainyard.ask_tell.sweep",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'trainyard' has no attribute {name!r}")
    module = import_module(_HOMES.get(name, "trainyard.track.session"))
    found: object = getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
