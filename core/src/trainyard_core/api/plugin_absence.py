"""Answers for a part of the API that a plugin serves, on a server without that plugin: they name what is missing. It is
not as if what was asked for did not exist, for the client knows of it."""

from __future__ import annotations

import re
from typing import Any

from litestar import Request

from trainyard.client.distributions import serving
from trainyard_core.errors import NotInstalled

__all__ = ["absent_plugin"]

_PROJECTS = "/api/v1/projects"
_ADDRESS = re.compile(rf"{_PROJECTS}/[^/]+/([^/]+)")


def absent_plugin(request: Request[Any, Any, Any]) -> NotInstalled | None:
    """What to answer at an address that nothing is at: that the plugin for it is missing, if so."""
    found = _ADDRESS.match(request.url.path)
    distribution = serving(found[1]) if found else ""
    if found is None or not distribution or _is_served(request, found[1]):
        return None
    return NotInstalled(
        f"the server has no plugin for {found[1]}",
        fix=f"have it installed where the server runs: pip install {distribution}",
    )


def _is_served(request: Request[Any, Any, Any], noun: str) -> bool:
    prefix = f"{_PROJECTS}/{{project}}/{noun}"
    return any(route.path_format.startswith(prefix) for route in request.app.routes)
