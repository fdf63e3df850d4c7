"""Requests about background jobs."""

from __future__ import annotations

from trainyard.client.models import Job, JobPage
from trainyard.client.requests.path import change, query_of
from trainyard.client.wire import Request, path_of

__all__ = ["list_jobs", "remove_job", "retry_job"]


def list_jobs(*, state: str = "", plugin: str = "", limit: int | None = None, cursor: str = "") -> Request[JobPage]:
    query = query_of(state=state or None, plugin=plugin or None, limit=limit, cursor=cursor)
    return Request("GET", path_of("jobs"), JobPage, query=query)


def retry_job(job: int, *, key: str = "") -> Request[Job]:
    return change("POST", path_of("jobs", str(job), "retry"), Job, key=key)


def remove_job(job: int, *, key: str = "") -> Request[None]:
    return change("DELETE", path_of("jobs", str(job)), type(None), key=key)
