"""Requests about projects."""

from __future__ import annotations

from trainyard.client.models import EditProject, NewProject, Project, ProjectPage
from trainyard.client.requests.path import change, query_of
from trainyard.client.wire import Request, path_of

__all__ = ["create_project", "delete_project", "edit_project", "get_project", "list_projects"]


def list_projects(*, limit: int | None = None, cursor: str = "") -> Request[ProjectPage]:
    return Request("GET", path_of("projects"), ProjectPage, query_of(limit=limit, cursor=cursor))


def get_project(name: str) -> Request[Project]:
    return Request("GET", path_of("projects", name), Project)


def create_project(body: NewProject, *, key: str = "") -> Request[Project]:
    return change("POST", path_of("projects"), Project, body, key=key)


def edit_project(name: str, body: EditProject, *, key: str = "", match: str = "") -> Request[Project]:
    return change("PATCH", path_of("projects", name), Project, body, key=key, match=match)


def delete_project(name: str, *, key: str = "") -> Request[None]:
    return change("DELETE", path_of("projects", name), type(None), key=key)
