"""Statements on many rows at once, so that how many there are hardly depends on how many rows. In a transaction with a
savepoint, SQLite goes through all that was changed so far at the end of each statement, and neither database takes any
number of arguments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from trainyard_core.db.engine import Tx

__all__ = ["ROWS", "batches", "insert", "marks"]

T = TypeVar("T")
ROWS = 256
"""How many rows one statement is given. With up to a hundred arguments a row, both databases take it."""


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in order, so many at a time as one statement is given."""
    return (items[start : start + ROWS] for start in range(0, len(items), ROWS))


def marks(items: Sequence[object]) -> str:
    """A placeholder for each item, to be put in parentheses."""
    return ", ".join("?" * len(items))


async def insert(tx: Tx, into: str, rows: Sequence[tuple[object, ...]], conflict: str) -> None:
    """Insert rows, of which no two have one key. `into` is the statement up to VALUES, `conflict` what comes after
    them. Few rows are a statement each, so that there is only one more text of it to be prepared."""
    for batch in batches(rows):
        one = f"({marks(batch[0])})"
        if len(batch) < ROWS:
            await tx.many(f"{into} VALUES {one} {conflict}", batch)
        else:
            values = ", ".join([one] * len(batch))
            await tx.run(f"{into} VALUES {values} {conflict}", *(value for row in batch for value in row))
