"""Requests about projects."""

from __future__ import annotations

import msgspec

from trainyard.client.models import Project
from trainyard.client.requests.path import JSON
from trainyard.client.wire import Request, path_of

__all__ = ["create_project", "list_projects"]


def list_projects() -> Request[list[Project]]:
    return Request("GET", path_of("projects"), list[Project])


def create_project(name: str, description: str = "") -> Request[Project]:
    """Not repeated by itself: a second try could not tell its own first from somebody else's project."""
    body = {"name": name, **({"description": description} if description else {})}
    content = msgspec.json.encode(body)
    return Request("POST", path_of("projects"), Project, headers=JSON, content=content, repeatable=False)
