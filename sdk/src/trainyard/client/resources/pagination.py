"""Pages as iterators: the next page is asked for when it is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Protocol, TypeVar

__all__ = ["Page", "items", "items_of"]

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Page(Protocol[T_co]):
    """Items and the cursor that continues, None on the last page."""

    @property
    def items(self) -> Sequence[T_co]: ...

    @property
    def next(self) -> str | None: ...


def items(ask: Callable[[str], Page[T]]) -> Iterator[T]:
    """All items, page by page."""
    cursor: str | None = ""
    while cursor is not None:
        page = ask(cursor)
        yield from page.items
        cursor = page.next


async def items_of(ask: Callable[[str], Awaitable[Page[T]]]) -> AsyncIterator[T]:
    """All items, page by page."""
    cursor: str | None = ""
    while cursor is not None:
        page = await ask(cursor)
        for item in page.items:
            yield item
        cursor = page.next
