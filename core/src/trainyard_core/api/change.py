"""The one way in which a route changes something: the work, its activities and the answer to its idempotency key are
one transaction.

A request with an `Idempotency-Key` that comes again with the same token gets the answer that the first one got,
whatever has happened since; with another body, method or address it is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import msgspec
from litestar import Response

from trainyard_core.api.access import ApiRequest, runtime_of
from trainyard_core.api.etag import etag_of
from trainyard_core.db import activities
from trainyard_core.db.engine import Tx
from trainyard_core.errors import PreconditionFailed
from trainyard_core.work.idempotency import Claim

__all__ = ["change", "check_match", "claim_of", "tell"]

T = TypeVar("T")
JSON = "application/json"
_encode = msgspec.json.Encoder().encode


async def change(
    request: ApiRequest, work: Callable[[Tx], Awaitable[T]], *, name: str, status: int = 200
) -> Response[T]:
    """Run `work` in one write transaction and answer with what it returns (None: no body, for status 204). `name` is
    its fault point. Idempotent by the request's `Idempotency-Key`. Raises IdempotencyReused, and what `work`
    raises."""
    runtime = runtime_of(request)
    claim = await claim_of(request)

    async def whole(tx: Tx) -> tuple[bytes, int]:
        if claim is not None and not await claim.take(tx):
            kept = await claim.find(tx)
            return kept.response.encode(), kept.status
        found = await work(tx)
        answer = b"" if found is None else _encode(found)
        if claim is not None:
            await claim.keep(tx, answer=answer.decode(), status=status)
        return answer, status

    answer, code = await runtime.database.write(whole, name=name)
    return cast("Response[T]", Response(answer, status_code=code, media_type=JSON))


async def tell(tx: Tx, request: ApiRequest, kind: str, *, project: str = "", **data: Any) -> None:
    """Add the activity of something that the asker did now, in the transaction in which it is done."""
    at, actor = runtime_of(request).clock.now(), request.user.name
    await activities.append(
        tx, activities.NewActivity(project=project, run=None, kind=kind, actor=actor, at=at, data=data)
    )


async def claim_of(request: ApiRequest) -> Claim | None:
    """The request's claim on its idempotency key; None when it has none."""
    key = request.headers.get("idempotency-key", "")
    if not key:
        return None
    said = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()
    digest = hashlib.sha256(said).hexdigest()
    return Claim(request.user, key=key, digest=digest, at=runtime_of(request).clock.now())


def check_match(request: ApiRequest, current: msgspec.Struct) -> None:
    """Holds the `If-Match` header, if there is one, against what the resource is now. Raises PreconditionFailed."""
    wanted = request.headers.get("if-match", "")
    if not wanted or wanted.strip() == "*":
        return
    tag = etag_of(_encode(current))
    if tag not in {each.strip().removeprefix("W/") for each in wanted.split(",")}:
        raise PreconditionFailed(
            "it has changed since it was read", fix="read it again, look at what changed, and send the new ETag"
        )
