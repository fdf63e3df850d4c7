"""Requests about components and presets, and about the parts of a run. `noun` is `components` or `presets`."""

from __future__ import annotations

import msgspec

from trainyard.client.models import (
    Component,
    ComponentPage,
    CreateRun,
    EditComponent,
    Preview,
    RegisterComponent,
    Uses,
)
from trainyard.client.requests.path import JSON, change, query_of, run_path
from trainyard.client.wire import Request, path_of

__all__ = [
    "delete_component",
    "edit_component",
    "get_component",
    "list_components",
    "list_versions",
    "preview_run",
    "register_component",
    "run_uses",
]


def list_components(
    project: str, noun: str, *, limit: int | None = None, cursor: str = "", archived: bool = False
) -> Request[ComponentPage]:
    query = query_of(limit=limit, cursor=cursor, archived="true" if archived else "")
    return Request("GET", path_of("projects", project, noun), ComponentPage, query)


def list_versions(
    project: str, noun: str, name: str, *, limit: int | None = None, cursor: str = "", archived: bool = False
) -> Request[ComponentPage]:
    query = query_of(limit=limit, cursor=cursor, archived="true" if archived else "")
    return Request("GET", path_of("projects", project, noun, name, "versions"), ComponentPage, query)


def get_component(project: str, noun: str, name: str, version: str = "") -> Request[Component]:
    """One version, by default the newest."""
    rest = ("versions", version) if version else ()
    return Request("GET", path_of("projects", project, noun, name, *rest), Component)


def register_component(project: str, noun: str, body: RegisterComponent, *, key: str = "") -> Request[Component]:
    return change("POST", path_of("projects", project, noun), Component, body, key=key)


def edit_component(
    project: str, noun: str, name: str, version: str, body: EditComponent, *, key: str = "", match: str = ""
) -> Request[Component]:
    path = path_of("projects", project, noun, name, "versions", version)
    return change("PATCH", path, Component, body, key=key, match=match)


def delete_component(project: str, noun: str, name: str, version: str, *, key: str = "") -> Request[None]:
    path = path_of("projects", project, noun, name, "versions", version)
    return change("DELETE", path, type(None), key=key)


def preview_run(project: str, body: CreateRun) -> Request[Preview]:
    """Preview a run. Nothing is written, so that it is repeatable without a key."""
    path = path_of("projects", project, "runs", "preview")
    return Request("POST", path, Preview, headers=JSON, content=msgspec.json.encode(body))


def run_uses(project: str, ref: str) -> Request[Uses]:
    return Request("GET", run_path(project, ref, "uses"), Uses)
