"""The plugin's routes: notes about a project, and a home page."""

from __future__ import annotations

from html import escape
from typing import Annotated

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody

from trainyard.client.models import RunRecord
from trainyard.compile.resolved import ResolvedOperation
from trainyard_alternate_everything import notes
from trainyard_alternate_everything.director import KIND
from trainyard_alternate_everything.notes import Note, NotePage
from trainyard_core.contracts.database import PluginTx
from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.routes import PUBLIC, READ, WRITE, Actor, Change, Permission
from trainyard_core.errors import Invalid

__all__ = ["Home", "Notes", "Reviews"]


class NewReview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A review to create."""

    name: str
    steps: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1


class Notes(Controller):
    """`/notes/{project}`."""

    path = "/notes/{project:str}"
    tags = ("notes",)

    @get(opt={"authorization": Permission(READ, project="project")})
    async def page(self, platform: Platform, project: FromPath[str]) -> NotePage:
        """List the notes about a project, by name."""
        return await platform.database.read(lambda tx: notes.page(tx, project))

    @post(opt={"authorization": Permission(WRITE, project="project")}, status_code=200)
    async def add(
        self, platform: Platform, change: Change, actor: Actor, project: FromPath[str], data: JSONBody[Note]
    ) -> Note:
        """Write a note about a project, in place of the one of that name."""
        if len(data.text) > platform.settings.longest:
            raise Invalid(f"`text` has {len(data.text)} characters", fix=f"use at most {platform.settings.longest}")
        note = Note(name=data.name, text=data.text or f"by {actor.name}")

        async def work(tx: PluginTx) -> Note:
            await notes.add(tx, project, note)
            return note

        return await change(work, Note)


class Reviews(Controller):
    """`/reviews/{project}`."""

    path = "/reviews/{project:str}"
    tags = ("reviews",)

    @post(opt={"authorization": Permission(WRITE, project="project")})
    async def create(
        self, platform: Platform, change: Change, actor: Actor, project: FromPath[str], data: JSONBody[NewReview]
    ) -> RunRecord:
        """Create a review: a run that plans its steps."""
        operation = ResolvedOperation(kind=KIND, name=data.name, spec={"steps": data.steps})
        return await platform.parents.create(actor, project, operation, change=change)


class Home(Controller):
    """`/`, in place of the page of links."""

    path = "/"
    include_in_schema = False
    opt = {"authorization": PUBLIC}  # noqa: RUF012 - as Litestar declares it

    @get()
    async def page(self, platform: Platform) -> Response[str]:
        """The page itself."""
        greeting = escape(platform.settings.greeting)
        return Response(f"<!doctype html><title>Everything</title><h1>{greeting}</h1>", media_type="text/html")
