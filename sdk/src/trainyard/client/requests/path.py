"""Parts of requests: the path of a run, the query, the headers of a JSON body, and the form of a change."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from trainyard.client.wire import Query, Request, path_of

__all__ = ["JSON", "change", "query_of", "run_path"]

T = TypeVar("T")
JSON = {"Content-Type": "application/json"}


def change(
    method: str,
    path: str,
    answer: type[T],
    body: msgspec.Struct | None = None,
    *,
    key: str = "",
    match: str = "",
) -> Request[T]:
    """A request that changes something. Its idempotency key makes it repeatable: sent again with the same `key`, it
    gets the first answer. `match` is the ETag that the changed object must still have. `answer` is `type(None)` for an
    answer without a body."""
    headers = {"Idempotency-Key": key or uuid.uuid4().hex, **({"If-Match": match} if match else {})}
    if body is None:
        return Request(method, path, answer, headers=headers)
    return Request(method, path, answer, headers={**JSON, **headers}, content=msgspec.json.encode(body))


def run_path(project: str, ref: str, *rest: str, tail: str = "") -> str:
    """The path of a run, or of something below it."""
    return path_of("projects", project, "runs", ref, *rest, tail=tail)


def query_of(**values: str | int | Sequence[str] | None) -> Query:
    """The values as pairs, without those that are empty; a sequence gives a pair for each item."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        items = [str(value)] if isinstance(value, str | int) else [*(value or ())]
        found += [(name, item) for item in items if item != ""]
    return tuple(found)
