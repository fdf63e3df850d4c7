"""`trainyard.launch`: create a run of an operation and return a handle on it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from trainyard.client import Client
from trainyard.submission.material import Material, check, folder_code, of_files, of_mapping, request_of
from trainyard.submission.run_handle import RunHandle, plain_params

if TYPE_CHECKING:
    from trainyard.client.models import CreateRun

__all__ = ["launch"]

_log = logging.getLogger("trainyard")


def launch(
    operation: str | os.PathLike[str] | Mapping[str, Any],
    /,
    *,
    params: Mapping[str, Any] | None = None,
    project: str | None = None,
    name: str = "",
    queue: str = "",
    tags: str | Iterable[str] = (),
    presets: Iterable[str] = (),
    **more: Any,
) -> RunHandle:
    """Create a run of an operation, and return a handle on it at once.

    `operation` is a file, or an operation as a mapping; it is checked here first, as `yard run` does. Its params are
    given by name, as in `launch("train.yaml", lr=0.1)`, or in the mapping `params`. `name` and `queue` replace those of
    the operation, `tags` are added to its own, and `presets` are registered presets that are patched onto it. The
    program is where the operation says, else in the folder of the file, or for a mapping in the working directory.

    Raises SpecError with each finding and its place, Invalid for what the server refuses, FileNotFoundError for a file
    that does not exist, NoServer and NotReachable where there is no server."""
    values, material = plain_params(params, more), _material(operation, presets)
    resolved = check(material, values)
    labels = [tags] if isinstance(tags, str) else [*tags]
    request = request_of(material, params=values, name=name, queue=queue, tags=labels)
    with Client(project=project) as client:
        kind = _code_kind(client, request) if resolved is None else resolved.code.kind
        if kind == "none":
            request = msgspec.structs.replace(request, code=folder_code(material.folder))
        return RunHandle(client.runs.create(request))


def _material(operation: str | os.PathLike[str] | Mapping[str, Any], presets: Iterable[str]) -> Material:
    names = (presets,) if isinstance(presets, str) else tuple(presets)
    if isinstance(operation, Mapping):
        return of_mapping(operation, Path.cwd(), presets=names)
    return of_files([Path(operation)], names)


def _code_kind(client: Client, request: CreateRun) -> str:
    """The kind of code that an operation brings once the server has looked up its references. Logs its warnings."""
    preview = client.runs.preview(request)
    for warning in preview.warnings:
        _log.warning("trainyard: %s", warning)
    return str(preview.resolved.get("code", {}).get("kind", "none"))
