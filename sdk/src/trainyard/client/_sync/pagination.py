# Generated from `_async/pagination.py` by tools/sync_client.py: change that file and run `make format`.
"""Listings as iterators: a page is requested when its first item is needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from trainyard.client._sync.concurrency import FetchPage

__all__ = ["collect", "items"]

T = TypeVar("T")


def items(fetch: FetchPage[T]) -> Iterator[T]:
    """All items, page by page."""
    cursor: str | None = ""
    while cursor is not None:
        page = fetch(cursor)
        yield from page.items
        cursor = page.next


def collect(listing: Iterator[T]) -> list[T]:
    """All items at once."""
    return list(listing)
