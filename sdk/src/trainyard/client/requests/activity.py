"""Requests about what happened."""

from __future__ import annotations

from trainyard.client.models import ActivityPage
from trainyard.client.requests.path import query_of, run_path
from trainyard.client.wire import Request

__all__ = ["list_activities"]


def list_activities(project: str, ref: str, *, limit: int | None = None, cursor: str = "") -> Request[ActivityPage]:
    return Request("GET", run_path(project, ref, "activities"), ActivityPage, query_of(limit=limit, cursor=cursor))
