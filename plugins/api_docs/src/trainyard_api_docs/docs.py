"""`/api/docs`: a page that reads the OpenAPI document to a person and lets them try routes with their token.

The page is three files of this package and loads nothing from anywhere else, which its content security policy makes
sure of. It knows no secret: whoever opens it gives a token, which the browser keeps for that tab.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath
from litestar.response import Redirect

from trainyard_core.contracts.routes import PUBLIC
from trainyard_core.errors import NotFound

__all__ = ["Docs"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
PAGE = "page.html"
PARTS = ("page.css", "page.js", "schema.js")


class Docs(Controller):
    """The page and its parts; they ask for no token and tell nothing of what is on the server."""

    path = "/"
    opt = {"authorization": PUBLIC}  # noqa: RUF012 - Litestar declares it
    include_in_schema = False

    @get()
    async def page(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The page itself."""
        if request.scope["raw_path"].partition(b"?")[0].endswith(b"/"):
            return Redirect("../docs", status_code=308, headers=HEADERS)  # parts are found beside the page
        return _file(request, PAGE)

    @get("/{name:str}")
    async def part(self, request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        """A part of it."""
        if name not in PARTS:
            raise NotFound(f"no part '{name[:80]}' of the page", fix="open /api/docs")
        return _file(request, name)


def _file(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
    body, tag = _read(name)
    headers = {**HEADERS, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type=TYPES[name.rpartition(".")[2]], headers=headers)


@cache
def _read(name: str) -> tuple[bytes, str]:
    body = (files(__package__) / "static" / name).read_bytes()
    return body, f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
