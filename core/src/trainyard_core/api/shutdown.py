"""What a client is told whose request is cut off because the server ends: to ask again. Without a word of ours it would
be an error of the server, which nobody repeats."""

from __future__ import annotations

import asyncio

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from trainyard_core.api.problems import PROBLEM, encoded
from trainyard_core.errors import Unavailable

__all__ = ["answering"]

_ENDING = Unavailable("the server ends before it could answer", fix="ask again")


def answering(app: ASGIApp) -> ASGIApp:
    """The same application; a request of it that is cancelled is answered, unless an answer has begun."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, receive, sending)
        except asyncio.CancelledError:
            if begun or scope["type"] != ScopeType.HTTP:
                raise
            headers = [(b"content-type", PROBLEM.encode()), (b"retry-after", b"1")]
            await send({"type": "http.response.start", "status": _ENDING.status, "headers": headers})
            await send({"type": "http.response.body", "body": encoded(_ENDING), "more_body": False})

    return answered
