"""`/`: what a browser finds at the address that `yard up` prints. A small page of links for whoever comes by: it tells
the server's version and nothing of what is on it. Links are relative, so that they lead on behind a proxy."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.metadata import version
from importlib.resources import files

from litestar import Controller, Response, get

from trainyard_api_docs.docs import HEADERS
from trainyard_core.contracts.routes import PUBLIC

__all__ = ["Home"]


class Home(Controller):
    """The page asks for no token."""

    path = "/"
    opt = {"authorization": PUBLIC}  # noqa: RUF012 - Litestar declares it
    include_in_schema = False

    @get()
    async def page(self) -> Response[bytes]:
        """The page itself."""
        return Response(_page(), media_type="text/html", headers=HEADERS)


@cache
def _page() -> bytes:
    page = (files(__package__) / "static" / "home.html").read_text(encoding="utf-8")
    return page.replace("{version}", escape(version("trainyard-core"))).encode()
