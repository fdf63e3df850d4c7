"""Routes of a plugin: Litestar controllers and route handlers, and who may use each.

Place. They are below `/api/v1/<plugin>/`, or at a `prefix` that the plugin declares, such as `/docs`, and `/` for a
home page. No address may be one of two owners: a route that could be meant where one of core or of another plugin is
meant is refused, and with it the plugin (of two plugins the later one by name).

Authorization. Every handler declares how it is authorized, in its own `opt` or its controller's:
`opt={"authorization": Permission(READ, project="project")}`. A handler without a declaration is refused, and the plugin
with it. The authorization test walks them like core's own.

Parameters. A handler may ask for `platform: Platform`, and with a `Permission` for `actor: Actor` and `change: Change`,
by name; these types are imported when the module is (not under `TYPE_CHECKING`), as Litestar reads annotations. Raise
the errors of `trainyard_core.errors`: they become answers in the one shape that the API has. Below `/api/v1` query
parameters that a handler does not declare are refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

import msgspec

from trainyard_core.auth import ADMIN, READ, TRACK, WRITE, Actor
from trainyard_core.contracts.database import PluginTx

if TYPE_CHECKING:
    from trainyard_core.contracts.platform import Platform

__all__ = [
    "ADMIN",
    "PUBLIC",
    "READ",
    "TRACK",
    "WRITE",
    "Actor",
    "Authorization",
    "Change",
    "Permission",
    "Public",
    "Routes",
    "Signed",
]

T = TypeVar("T")


class Permission(msgspec.Struct, frozen=True):
    """A token is needed, whose holder may do `action` (of `trainyard_core.auth`): to the run that the path parameter
    `run` names, in the project that the path parameter `project` names, or with neither in the deployment. A project or
    run that is not there is answered with 404 before the handler is called."""

    action: str
    project: str = ""
    run: str = ""


class Signed(msgspec.Struct, frozen=True):
    """No token: the request carries a signature of its own, which `verify` checks by the headers (names in lower case)
    and the raw body before anything else reads them. It returns whether the request is genuine; one that is not is
    answered with 401. One that raises or takes more than two seconds is answered with 503, and one that comes from an
    address with many wrong ones with 429, unchecked. The body has at most 4 MiB, or what the handler declares by
    `request_max_body_size`."""

    verify: Callable[[Platform, Mapping[str, str], bytes], Awaitable[bool]]


class Public(msgspec.Struct, frozen=True):
    """Anybody may ask: the answer holds nothing of what is on the server."""


PUBLIC = Public()
Authorization = Permission | Signed | Public


@runtime_checkable  # Litestar looks at what it gives to a handler
class Change(Protocol):
    """The way in which a handler changes the plugin's tables: what it does and the answer to the request's
    `Idempotency-Key` are one transaction. A request that comes again with its key and the same token gets the answer
    that the first one got, whatever has happened since, and `work` is not called; one with the same key and another
    body, method or address is refused."""

    async def __call__(self, work: Callable[[PluginTx], Awaitable[T]], answer: type[T], /) -> T:
        """Run `work` in a transaction that writes, and return what it returned, an object of the type `answer` that
        msgspec writes as JSON and reads back. Raises IdempotencyReused, and what `work` raises."""

    async def claim(self) -> Any:
        """The request's claim on its key, for calls of the platform that take a `change`; of core's own making."""

    def check_match(self, current: msgspec.Struct) -> None:
        """Hold the request's `If-Match` header, if there is one, against what the resource is now, as the handler of
        GET answers it. Raises PreconditionFailed."""


class Routes(msgspec.Struct, frozen=True, kw_only=True):
    """Controllers or route handlers, or a function that returns them, which is called in processes that serve the API
    only: an agent need not import them. `name` is unique within the plugin; `prefix` is where they are, empty for
    `/api/v1/<plugin>`. With `fallback` they give way: where another plugin has routes at their addresses, they are left
    out, and nothing is wrong."""

    name: str = "api"
    handlers: Sequence[Any] | Callable[[], Sequence[Any]] = ()
    prefix: str = ""
    fallback: bool = False
