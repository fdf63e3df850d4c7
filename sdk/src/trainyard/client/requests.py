"""Every request of the API, built in one place for both transports: one function a route. What an answer means is
`wire`; when a request is sent again is the transports'."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trainyard.client.models import (
    ActivityPage,
    Agent,
    Artifact,
    ArtifactPage,
    CreateRun,
    Durable,
    LogPage,
    MetricPage,
    Plugin,
    Project,
    Queue,
    Run,
    RunPage,
    SeriesPage,
    Stop,
    TransitionPage,
    Version,
    Why,
)
from trainyard.client.wire import EVENT_STREAM, Query, Request, path_of

__all__ = [
    "append_frames",
    "create_project",
    "create_run",
    "digest_of",
    "follow_logs",
    "follow_metrics",
    "get_artifact",
    "get_run",
    "list_activities",
    "list_agents",
    "list_artifacts",
    "list_plugins",
    "list_projects",
    "list_queues",
    "list_runs",
    "put_artifact",
    "put_queue",
    "read_logs",
    "read_metrics",
    "read_series",
    "read_statuses",
    "read_version",
    "stop_run",
    "why_run",
]

_JSON = {"Content-Type": "application/json"}


def create_run(project: str, wish: CreateRun, *, key: str = "") -> Request[Run]:
    """Create a run. The idempotency key makes it repeatable: the same key gives the same run."""
    return Request(
        "POST",
        path_of("projects", project, "runs"),
        Run,
        headers={**_JSON, "Idempotency-Key": key or uuid.uuid4().hex},
        content=msgspec.json.encode(wish),
    )


def list_runs(
    project: str,
    *,
    limit: int | None = None,
    cursor: str = "",
    status: str = "",
    queue: str = "",
    tag: str = "",
) -> Request[RunPage]:
    """One page of runs, newest first; of one status, queue and tag where they are given."""
    query = _query(limit=limit, cursor=cursor, status=status, queue=queue, tag=tag)
    return Request("GET", path_of("projects", project, "runs"), RunPage, query)


def get_run(project: str, ref: str) -> Request[Run]:
    return Request("GET", _run(project, ref), Run)


def stop_run(project: str, ref: str, message: str = "") -> Request[Run]:
    """Wish a run stopped. Idempotent: the intent can only be set once."""
    content = msgspec.json.encode(Stop(message=message))
    return Request("POST", _run(project, ref, "stop"), Run, headers=_JSON, content=content)


def read_statuses(project: str, ref: str) -> Request[TransitionPage]:
    return Request("GET", _run(project, ref, "statuses"), TransitionPage)


def why_run(project: str, ref: str) -> Request[Why]:
    return Request("GET", _run(project, ref, "why"), Why)


def list_activities(project: str, ref: str, *, after: int = 0, limit: int | None = None) -> Request[ActivityPage]:
    return Request("GET", _run(project, ref, "activities"), ActivityPage, _query(after=after, limit=limit))


def read_logs(
    project: str, ref: str, *, cursor: str = "", limit: int | None = None, tail: bool = False
) -> Request[LogPage]:
    """Lines after a cursor, or with `tail` the last ones."""
    query = _query(cursor=cursor, limit=limit, tail="true" if tail else "")
    return Request("GET", _run(project, ref, "logs"), LogPage, query)


def follow_logs(project: str, ref: str, *, cursor: str = "") -> Request[bytes]:
    return Request("GET", _run(project, ref, "logs"), bytes, _query(cursor=cursor), headers={"Accept": EVENT_STREAM})


def read_metrics(project: str, ref: str) -> Request[MetricPage]:
    return Request("GET", _run(project, ref, "metrics"), MetricPage)


def follow_metrics(project: str, ref: str) -> Request[bytes]:
    return Request("GET", _run(project, ref, "metrics"), bytes, headers={"Accept": EVENT_STREAM})


def read_series(
    project: str,
    ref: str,
    names: Sequence[str],
    *,
    first: int | None = None,
    last: int | None = None,
    points: int | None = None,
) -> Request[SeriesPage]:
    """Series by name, between two steps, in at most `points` buckets each."""
    query = _query(name=names, first=first, last=last, points=points)
    return Request("GET", _run(project, ref, "series"), SeriesPage, query)


def append_frames(project: str, ref: str, frames: bytes) -> Request[Durable]:
    """Whole frames of one writer in order. Idempotent by (run, writer, seq)."""
    headers = {"Content-Type": "application/x-trainyard-frames"}
    return Request("POST", _run(project, ref, "frames"), Durable, headers=headers, content=frames)


def list_artifacts(project: str, ref: str) -> Request[ArtifactPage]:
    return Request("GET", _run(project, ref, "artifacts"), ArtifactPage)


def get_artifact(project: str, ref: str, name: str) -> Request[bytes]:
    headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
    return Request("GET", _artifact(project, ref, name), bytes, headers=headers)


def put_artifact(
    project: str, ref: str, name: str, source: Path | bytes, *, digest: str, kind: str = "file"
) -> Request[Artifact]:
    """Store bytes under a name. Idempotent: the digest, `sha256:` and hex, says which bytes they are."""
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    return Request(
        "PUT",
        _artifact(project, ref, name),
        Artifact,
        _query(kind=kind),
        headers={"Content-Type": "application/octet-stream", "Content-Length": str(size), "Digest": digest},
        content=b"" if isinstance(source, Path) else source,
        file=source if isinstance(source, Path) else None,
    )


def digest_of(source: Path | bytes) -> str:
    """`sha256:` and the hex digest of a file or of bytes."""
    if isinstance(source, bytes):
        return "sha256:" + hashlib.sha256(source).hexdigest()
    with source.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()


def list_projects() -> Request[list[Project]]:
    return Request("GET", path_of("projects"), list[Project])


def create_project(name: str, description: str = "") -> Request[Project]:
    """Not repeated by itself: a second try could not tell its own first from somebody else's project."""
    body = {"name": name, **({"description": description} if description else {})}
    content = msgspec.json.encode(body)
    return Request("POST", path_of("projects"), Project, headers=_JSON, content=content, repeatable=False)


def list_queues() -> Request[list[Queue]]:
    return Request("GET", path_of("queues"), list[Queue])


def put_queue(name: str, *, concurrency: int | None, paused: bool) -> Request[Queue]:
    content = msgspec.json.encode({"concurrency": concurrency, "paused": paused})
    return Request("PUT", path_of("queues", name), Queue, headers=_JSON, content=content)


def list_agents() -> Request[list[Agent]]:
    return Request("GET", path_of("agents"), list[Agent])


def list_plugins() -> Request[list[Plugin]]:
    return Request("GET", path_of("plugins"), list[Plugin])


def read_version() -> Request[Version]:
    return Request("GET", path_of("version"), Version)


def _run(project: str, ref: str, *rest: str) -> str:
    return path_of("projects", project, "runs", ref, *rest)


def _artifact(project: str, ref: str, name: str) -> str:
    return path_of("projects", project, "runs", ref, "artifacts", tail=name)


def _query(**values: str | int | Sequence[str] | None) -> Query:
    """The values that are given, as pairs; a sequence gives a pair for each item."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        items = [str(value)] if isinstance(value, str | int) else [*(value or ())]
        found += [(name, item) for item in items if item != ""]
    return tuple(found)
