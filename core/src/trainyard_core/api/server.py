"""The server itself: health, readiness, version, plugins, the settings in force, and who is asking."""

from __future__ import annotations

from importlib.metadata import version

from litestar import Controller, Response, get

from trainyard.client import models
from trainyard_core import settings
from trainyard_core.api.access import ApiRequest, allow, allow_owner, runtime_of
from trainyard_core.auth import ADMIN, ANYONE, READ
from trainyard_core.clock import rfc3339
from trainyard_core.db import tokens
from trainyard_core.errors import TrainyardError
from trainyard_core.runtime import Runtime

__all__ = ["Server"]


class Server(Controller):
    """What is asked of a server."""

    path = "/"
    tags = ("server",)

    @get("/plugins")
    async def plugins(self, request: ApiRequest) -> models.PluginPage:
        """List the installed plugins, with the error of each broken one."""
        await allow_owner(request, READ)
        loaded = runtime_of(request).registry.plugins.values()
        items = [models.Plugin(name=p.name, version=p.version, offers=p.offers, error=p.error) for p in loaded]
        return models.PluginPage(items=items)

    @get("/settings")
    async def settings(self, request: ApiRequest) -> models.SettingPage:
        """Return the settings in force and the source of each; secrets are masked."""
        await allow(request, ADMIN)
        runtime = runtime_of(request)
        found = settings.in_force(runtime.settings, models=runtime.registry.sections(runtime.settings))
        return models.SettingPage(items=[models.Setting(name=n, value=v, source=s) for n, v, s in found])

    @get("/version")
    async def version(self, request: ApiRequest) -> models.Version:
        """Return the server's version, and the capabilities that no plugin offers."""
        await allow(request, ANYONE)
        return models.Version(version=version("trainyard-core"), missing=runtime_of(request).registry.missing())

    @get("/whoami")
    async def whoami(self, request: ApiRequest) -> models.Whoami:
        """Return who the server takes the caller for."""
        actor, runtime = await allow(request, ANYONE), runtime_of(request)
        row = await runtime.database.read(lambda tx: tokens.get(tx, actor.token)) if actor.token else None
        return models.Whoami(
            name=actor.name,
            role=actor.role,
            roles=dict(actor.roles),
            scopes=list(actor.scopes),
            projects=list(actor.projects),
            expires_at=rfc3339(row["expires_at"]) if row else None,
        )

    @get("/health", opt={"exclude_from_auth": True})
    async def health(self) -> dict[str, str]:
        """Answer, to show that the process does. Needs no token and returns no other information."""
        return {"status": "ok"}

    @get("/ready", opt={"exclude_from_auth": True})
    async def ready(self, request: ApiRequest) -> Response[models.Readiness]:
        """Return whether the server can work: 200, or 503. Needs no token and returns no details."""
        parts = await _parts(runtime_of(request))
        ready = all(state == "ok" for state in parts.values())
        return Response(models.Readiness(ready=ready, parts=parts), status_code=200 if ready else 503)


async def _parts(runtime: Runtime) -> dict[str, str]:
    try:
        await runtime.database.read(lambda tx: tx.one("SELECT 1 FROM project LIMIT 1"))
        database = "ok"
    except (TrainyardError, OSError):
        database = "failed"
    return {
        "database": database,
        "tracker": "ok" if runtime.tracker is not None else "missing",
        "streams": "closing" if runtime.event_feed.closing else "ok",
    }
