"""Offers the page of the API's documentation and a home page. Imports nothing heavy before they are asked for."""

from __future__ import annotations

from trainyard_core.contracts.routes import Routes
from trainyard_core.hookspecs import hookimpl


@hookimpl
def register_controllers() -> list[Routes]:
    """Both pages. The home page gives way to that of another plugin."""
    return [
        Routes(name="docs", handlers=_docs, prefix="/api/docs"),
        Routes(name="home", handlers=_home, prefix="/", fallback=True),
    ]


def _docs() -> list[object]:
    from trainyard_api_docs.docs import Docs

    return [Docs]


def _home() -> list[object]:
    from trainyard_api_docs.home import Home

    return [Home]
