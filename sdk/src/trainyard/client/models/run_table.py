"""Runs as columns: what data frames are made of."""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard.client.models.number import Number

__all__ = ["MetricColumn", "RunTablePage"]


class MetricColumn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A metric of the runs of a page. `rows` says which of them have it, by their position in the page; null: all of
    them."""

    values: list[Number]
    rows: list[int] | None = None


class RunTablePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of runs as columns: item n of each list belongs to run n. Times are microseconds since 1970 UTC, and
    `read_at` is the time of the first page. `metrics` has the metrics that were asked for, by the name that was used
    for them. `next` is the cursor of the next page, null on the last."""

    read_at: int
    id: list[str]
    name: list[str]
    kind: list[str]
    status: list[str]
    reason: list[str]
    queue: list[str]
    user: list[str]
    parent: list[str | None]
    created_at: list[int]
    started_at: list[int | None]
    finished_at: list[int | None]
    progress: list[float | None]
    tags: list[list[str]]
    params: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    metrics: dict[str, MetricColumn]
    next: str | None = None
