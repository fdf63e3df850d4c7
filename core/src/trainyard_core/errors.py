"""Errors that a caller can act on: each has a stable code, an HTTP status, whether trying again may help, and a fix in
words.

    TrainyardError
      NotFound            404   Unauthenticated  401   Forbidden 403
      RangeNotSatisfiable 416
      Invalid             422   TooLarge         413   BadFrame  422
        DigestRefused     422
      Conflict            409   IdempotencyReused 422  GapInFrames 409
        Superseded        409   (a newer session of the same agent has taken over)
        AttemptSuperseded 409   (a later attempt of the run has taken its place)
        WrongPlace        409   NoUploads        409
      QueryTimeout        422   (a read took too long and was ended)
      PreconditionFailed  412   RateLimited 429   ApiVersion 400
      HeaderTooLarge      431   RequestTimeout   408
      Unavailable         503   StorageFull      507
      NotInstalled        501   (the server lacks the plugin that does this)
      StartRefused        (the process does not start: settings, database, data directory)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from trainyard.client.models import FieldProblem

if TYPE_CHECKING:
    from trainyard.spec.error import Finding, SpecError

__all__ = [
    "ApiVersion",
    "AttemptSuperseded",
    "BadFrame",
    "Conflict",
    "DigestRefused",
    "Forbidden",
    "GapInFrames",
    "HeaderTooLarge",
    "IdempotencyReused",
    "Invalid",
    "NoUploads",
    "NotFound",
    "NotInstalled",
    "PreconditionFailed",
    "QueryTimeout",
    "RangeNotSatisfiable",
    "RateLimited",
    "RequestTimeout",
    "StartRefused",
    "StorageFull",
    "Superseded",
    "TooLarge",
    "TrainyardError",
    "Unauthenticated",
    "Unavailable",
    "WrongPlace",
    "choice",
    "invalid",
]


class TrainyardError(Exception):
    """The root. `detail` says what and where, `fix` what to do instead."""

    code = "internal"
    status = 500
    title = "An internal error occurred"
    retryable = False

    def __init__(self, detail: str, *, fix: str = "", problems: Sequence[FieldProblem] = ()) -> None:
        super().__init__(f"{detail}; {fix}" if fix else detail)
        self.detail = detail
        self.fix = fix
        self.problems = list(problems)


class ApiVersion(TrainyardError):
    code, status, title = "api_version", 400, "This server does not offer that version of the API"


class NotFound(TrainyardError):
    code, status, title = "not_found", 404, "It does not exist, or you may not see it"


class Unauthenticated(TrainyardError):
    code, status, title = "unauthenticated", 401, "A valid token is needed"


class Forbidden(TrainyardError):
    code, status, title = "forbidden", 403, "This token may not do that"


class Invalid(TrainyardError):
    code, status, title = "invalid", 422, "The input is not valid"


class DigestRefused(Invalid):
    """The bytes that arrived do not have their digest; they were not stored."""

    code, title = "digest_mismatch", "The bytes do not have the announced digest"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, fix="make sure that nothing changes the file meanwhile, and send it again")


class TooLarge(TrainyardError):
    code, status, title = "too_large", 413, "The input is too large"


class BadFrame(TrainyardError):
    code, status, title = "bad_frame", 422, "The body is not a sequence of whole frames"


class RangeNotSatisfiable(TrainyardError):
    """`size` is how many bytes there are."""

    code, status, title = "range_not_satisfiable", 416, "The range is outside the file"

    def __init__(self, detail: str, *, fix: str = "", size: int) -> None:
        super().__init__(detail, fix=fix)
        self.size = size


class Conflict(TrainyardError):
    code, status, title = "conflict", 409, "The state does not allow that"


class Superseded(Conflict):
    code, title = "superseded", "A newer session of this agent has taken over"


class AttemptSuperseded(Conflict):
    """`attempt` is not the run's any more: `current` is."""

    code, title = "attempt_superseded", "A later attempt of this run has taken its place"

    def __init__(self, run: str, attempt: int, current: int) -> None:
        detail = f"attempt {attempt} of run {run} was given up, and attempt {current} has taken its place"
        super().__init__(detail, fix="end this one; the files of the run are the later one's")


class WrongPlace(Conflict):
    """`expected` is the offset of the next byte of the upload."""

    code, title = "upload_offset", "The upload is at another offset"

    def __init__(self, expected: int) -> None:
        super().__init__(f"the upload continues at byte {expected}", fix="send the bytes from there on")
        self.expected = expected


class NoUploads(Conflict):
    """The tracker accepts artifacts in one piece only."""

    code, title = "uploads_unsupported", "The tracker accepts artifacts in one piece only"


class QueryTimeout(TrainyardError):
    """A read took too long and was aborted. A repetition would take as long, so clients do not retry by themselves."""

    code, status, title = "query_timeout", 422, "The query takes too long"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the query was aborted after {seconds:g} seconds",
            fix="ask for less: one project, fewer conditions, a condition or sort with an index (docs/query.md)",
        )


class PreconditionFailed(TrainyardError):
    code, status, title = "precondition_failed", 412, "The condition of the request does not hold"


class RateLimited(TrainyardError):
    """`wait` is in seconds."""

    code, status, title, retryable = "rate_limited", 429, "Too many requests", True

    def __init__(self, detail: str, *, wait: float, fix: str = "") -> None:
        super().__init__(detail, fix=fix)
        self.wait = wait


class HeaderTooLarge(TrainyardError):
    """A request's head exceeds its limits, or does not end within them."""

    code, status, title = "header_too_large", 431, "The request's head is too large"

    def __init__(self, size: int, lines: int) -> None:
        super().__init__(f"a head has at most {size} bytes and {lines} lines", fix="send fewer and shorter headers")


class RequestTimeout(TrainyardError):
    """`part` of a request, its head or its body, did not arrive in time."""

    code, status, title, retryable = "request_timeout", 408, "The request did not arrive in time", True

    def __init__(self, part: str) -> None:
        super().__init__(f"the {part} of the request arrived too slowly", fix="send it again without pauses")


class IdempotencyReused(TrainyardError):
    code, status, title = "idempotency_key_reused", 422, "The idempotency key was used for another request"


class GapInFrames(TrainyardError):
    """`expected` is the sequence number that the next frame must have."""

    code, status, title, retryable = "sequence_gap", 409, "Earlier frames are missing", True

    def __init__(self, expected: int) -> None:
        super().__init__(f"the next frame must have sequence number {expected}", fix="send the frames again from there")
        self.expected = expected


class NotInstalled(TrainyardError):
    code, status, title = "not_installed", 501, "The server does not have the plugin for this"


class Unavailable(TrainyardError):
    code, status, title, retryable = "unavailable", 503, "The service is not available at the moment", True


class StorageFull(TrainyardError):
    code, status, title, retryable = "storage_full", 507, "The disk is full", True


class StartRefused(TrainyardError):
    code, title = "start_refused", "Trainyard does not start"


def choice(kind: str, wanted: str, existing: Iterable[str]) -> str:
    """One sentence that names what was asked for and what exists: `no queue 'gp'; existing: default, gpu; did you
    mean gpu?`"""
    names = sorted(existing)
    near = get_close_matches(wanted, names, 1)
    listed = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"no {kind} '{wanted}'; existing: {listed or 'none'}{hint}"


def invalid_field(field: str, message: str, fix: str) -> Invalid:
    """One field that is wrong as an error of the API."""
    return Invalid(message, fix=fix, problems=[FieldProblem(field=field, message=message, fix=fix)])


def invalid(error: SpecError) -> Invalid:
    """The findings in what somebody wrote as an error of the API, each with its place."""
    first = error.findings[0]
    more = f" (and {len(error.findings) - 1} more)" if len(error.findings) > 1 else ""
    return Invalid(f"{first}{more}", problems=[_problem(finding) for finding in error.findings])


def _problem(finding: Finding) -> FieldProblem:
    return FieldProblem(
        message=finding.message,
        field=finding.field,
        file=finding.file or "",
        line=finding.line or 0,
        column=finding.column or 0,
        fix=finding.fix or "",
    )
