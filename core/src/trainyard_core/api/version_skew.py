"""Clients of another version are told the server's, and what is spoken here. Every answer has `X-Trainyard-Server`; who
asks for an API that is not spoken here, by address or by `X-Trainyard-Client: <version>; api=<name>`, is told what is.

A client of another version that asks for an API that is spoken is served: the API's name changes when it breaks.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

from litestar import Request
from litestar.datastructures import Headers
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from trainyard_core.errors import ApiVersion

__all__ = ["SPOKEN", "other_api", "spoken", "told"]

SPOKEN = ("v1",)
"""The APIs that this server speaks, each below `/api/<name>`."""
_ADDRESS = re.compile(r"/api/(v\d{1,9})(/|$)")
_CLIENT = re.compile(r"\s*([^;\s]{1,40})\s*;\s*api=([A-Za-z0-9.]{1,20})\s*")
_HEADER = (b"x-trainyard-server", version("trainyard-core").encode())


async def told(message: Message, scope: Scope) -> None:
    """Before an answer is sent: put the server's version on it."""
    if message["type"] == "http.response.start":
        message["headers"] = [*message["headers"], _HEADER]


def spoken(app: ASGIApp) -> ASGIApp:
    """A middleware that refuses a client that speaks none of our APIs, before it is asked who it is. Raises
    ApiVersion."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        said = _CLIENT.fullmatch(Headers.from_scope(scope).get("x-trainyard-client", ""))
        if said is not None and said[2] not in SPOKEN:
            raise ApiVersion(f"client {said[1]} speaks API {said[2]}, and this server {_we()}", fix=_fix(said[2]))
        await app(scope, receive, send)

    return checked


def other_api(request: Request[Any, Any, Any]) -> ApiVersion | None:
    """What to answer at an address that nothing is at: that another API was meant, if so."""
    found = _ADDRESS.match(request.url.path)
    if found is None or found[1] in SPOKEN:
        return None
    return ApiVersion(f"{request.url.path} is of API {found[1]}, and this server {_we()}", fix=_fix(found[1]))


def _we() -> str:
    return f"(Trainyard {_HEADER[1].decode()}) speaks {', '.join(SPOKEN)}"


def _fix(theirs: str) -> str:
    newer = theirs.removeprefix("v").isdigit() and int(theirs.removeprefix("v")) > int(SPOKEN[-1].removeprefix("v"))
    major = _HEADER[1].decode().partition(".")[0]
    older_client = f"use a client of the server's age: pip install 'trainyard>={major},<{int(major) + 1}'"
    return f"upgrade the server, or {older_client}" if newer else older_client
