"""Whether two routes can be meant by one address: routes of different owners must not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from litestar.types.internal_types import PathParameterDefinition

__all__ = ["Segments", "overlap"]

Segments = Sequence[str | PathParameterDefinition]
"""A route's path, segment by segment: what is written there, or a parameter. Only the last parameter may be a path."""


def overlap(one: Segments, other: Segments) -> bool:
    """Whether there is an address that both match. Of a parameter's type it counts only whether it is a path, which
    takes all segments that follow."""
    if not one or not other:
        return not one and not other
    if _is_path(one[0]) or _is_path(other[0]):
        return True
    return _match(one[0], other[0]) and overlap(one[1:], other[1:])


def _is_path(segment: str | PathParameterDefinition) -> bool:
    return isinstance(segment, PathParameterDefinition) and segment.type is Path


def _match(one: str | PathParameterDefinition, other: str | PathParameterDefinition) -> bool:
    return one == other or isinstance(one, PathParameterDefinition) or isinstance(other, PathParameterDefinition)
