"""Keyset paging: a cursor holds the sort key of the last item that was given, never an offset, so that what is
inserted meanwhile moves nothing."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from trainyard_core.errors import Invalid

__all__ = ["Key", "decode", "encode"]

Key = str | int | float | None


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
