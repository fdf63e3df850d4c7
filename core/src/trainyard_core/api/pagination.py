"""The parameters of lists that come in pages, and where a page goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

from litestar.params import QueryParameter

from trainyard_core.errors import Invalid
from trainyard_core.keyset import Key, decode, encode

__all__ = ["MOST", "Cursor", "Limit", "after_id", "after_name", "following"]

T = TypeVar("T")
MOST = 500
Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="At most so many items.")]
Cursor = Annotated[str, QueryParameter(description="`next` of the page before.")]


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
