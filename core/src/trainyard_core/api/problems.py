"""Every error leaves the API as one shape: application/problem+json. What is not ours is told without its inside."""

from __future__ import annotations

import errno
import math
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from trainyard.client.models import FieldProblem, Problem
from trainyard_core.api import version_skew
from trainyard_core.api.plugin_absence import absent_plugin
from trainyard_core.errors import (
    GapInFrames,
    RangeNotSatisfiable,
    RateLimited,
    StorageFull,
    TrainyardError,
    Unavailable,
    WrongPlace,
)

__all__ = ["HANDLERS", "PROBLEM", "encoded"]

PROBLEM = "application/problem+json"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
DEAD = frozenset(
    {errno.EACCES, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENODEV, errno.ENOMEM, errno.EROFS}
    | {errno.ESTALE}
)

log = structlog.get_logger("trainyard.api")
_CODES = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "rate_limited",
}


class _OffsetProblem(Problem, frozen=True, kw_only=True):
    expected: int


def _respond(problem: Problem, headers: dict[str, str] | None = None) -> Response[bytes]:
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else headers or {}
    return Response(msgspec.json.encode(problem), status_code=problem.status, media_type=PROBLEM, headers=headers)


def encoded(error: TrainyardError) -> bytes:
    """The body of an answer that tells this error."""
    return msgspec.json.encode(Problem(**_fields(error)))


def _fields(error: TrainyardError) -> dict[str, Any]:
    return {
        "type": f"urn:trainyard:{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "fix": error.fix,
        "retryable": error.retryable,
        "problems": error.problems,
    }


def _ours(request: Request[Any, Any, Any], error: TrainyardError) -> Response[bytes]:
    if isinstance(error, Unavailable) and error.__cause__ is not None:
        log.error("a request cannot be answered now", **_asked(request), error=repr(error.__cause__))
    fields = _fields(error)
    if isinstance(error, RateLimited):
        return _respond(Problem(**fields), {"Retry-After": str(math.ceil(error.wait))})
    if isinstance(error, RangeNotSatisfiable):
        return _respond(Problem(**fields), {"Content-Range": f"bytes */{error.size}"})
    if isinstance(error, GapInFrames | WrongPlace):
        return _respond(_OffsetProblem(**fields, expected=error.expected))
    return _respond(Problem(**fields))


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if error.status_code in (404, 405) and (other := version_skew.other_api(request)) is not None:
        return _ours(request, other)
    if error.status_code == 404 and (absent := absent_plugin(request)) is not None:
        return _ours(request, absent)
    status = 422 if isinstance(error, ValidationException) else error.status_code
    code = "invalid" if status == 422 else _CODES.get(status, "internal" if status >= 500 else "invalid")
    detail = error.detail if status < 500 else ""
    problems = _problems(error.extra) if isinstance(error, ValidationException) else []
    return _respond(
        Problem(
            type=f"urn:trainyard:{code}",
            title=_title(status),
            status=status,
            code=code,
            detail=detail,
            problems=problems,
        )
    )


def _title(status: int) -> str:
    return {
        404: "It does not exist",
        405: "This address does not have that method",
        422: "The input is not valid",
    }.get(status, "The request cannot be answered")


def _problems(extra: Any) -> list[FieldProblem]:
    items = extra if isinstance(extra, list) else []
    return [
        FieldProblem(message=str(item.get("message", "")), field=str(item.get("key", "")))
        for item in items
        if isinstance(item, dict)
    ]


def _anything(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.exception("a request failed", **_asked(request), error=repr(error))
    title = "An internal error occurred; the server's log has the details"
    return _respond(Problem(type="urn:trainyard:internal", title=title, status=500, code="internal", retryable=True))


def _asked(request: Request[Any, Any, Any]) -> dict[str, str]:
    return {"path": request.url.path, "method": request.method}


def _storage(request: Request[Any, Any, Any], error: OSError) -> Response[bytes]:
    """What a tracker or the data directory meets on a disk that is full or dead; any other one is a failure of ours."""
    if error.errno in FULL:
        return _ours(request, StorageFull("the disk is full; nothing was written", fix="free space and try again"))
    if error.errno not in DEAD:
        return _anything(request, error)
    found = Unavailable("the disk cannot be used at the moment", fix="try again; the server's log says why")
    found.__cause__ = error
    return _ours(request, found)


def _too_deep(request: Request[Any, Any, Any], error: RecursionError) -> Response[bytes]:
    fields = {"type": "urn:trainyard:invalid", "title": _title(422), "status": 422, "code": "invalid"}
    return _respond(
        msgspec.convert({**fields, "detail": "the body is nested too deep", "fix": "flatten it"}, type=Problem)
    )


HANDLERS: dict[int | type[Exception], Any] = {
    TrainyardError: _ours,
    HTTPException: _http,
    RecursionError: _too_deep,
    OSError: _storage,
    Exception: _anything,
}
