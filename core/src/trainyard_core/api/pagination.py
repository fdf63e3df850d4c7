"""Keyset paging: a cursor holds the sort key of the last item that was given, never an offset, so that what is
inserted meanwhile moves nothing."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated, TypeVar

import msgspec
from litestar.params import QueryParameter

from trainyard_core.errors import Invalid

__all__ = ["MOST", "Cursor", "Key", "Limit", "after_id", "after_name", "decode", "encode", "following"]

T = TypeVar("T")
MOST = 500
Key = str | int | float | None
Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="At most so many items.")]
Cursor = Annotated[str, QueryParameter(description="`next` of the page before.")]


def encode(*key: Key) -> str:
    """A cursor from a sort key."""
    return urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode(cursor: str, count: int) -> tuple[Key, ...]:
    """The sort key of a cursor; of nothing, for the first page. Raises Invalid for what is no cursor of ours."""
    if not cursor:
        return ()
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        key = msgspec.json.decode(urlsafe_b64decode(padded), type=tuple[Key, ...])
    except (ValueError, msgspec.MsgspecError):
        key = ()
    if len(key) != count:
        raise Invalid("`cursor` is not one of ours", fix="use `next` of the page before, or leave it out")
    return key


def after_name(cursor: str) -> str:
    """The name after which a list by name goes on. Raises Invalid."""
    return str(decode(cursor, 1)[0]) if cursor else ""


def after_id(cursor: str) -> int:
    """The id after which a list by id goes on. Raises Invalid."""
    (after,) = decode(cursor, 1) or (0,)
    if not isinstance(after, int) or not 0 <= after < 1 << 63:
        raise Invalid("`cursor` is not one of ours", fix="use `next` of the page before, or leave it out")
    return after


def following(rows: Sequence[T], limit: int, *key: Key) -> str | None:
    """The cursor after the last row, whose sort key is given; None when the page was not full."""
    return encode(*key) if len(rows) == limit else None
