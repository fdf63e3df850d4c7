"""Requests about the logs, metrics and frames of a run."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.client.models import Durable, LogPage, MetricPage, SeriesPage
from trainyard.client.requests.path import query_of, run_path
from trainyard.client.wire import EVENT_STREAM, Request

__all__ = ["append_frames", "follow_logs", "follow_metrics", "read_logs", "read_metrics", "read_series"]


def read_logs(
    project: str, ref: str, *, cursor: str = "", limit: int | None = None, tail: bool = False
) -> Request[LogPage]:
    """Log lines after a cursor; with `tail`, the last ones."""
    query = query_of(cursor=cursor, limit=limit, tail="true" if tail else "")
    return Request("GET", run_path(project, ref, "logs"), LogPage, query)


def follow_logs(project: str, ref: str, *, cursor: str = "") -> Request[bytes]:
    return Request(
        "GET", run_path(project, ref, "logs"), bytes, query_of(cursor=cursor), headers={"Accept": EVENT_STREAM}
    )


def read_metrics(project: str, ref: str, *, cursor: str = "") -> Request[MetricPage]:
    return Request("GET", run_path(project, ref, "metrics"), MetricPage, query_of(cursor=cursor))


def follow_metrics(project: str, ref: str) -> Request[bytes]:
    return Request("GET", run_path(project, ref, "metrics"), bytes, headers={"Accept": EVENT_STREAM})


def read_series(
    project: str,
    ref: str,
    names: Sequence[str],
    *,
    first: int | None = None,
    last: int | None = None,
    points: int | None = None,
) -> Request[SeriesPage]:
    """Series by name, from step `first` to step `last`, in at most `points` buckets each."""
    query = query_of(name=names, first=first, last=last, points=points)
    return Request("GET", run_path(project, ref, "series"), SeriesPage, query)


def append_frames(project: str, ref: str, frames: bytes) -> Request[Durable]:
    """Append whole frames of one writer, in order. Idempotent by (run, writer, seq)."""
    headers = {"Content-Type": "application/x-trainyard-frames"}
    return Request("POST", run_path(project, ref, "frames"), Durable, headers=headers, content=frames)
