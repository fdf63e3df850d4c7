"""Requests about runs."""

from __future__ import annotations

import uuid

import msgspec

from trainyard.client.models import CreateRun, Run, RunPage, Stop, TransitionPage, Why
from trainyard.client.requests.path import JSON, query_of, run_path
from trainyard.client.wire import Request, path_of

__all__ = ["create_run", "get_run", "list_runs", "read_statuses", "stop_run", "why_run"]


def create_run(project: str, wish: CreateRun, *, key: str = "") -> Request[Run]:
    """Create a run. The idempotency key makes it repeatable: the same key gives the same run."""
    return Request(
        "POST",
        path_of("projects", project, "runs"),
        Run,
        headers={**JSON, "Idempotency-Key": key or uuid.uuid4().hex},
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
    query = query_of(limit=limit, cursor=cursor, status=status, queue=queue, tag=tag)
    return Request("GET", path_of("projects", project, "runs"), RunPage, query)


def get_run(project: str, ref: str) -> Request[Run]:
    return Request("GET", run_path(project, ref), Run)


def stop_run(project: str, ref: str, message: str = "") -> Request[Run]:
    """Wish a run stopped. Idempotent: the intent can only be set once."""
    content = msgspec.json.encode(Stop(message=message))
    return Request("POST", run_path(project, ref, "stop"), Run, headers=JSON, content=content)


def read_statuses(project: str, ref: str) -> Request[TransitionPage]:
    return Request("GET", run_path(project, ref, "statuses"), TransitionPage)


def why_run(project: str, ref: str) -> Request[Why]:
    return Request("GET", run_path(project, ref, "why"), Why)
