"""Whether an actor may do something, and which project or run is meant; raises when it may not. Routes and the platform
of plugins ask here alike.

A run is named by its id, a unique ending of it, or `latest`: the newest of the project that is no child of another,
such as a trial. What the asker may not see is answered as if it did not exist.
"""

from __future__ import annotations

from trainyard_core import auth
from trainyard_core.auth import ADMIN, AGENT, READ, TRACK, WRITE, Actor
from trainyard_core.db import projects, runs
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.errors import Conflict, Forbidden, Invalid, NotFound, choice
from trainyard_core.ids import is_run_id
from trainyard_core.registry import HookFailed, Registry

__all__ = ["Authorization", "check_project", "no_project"]

LATEST = "latest"
SHORTEST = 4
MOST_NAMED = 200
HEX = frozenset("0123456789abcdef-")


class Authorization:
    """The decisions of one process: what plugins say, else what the roles say."""

    def __init__(self, registry: Registry, database: Database) -> None:
        self._hooks, self._database = registry.requests, database

    async def can(self, actor: Actor, action: str, *, project: str = "", run: str = "", agent: str = "") -> bool:
        """Whether the actor may do that: as a plugin says, else as the roles say. A plugin that fails to say
        forbids."""
        try:
            said = await self._hooks.authorize(actor=actor, action=action, project=project, run=run, agent=agent)
        except HookFailed:
            return False
        return auth.may(actor, action, project=project, run=run, agent=agent) if said is None else said

    async def allow(self, actor: Actor, action: str, project: str = "") -> Actor:
        """The actor, who may do that in the project, or in the deployment. Raises NotFound for a project that the actor
        may not see, Forbidden for one that the actor sees but may not do that to. A run is told that other projects are
        not for its token, whether there are such or not."""
        if await self.can(actor, action, project=project):
            return actor
        await self._check_sees(actor, project)
        where = f"in project '{project}'" if project else "here"
        raise Forbidden(f"{actor.name} may not {action} {where}", fix="use a token with another role or scope")

    async def allow_within(self, actor: Actor, action: str, project: str) -> Actor:
        """As `allow`, in a project that is there. Raises NotFound for one that is not."""
        await self.allow(actor, action, project)
        if await self._database.read(lambda tx: projects.get(tx, project)) is None:
            await self.refuse_unknown_project(actor, project)
        return actor

    async def allow_agent(self, actor: Actor, name: str) -> Actor:
        """The actor, who may act for that agent. Raises NotFound for another agent's token, Forbidden for others."""
        if await self.can(actor, AGENT, agent=name):
            return actor
        if actor.role == "agent":
            raise NotFound(f"no agent '{name}'", fix="an agent's token acts for that agent only")
        raise Forbidden(f"{actor.name} may not act for agent '{name}'", fix="use the agent's own token")

    async def visible(self, actor: Actor) -> frozenset[str] | None:
        """The projects that the actor may read; None: all of them. A plugin that decides is asked about each."""
        if not self._hooks.has("authorize"):
            return auth.visible(actor)
        names = await self._database.read(projects.names)
        return frozenset([name for name in names if await self.can(actor, READ, project=name)])

    async def find_run(self, actor: Actor, project: str, ref: str, action: str) -> Row:
        """The run that is meant, if the actor may do that to it. Raises NotFound, Conflict for an ambiguous ending,
        Forbidden, Invalid for what is tracked of `latest`."""
        if actor.role == "run" and not actor.projects:
            raise _no_run(project, ref)  # it has been deleted
        alone = actor.alone and project in actor.projects
        if not alone:
            await self._check_sees(actor, project)
        if ref == LATEST and action == TRACK:
            raise Invalid("`latest` may be another run when this is sent again", fix="name the run by its id")
        row = await self._database.read(lambda tx: _look_for(tx, project, ref))
        if alone and (row is None or row["id"] != actor.run):
            raise _alone(actor)
        if row is None:
            await self.refuse_unknown_project(actor, project)
            raise _no_run(project, ref)
        if not await self.can(actor, action, project=project, run=row["id"]):
            raise Forbidden(
                f"{actor.name} may not {action} run {row['id']}", fix="use a token with another role or scope"
            )
        return row

    async def refuse_unknown_project(self, actor: Actor, name: str) -> None:
        """As `check_project`, for a question that has found nothing in it."""
        only = await self.visible(actor)
        await self._database.read(lambda tx: check_project(tx, name, only))

    async def _check_sees(self, actor: Actor, project: str) -> None:
        """Raises NotFound for a project of which the actor may not know: whoever may do anything in it does. A run is
        told that its token is for another one, whether there is such a project or not."""
        if not project:
            return
        for action in (READ, WRITE, TRACK, ADMIN):
            if await self.can(actor, action, project=project):
                return
        if actor.role != "run":
            raise no_project(project)
        raise _alone(actor) if actor.alone else _elsewhere(actor)


def no_project(name: str) -> NotFound:
    """The error for a project that is not there, or not for the asker to see: it names no other project."""
    return NotFound(f"no project '{name}'", fix="see yard projects ls; create it: yard projects create")


def _alone(actor: Actor) -> Forbidden:
    return Forbidden(
        f"the token of run {actor.run} may read that run only, as its code comes from outside",
        fix="read other runs outside of it, with a token of your own",
    )


def _elsewhere(actor: Actor) -> Forbidden:
    return Forbidden(
        f"the token of run {actor.run} may read its own project only",
        fix="use a token of your own: set TRAINYARD_TOKEN in the program, or log in with another one",
    )


async def check_project(tx: Tx, name: str, only: frozenset[str] | None) -> None:
    """Raises NotFound for a project that is not there, naming those of `only` (None: all), which the asker may see."""
    if await projects.get(tx, name) is None:
        known = [row["name"] for row in await projects.page(tx, only=only, limit=MOST_NAMED)]
        raise NotFound(choice("project", name, known), fix="use one of these, or create it: yard projects create")


async def _look_for(tx: Tx, project: str, ref: str) -> Row | None:
    if is_run_id(ref):
        row = await runs.get(tx, ref)
        if row is not None and row["project"] == project:
            return row
    elif len(ref) >= SHORTEST and set(ref) <= HEX:
        rows = await runs.by_ending(tx, project, ref)
        if len(rows) > 1:
            raise Conflict(f"more than one run of '{project}' ends with '{ref}'", fix="use more characters of the id")
        if rows:
            return rows[0]
    elif ref == LATEST:
        return await runs.newest(tx, project)
    return None


def _no_run(project: str, ref: str) -> NotFound:
    if ref == LATEST:
        return NotFound(f"there is no latest run: project '{project}' has none", fix="create one with `yard run -f`")
    return NotFound(
        f"no run '{ref}' in project '{project}'",
        fix=f"use the id, or its last {SHORTEST} characters or more; see yard ls",
    )
