"""Requests about runs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec

from trainyard.client.models import (
    BulkAction,
    BulkResult,
    CloneRun,
    CreateRun,
    EditRun,
    Lineage,
    Note,
    RunPage,
    RunRecord,
    RunTablePage,
    RunToken,
    TagRun,
    TransitionPage,
    Why,
)
from trainyard.client.requests.path import JSON, change, query_of, run_path
from trainyard.client.wire import Request, path_of

__all__ = [
    "act_on_run",
    "act_on_runs",
    "clone_run",
    "create_run",
    "delete_run",
    "edit_run",
    "get_run",
    "list_runs",
    "list_statuses",
    "read_lineage",
    "read_run_table",
    "renew_run_token",
    "search_runs",
    "tag_run",
    "why_run",
]


def create_run(project: str, body: CreateRun, *, key: str = "") -> Request[RunRecord]:
    """Create a run. Idempotent by `key`: the same key gives the same run."""
    return Request(
        "POST",
        path_of("projects", project, "runs"),
        RunRecord,
        headers={**JSON, "Idempotency-Key": key or uuid.uuid4().hex},
        content=msgspec.json.encode(body),
    )


def list_runs(
    project: str,
    *,
    q: str = "",
    sort: str = "",
    metrics: Sequence[str] = (),
    limit: int | None = None,
    cursor: str = "",
    count: bool = False,
) -> Request[RunPage]:
    """One page of a project's runs that a query is true of, newest first unless sorted; `count` also counts them."""
    query = query_of(q=q, sort=sort, metrics=metrics, limit=limit, cursor=cursor, count="true" if count else "")
    return Request("GET", path_of("projects", project, "runs"), RunPage, query)


def search_runs(
    *,
    q: str = "",
    sort: str = "",
    metrics: Sequence[str] = (),
    limit: int | None = None,
    cursor: str = "",
    count: bool = False,
) -> Request[RunPage]:
    """One page of the runs of all projects that the asker may read; `count` also counts them."""
    query = query_of(q=q, sort=sort, metrics=metrics, limit=limit, cursor=cursor, count="true" if count else "")
    return Request("GET", path_of("runs"), RunPage, query)


def read_run_table(
    project: str,
    *,
    q: str = "",
    sort: str = "",
    metrics: Sequence[str] = (),
    limit: int | None = None,
    cursor: str = "",
) -> Request[RunTablePage]:
    """One page of a project's runs as columns, with these metrics (none named: all)."""
    query = query_of(q=q, sort=sort, metric=metrics, limit=limit, cursor=cursor)
    return Request("GET", path_of("projects", project, "runs", "table"), RunTablePage, query)


def get_run(project: str, ref: str) -> Request[RunRecord]:
    return Request("GET", run_path(project, ref), RunRecord)


def edit_run(project: str, ref: str, body: EditRun, *, key: str = "", match: str = "") -> Request[RunRecord]:
    """Change a run; with `match`, only if it still has that ETag."""
    return change("PATCH", run_path(project, ref), RunRecord, body, key=key, match=match)


def delete_run(project: str, ref: str, *, key: str = "") -> Request[None]:
    return change("DELETE", run_path(project, ref), type(None), key=key)


def act_on_run(project: str, ref: str, verb: str, message: str = "", *, key: str = "") -> Request[RunRecord]:
    """Do `approve`, `stop`, `skip`, `archive` or `restore`. Actions are idempotent: repeating one that has already
    taken effect succeeds."""
    return change("POST", run_path(project, ref, verb), RunRecord, Note(message=message), key=key)


def tag_run(project: str, ref: str, body: TagRun, *, key: str = "") -> Request[RunRecord]:
    return change("POST", run_path(project, ref, "tag"), RunRecord, body, key=key)


def clone_run(project: str, ref: str, kind: str, body: CloneRun, *, key: str = "") -> Request[RunRecord]:
    """Create a run from another by `restart`, `resume` or `copy`. Idempotent by `key`."""
    return change("POST", run_path(project, ref, kind), RunRecord, body, key=key)


def act_on_runs(project: str, body: BulkAction, *, key: str = "") -> Request[BulkResult]:
    """One action on many runs."""
    return change("POST", path_of("projects", project, "runs", "bulk"), BulkResult, body, key=key)


def read_lineage(project: str, ref: str) -> Request[Lineage]:
    return Request("GET", run_path(project, ref, "lineage"), Lineage)


def renew_run_token(project: str, ref: str) -> Request[RunToken]:
    """Renew a run's own token; the request must be sent with that token."""
    return Request("POST", run_path(project, ref, "token"), RunToken)


def list_statuses(project: str, ref: str, *, limit: int | None = None, cursor: str = "") -> Request[TransitionPage]:
    return Request("GET", run_path(project, ref, "statuses"), TransitionPage, query_of(limit=limit, cursor=cursor))


def why_run(project: str, ref: str) -> Request[Why]:
    return Request("GET", run_path(project, ref, "why"), Why)
