"""Routes of a plugin: Litestar controllers and route handlers, and who may use each.

Place. They are below `/api/v1/<plugin>/`, or at a `prefix` that the plugin declares, such as `/docs`, and `/` for a
home page. One that hides a route of core or of another plugin is refused, and with it the plugin.

Authorization. Every handler declares how it is authorized, in its own `opt` or its controller's:
`opt={"authorization": Permission(READ, project="project")}`. A handler without a declaration is refused, and the plugin
with it. The authorization test walks them like core's own.

Parameters. A handler may ask for `platform: Platform` and `actor: Actor` by name. Raise the errors of
`trainyard_core.errors`: they become answers in the one shape that the API has.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from trainyard_core.contracts.platform import Platform

__all__ = ["PUBLIC", "Authorization", "Permission", "Public", "Routes", "Signed"]


class Permission(msgspec.Struct, frozen=True):
    """A token is needed, whose holder may do `action` (of `trainyard_core.auth`): in the project that the path
    parameter `project` names, or in the deployment when it is empty."""

    action: str
    project: str = ""


class Signed(msgspec.Struct, frozen=True):
    """No token: the request carries a signature of its own, which `verify` checks by the headers (names in lower case)
    and the raw body before anything else reads them. It returns whether the request is genuine; one that is not is
    answered with 401."""

    verify: Callable[[Platform, Mapping[str, str], bytes], Awaitable[bool]]


class Public(msgspec.Struct, frozen=True):
    """Anybody may ask: the answer holds nothing of what is on the server."""


PUBLIC = Public()
Authorization = Permission | Signed | Public


class Routes(msgspec.Struct, frozen=True, kw_only=True):
    """Controllers or route handlers. `name` is unique within the plugin; `prefix` is where they are, empty for
    `/api/v1/<plugin>`."""

    name: str = "api"
    handlers: Sequence[Any] = ()
    prefix: str = ""
