"""What requests share: the path of a run, query pairs, and the headers of a JSON body."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.client.wire import Query, path_of

__all__ = ["JSON", "query_of", "run_path"]

JSON = {"Content-Type": "application/json"}


def run_path(project: str, ref: str, *rest: str, tail: str = "") -> str:
    """The path of a run, or of something below it."""
    return path_of("projects", project, "runs", ref, *rest, tail=tail)


def query_of(**values: str | int | Sequence[str] | None) -> Query:
    """The values that are given, as pairs; a sequence gives a pair for each item."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        items = [str(value)] if isinstance(value, str | int) else [*(value or ())]
        found += [(name, item) for item in items if item != ""]
    return tuple(found)
