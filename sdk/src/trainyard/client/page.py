"""What every page of a listing has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

__all__ = ["Page"]

T_co = TypeVar("T_co", covariant=True)


class Page(Protocol[T_co]):
    """Items, and the cursor of the next page; None on the last page."""

    @property
    def items(self) -> Sequence[T_co]: ...

    @property
    def next(self) -> str | None: ...
