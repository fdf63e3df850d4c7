"""Listings as iterators: a page is requested when its first item is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar

from trainyard.client._async.concurrency import FetchPage

__all__ = ["collect", "items"]

T = TypeVar("T")


async def items(fetch: FetchPage[T]) -> AsyncIterator[T]:
    """All items, page by page."""
    cursor: str | None = ""
    while cursor is not None:
        page = await fetch(cursor)
        for item in page.items:
            yield item
        cursor = page.next


async def collect(listing: AsyncIterator[T]) -> list[T]:
    """All items at once."""
    return [item async for item in listing]
