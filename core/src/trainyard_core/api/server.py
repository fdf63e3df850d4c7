"""The server itself: health, readiness, version, plugins and the settings in force."""

from __future__ import annotations

from importlib.metadata import version

from litestar import Controller, get

from trainyard.client import models
from trainyard_core.api.access import Asked, allow, platform_of
from trainyard_core.auth import ANYONE, READ

__all__ = ["Server"]


class Server(Controller):
    """What is asked of a server."""

    path = "/"
    tags = ("server",)

    @get("/plugins")
    async def plugins(self, request: Asked) -> list[models.Plugin]:
        """The installed plugins, broken ones with what is wrong."""
        allow(request, READ)
        loaded = platform_of(request).registry.plugins.values()
        return [models.Plugin(name=p.name, version=p.version, offers=p.offers, error=p.error) for p in loaded]

    @get("/version")
    async def version(self, request: Asked) -> models.Version:
        """Which server this is, and which capabilities nothing offers."""
        allow(request, ANYONE)
        return models.Version(version=version("trainyard-core"), missing=platform_of(request).registry.missing())

    @get("/health", opt={"exclude_from_auth": True})
    async def health(self) -> dict[str, str]:
        """Whether the process answers. The only address that asks for no token; it tells nothing else."""
        return {"status": "ok"}
