"""The exit codes of `yard`, and which error gives which. The table in the command reference is printed from here."""

from __future__ import annotations

from enum import IntEnum

from trainyard.client import errors

__all__ = ["MEANINGS", "Exit", "exit_for"]


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    NOT_REACHABLE = 5
    CONFLICT = 6
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "success",
    Exit.FAILED: "failure: the watched run failed, a file has findings, or the server had an internal error",
    Exit.USAGE: "wrong usage: an unknown option, a missing file, an invalid value",
    Exit.NOT_FOUND: "there is no such run, project, queue, metric or artifact",
    Exit.NOT_ALLOWED: "the token is unknown, or may not do this",
    Exit.NOT_REACHABLE: "no server found, no answer, or the server is too busy; trying later may help",
    Exit.CONFLICT: "conflict with the current state: the name is taken, the run has ended",
    Exit.INTERRUPTED: "interrupted (Ctrl-C); a run that was watched goes on",
}

_BY_ERROR: dict[type[errors.ClientError], Exit] = {
    errors.NoServer: Exit.NOT_REACHABLE,
    errors.NotReachable: Exit.NOT_REACHABLE,
    errors.WrongServer: Exit.NOT_REACHABLE,
    errors.Busy: Exit.NOT_REACHABLE,
    errors.NotFound: Exit.NOT_FOUND,
    errors.NotAuthenticated: Exit.NOT_ALLOWED,
    errors.NotAllowed: Exit.NOT_ALLOWED,
    errors.Conflict: Exit.CONFLICT,
}


def exit_for(error: errors.ClientError) -> Exit:
    """The exit code of an error. Input that the server refuses is a failure when it names problems in a file, and wrong
    usage otherwise."""
    if isinstance(error, errors.Invalid):
        return Exit.FAILED if error.problems else Exit.USAGE
    return _BY_ERROR.get(type(error), Exit.FAILED)
