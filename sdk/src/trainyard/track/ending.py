"""How a program, or a `with` block of it, ended: status, reason, message and exit code.

A block's end is told by the exception that leaves it. A program's end is seen when the interpreter ends: an exception
that nobody caught is in `sys.last_exc` (before Python 3.12: `sys.last_value`), which the interpreter sets before it
calls any hook; it counts when it came out of the main module. A `SystemExit` is not kept there. That one has ended the
program shows in the main module's frame, which has then not returned; its code is noted where `sys.exit`, `exit` and
`quit` are called (`sys.exit` from the import of `trainyard` on), or read from a `raise SystemExit(...)` in the main
module. A program that is killed, or calls
`os._exit`, tells nobody: its end is recorded by whoever ships the spool later.
"""

from __future__ import annotations

import builtins
import sys
import threading
from types import FrameType
from typing import Any, NamedTuple

import trainyard
from trainyard.track.log_once import say

__all__ = ["Ending", "last_error", "of_error", "of_finish", "of_program", "watch_program"]

_UNKNOWN = object()
_LONGEST = 500
_STATUSES = ("succeeded", "failed", "stopped")


class Ending(NamedTuple):
    """An end as it is recorded. `reason` is `error` (an exception), `exit_code`, `user` (it was said so, or Ctrl-C) or
    empty; `exit_code` is the process's, where it is known. `trace` is the traceback of the exception, which belongs to
    the run's logs."""

    status: str = "succeeded"
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    trace: str = ""


class _Program(NamedTuple):
    """What is known of this program while it runs: the frame of its main module."""

    frame: FrameType | None


_program: _Program | None = None


def of_error(error: BaseException | None) -> Ending:
    """The end of a block that was left by an exception; None: it came to its end."""
    if error is None:
        return Ending()
    if isinstance(error, SystemExit):
        return _of_code(error.code)
    if isinstance(error, KeyboardInterrupt):
        return Ending("stopped", "user", "interrupted", trace=_trace(error))
    return Ending("failed", "error", _brief(error), trace=_trace(error))


def of_finish(status: str, message: str) -> Ending:
    """The end that a program states in a call of `finish`."""
    if status not in _STATUSES:
        say("status", f"finish({status!r}): the status is one of {', '.join(_STATUSES)}; taken as failed")
        status = "failed"
    return Ending(status, "" if status == "succeeded" else "user", message)


def last_error() -> BaseException | None:
    """The last exception that nobody caught: it ended the program or, in the interactive interpreter, a statement."""
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return error if isinstance(error, BaseException) else None


def watch_program() -> None:
    """Note from now on what tells how this program ends. Idempotent."""
    global _program
    if _program is not None:
        return
    _program = _Program(_main_frame())
    _note_exit_and_quit()


def of_program() -> Ending:
    """How this program ended, asked while the interpreter ends."""
    if _program is None:
        return Ending()
    error, frame = last_error(), _program.frame
    if frame is not None and (_is_running(frame) or _returned(frame)):
        return Ending()
    if error is not None and _came_out_of(error, frame):
        return of_error(error)
    if frame is None:
        return Ending()
    if hasattr(sys, "ps1"):
        return Ending("failed", "error", _OVERWRITTEN)
    code = trainyard.exit_codes[-1] if trainyard.exit_codes else _raised_code(frame)
    return Ending("failed", "exit_code", _UNSEEN) if code is _UNKNOWN else _of_code(code)


_OVERWRITTEN = "an exception that cannot be seen any more: a statement that was typed after the program raised, too"
_UNSEEN = (
    "it ended by a SystemExit whose code cannot be seen; call sys.exit(code) instead of raising it, and import"
    " trainyard before that"
)


def _of_code(code: Any) -> Ending:
    """As the interpreter reads the code of a SystemExit: nothing is 0, what is no number is printed and is 1."""
    if code is None:
        return Ending(exit_code=0)
    text = "" if isinstance(code, int) else _text(code)[:_LONGEST]
    number = 1 if not isinstance(code, int) else code & 0xFF if -(2**63) <= code < 2**63 else 0xFF
    if number == 0:
        return Ending(exit_code=0)
    return Ending("failed", "exit_code", text or f"exit code {number}", number)


def _brief(error: BaseException) -> str:
    """An exception in one short line."""
    return f"{type(error).__name__}: {_text(error)}"[:_LONGEST]


def _trace(error: BaseException) -> str:
    from traceback import format_exception

    try:
        return "".join(format_exception(error))
    except Exception:  # of an exception that cannot be shown
        return ""


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__name__} that cannot be shown>"


def _main_frame() -> FrameType | None:
    """The frame in which the main module runs; without one the outermost frame of the main thread. To keep a module's
    frame keeps nothing else alive."""
    frame, found = sys._current_frames().get(threading.main_thread().ident or 0), None
    names = vars(sys.modules["__main__"])
    while frame is not None:
        is_module = frame.f_globals is names and frame.f_code.co_name == "<module>"
        found = frame if is_module or (frame.f_back is None and found is None) else found
        frame = frame.f_back
    return found


def _came_out_of(error: BaseException, frame: FrameType | None) -> bool:
    """Whether an exception has left the frame: its traceback starts there, or further out."""
    trace = error.__traceback__
    while frame is not None and trace is not None and trace.tb_frame is not frame:
        trace = trace.tb_next
    return frame is None or trace is not None


def _is_running(frame: FrameType) -> bool:
    """Whether it is not left yet: somebody has called what is called at exit before the end."""
    here: FrameType | None = sys._getframe()
    while here is not None and here is not frame:
        here = here.f_back
    return here is not None


def _returned(frame: FrameType) -> bool:
    """Whether a frame that is not running any more came to its end; else an exception has left it."""
    from opcode import opname

    at = frame.f_lasti
    return at < 0 or opname[frame.f_code.co_code[at]].startswith("RETURN")


def _raised_code(frame: FrameType) -> Any:
    """The code of a `raise SystemExit(...)` that a frame has stopped at: that of a literal or a variable, and 0 for
    what a call returned, as in `raise SystemExit(main())`. Unknown when the exception came from deeper."""
    import dis

    instructions = [each for each in dis.get_instructions(frame.f_code) if each.offset <= frame.f_lasti]
    instructions = [each for each in instructions if each.opname not in ("PUSH_NULL", "PRECALL", "CACHE", "NOP")]
    value = instructions[-3] if instructions[-2].opname == "CALL" else instructions[-2]
    if instructions[-1].opname != "RAISE_VARARGS" or any(each.is_jump_target for each in instructions[-2:]):
        return _UNKNOWN
    if value.opname in ("LOAD_CONST", "LOAD_SMALL_INT"):
        return value.argval
    if value.opname == "LOAD_NAME":
        return None if value.argval == "SystemExit" else frame.f_globals.get(value.argval, _UNKNOWN)
    return None if value.opname.startswith("CALL") else _UNKNOWN


def _note_exit_and_quit() -> None:
    """`exit` and `quit` of the interactive interpreter are there in programs too."""
    kind: Any = type(getattr(builtins, "exit", None))
    if kind.__module__ != "_sitebuiltins":
        return
    leave = kind.__call__

    def call(self: Any, code: Any = None) -> Any:
        trainyard.exit_codes[:] = [code]
        return leave(self, code)

    kind.__call__ = call
