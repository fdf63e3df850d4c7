"""Answers for a part of the API that a plugin serves, on a server without that plugin: they name what is missing. It is
not as if what was asked for did not exist, for the client knows of it."""

from __future__ import annotations

import re
from typing import Any

from litestar import Request

from trainyard.client.distributions import serving, serving_prefix
from trainyard_core.errors import NotInstalled

__all__ = ["absent_plugin"]

_PROJECTS = "/api/v1/projects"
_ADDRESS = re.compile(rf"{_PROJECTS}/[^/]+/([^/]+)")
_PREFIX = re.compile(r"/api/v1/([^/]+)/")


def absent_plugin(request: Request[Any, Any, Any]) -> NotInstalled | None:
    """What to answer at an address that nothing is at: that the plugin for it is missing, if so."""
    path = request.url.path
    if found := _ADDRESS.match(path):
        served, (distribution, noun) = f"{_PROJECTS}/{{project}}/{found[1]}", (serving(found[1]), found[1])
    elif found := _PREFIX.match(path):
        served, (distribution, noun) = f"/api/v1/{found[1]}", serving_prefix(found[1])
    else:
        return None
    if not distribution or any(route.path_format.startswith(served) for route in request.app.routes):
        return None
    return NotInstalled(
        f"the server has no plugin for {noun}",
        fix=f"have it installed where the server runs: pip install {distribution}",
    )
