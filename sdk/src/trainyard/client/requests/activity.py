"""Requests about activities: of a run, of a project or (with an empty project) of all that the caller may read; up to
now or as a stream."""

from __future__ import annotations

from trainyard.client.models import ActivityPage
from trainyard.client.requests.path import query_of, run_path
from trainyard.client.wire import EVENT_STREAM, Request, path_of

__all__ = ["follow_activities", "follow_run", "latest_activities", "list_activities"]


def list_activities(project: str, ref: str, *, limit: int | None = None, cursor: str = "") -> Request[ActivityPage]:
    return Request("GET", run_path(project, ref, "activities"), ActivityPage, query_of(limit=limit, cursor=cursor))


def latest_activities(
    project: str, *, kind: str = "", limit: int | None = None, cursor: str = ""
) -> Request[ActivityPage]:
    query = query_of(kind=kind, limit=limit, cursor=cursor)
    return Request("GET", _path(project), ActivityPage, query)


def follow_activities(project: str, *, after: int | None = None) -> Request[bytes]:
    """The events of a project or of all projects, after an activity or from now on."""
    return Request("GET", _path(project), bytes, query_of(after=after), {"Accept": EVENT_STREAM})


def follow_run(project: str, ref: str) -> Request[bytes]:
    """The events of a run: `status`, `metrics`, and `end`."""
    return Request("GET", run_path(project, ref, "events"), bytes, headers={"Accept": EVENT_STREAM})


def _path(project: str) -> str:
    return path_of("projects", project, "activities") if project else path_of("activities")
