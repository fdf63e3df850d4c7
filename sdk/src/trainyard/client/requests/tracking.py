"""Requests about the logs, metrics and frames of a run."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trainyard.client.models import (
    FrameAck,
    LogPage,
    MetricPage,
    ReadSeries,
    RunSeriesPage,
    SeriesPage,
    TrackedEventPage,
)
from trainyard.client.requests.path import JSON, query_of, run_path
from trainyard.client.wire import EVENT_STREAM, Request, path_of

__all__ = [
    "append_frames",
    "follow_logs",
    "follow_metrics",
    "read_events",
    "read_logs",
    "read_many_series",
    "read_metrics",
    "read_series",
]


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


def read_many_series(project: str, asked: ReadSeries) -> Request[RunSeriesPage]:
    """Series of several runs of a project. Changes nothing."""
    path = path_of("projects", project, "runs", "series")
    return Request("POST", path, RunSeriesPage, headers=JSON, content=msgspec.json.encode(asked))


def read_events(
    project: str, ref: str, *, kind: str = "", names: Sequence[str] = (), cursor: str = "", limit: int | None = None
) -> Request[TrackedEventPage]:
    """Events that a run's programs have recorded, after a cursor."""
    query = query_of(kind=kind, name=names, cursor=cursor, limit=limit)
    return Request("GET", run_path(project, ref, "tracked-events"), TrackedEventPage, query)


def append_frames(project: str, ref: str, frames: bytes) -> Request[FrameAck]:
    """Append whole frames of one writer, in order. Idempotent by (run, writer, seq)."""
    headers = {"Content-Type": "application/x-trainyard-frames"}
    return Request("POST", run_path(project, ref, "frames"), FrameAck, headers=headers, content=frames)
