"""The errors of the client. Each has a stable `code`, says whether the same call may succeed later (`retryable`), and
has a `fix` in words. No error holds a token.

::

    ClientError
    ├── NoServer            nothing says where a server is
    ├── NotReachable        no answer: refused, timed out, cut off              retryable
    ├── WrongServer         the answer is not from a server with this version of the API
    ├── BadName             a name that no local file, or no artifact, can have
    ├── DigestMismatch      the bytes have another digest than announced         retryable
    ├── StillRunning        the time limit of `wait` has passed                  retryable
    ├── RunFailed           a run that was waited for has not succeeded
    └── ApiError            the server's answer is a Problem
        ├── Invalid             400, 413, 415, 422
        ├── NotAuthenticated    401
        ├── NotAllowed          403
        ├── NotFound            404, 410
        ├── Conflict            409, 412
        ├── Busy                429, 503                                         retryable
        ├── NotInstalled        501
        └── ServerError         other 5xx
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainyard.client.models import FieldProblem, Problem, RunRecord

__all__ = [
    "ApiError",
    "BadName",
    "Busy",
    "ClientError",
    "Conflict",
    "DigestMismatch",
    "Invalid",
    "NoServer",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "NotInstalled",
    "NotReachable",
    "RunFailed",
    "ServerError",
    "StillRunning",
    "WrongServer",
    "error_for",
]


class ClientError(Exception):
    """The base of all errors of the client."""

    code = "client_error"
    retryable = False

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}; {self.fix}" if self.fix else self.message


class NoServer(ClientError):
    """Nothing says where a server is."""

    code = "no_server"


class NotReachable(ClientError):
    """No answer came. A request that changes something may or may not have been carried out."""

    code = "not_reachable"
    retryable = True


class WrongServer(ClientError):
    """Something answered that does not speak this version of the API."""

    code = "wrong_server"


class BadName(ClientError):
    """A name that would lead out of a folder, that no file or artifact can have, or that names no file."""

    code = "bad_name"


class DigestMismatch(ClientError):
    """The bytes received have another digest than the server announced."""

    code = "digest_mismatch"
    retryable = True


class StillRunning(ClientError):
    """The run has not ended within the time limit of `wait`."""

    code = "still_running"
    retryable = True


class RunFailed(ClientError):
    """A run that was waited for has failed, or was stopped or skipped. `run` is how it has ended."""

    code = "run_failed"

    def __init__(self, message: str, run: RunRecord) -> None:
        super().__init__(message)
        self.run = run


class ApiError(ClientError):
    """The server refused or failed to carry out a request."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title, fix=problem.fix)
        self.status = problem.status
        self.code = problem.code
        self.retryable = problem.retryable
        self.problems: Sequence[FieldProblem] = tuple(problem.problems)

    def __str__(self) -> str:
        lines = "\n".join(_line(problem) for problem in self.problems)
        if not any(problem.message in self.message for problem in self.problems):
            return "\n".join(filter(None, (super().__str__(), lines)))
        is_whole = len(self.problems) == 1 and self.problems[0].message != self.message
        text = self.message if is_whole else lines  # once, with its place
        return text if not self.fix or self.fix in text else f"{text}; {self.fix}"


class Invalid(ApiError):
    """The request is not valid; `problems` has the places."""


class NotAuthenticated(ApiError):
    """The server does not know the caller."""


class NotAllowed(ApiError):
    """The caller is not allowed to do this."""


class NotFound(ApiError):
    """The object does not exist, or the caller may not see it."""


class Conflict(ApiError):
    """The request conflicts with the present state."""


class Busy(ApiError):
    """The server is overloaded or not ready; try again later."""


class NotInstalled(ApiError):
    """The server does not have the plugin that does this; the fix names it."""


class ServerError(ApiError):
    """The server failed."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: Invalid,
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    412: Conflict,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: Busy,
    501: NotInstalled,
    503: Busy,
}


def error_for(problem: Problem) -> ApiError:
    """The error for a problem, by its status."""
    fallback = ServerError if problem.status >= 500 else ApiError
    return _BY_STATUS.get(problem.status, fallback)(problem)


def _line(problem: FieldProblem) -> str:
    """`file:line:col: field: message; fix`, without the parts that are not known."""
    place = problem.file or ("line" if problem.line else "")
    if problem.line:
        place += f":{problem.line}" + (f":{problem.column}" if problem.column else "")
    said = f"{problem.message}; {problem.fix}" if problem.fix else problem.message
    return ": ".join(part for part in (place, problem.field, said) if part)
