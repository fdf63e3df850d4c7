"""Who may do what: from an actor, an action and what it is done to, yes or no. Pure.

An action is `read`, `write` (create and change), `track` (frames and artifacts of a run), `admin` (members, limits,
what belongs to everybody) or `agent` (take assignments and report). People and services have a role in the deployment,
which holds in every project, and roles in single projects; the higher one counts. A token narrows its owner to some
actions (its scopes) and some projects. A run's own token tracks that run, reads that run's project and does nothing
else; that of an untrusted run reads that run alone; an agent's acts for that agent and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

__all__ = [
    "ADMIN",
    "AGENT",
    "ANYONE",
    "KNOWN",
    "READ",
    "ROLES",
    "SCOPES",
    "TRACK",
    "WRITE",
    "Actor",
    "may",
    "role_in",
    "visible",
]

READ, WRITE, TRACK, ADMIN, AGENT = "read", "write", "track", "admin", "agent"
KNOWN = "known"
"""The action of whoever is a person or a service, whatever the role: to see which queues there are, one's own
tokens."""
ANYONE = "anyone"
"""The action of whoever has a valid token of any kind: to ask for the version."""
SCOPES = (READ, WRITE, TRACK, ADMIN, AGENT)
ROLES = ("none", "viewer", "member", "admin")
"""From the least to the most."""
EVERYWHERE = ("*",)
_MAY = {
    "none": frozenset[str](),
    "viewer": frozenset({READ}),
    "member": frozenset({READ, WRITE, TRACK}),
    "admin": frozenset({READ, WRITE, TRACK, ADMIN, AGENT}),
}


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `role` is that in the deployment: one of `ROLES`, or `run` or `agent`. `roles` are those in single
    projects; `scopes` and `projects` are what the token allows at most, which for a run is the project that it is in;
    of that, a run that is `alone` may read itself only. `token` is the id of the token, empty for one that is not
    stored."""

    name: str
    role: str = "none"
    roles: Mapping[str, str] = {}
    scopes: tuple[str, ...] = SCOPES
    projects: tuple[str, ...] = EVERYWHERE
    run: str = ""
    attempt: int = 0
    alone: bool = False
    agent: str = ""
    token: str = ""


def may(actor: Actor, action: str, *, project: str = "", run: str = "", agent: str = "") -> bool:
    """Whether `actor` may do `action`: to a run, for an agent, in a project, or (with none of them) in the
    deployment."""
    if action == ANYONE:
        return True
    if actor.role == "run":
        mine = bool(run) and run == actor.run
        near = not actor.alone and bool(project) and project in actor.projects
        return (mine and action in (READ, TRACK)) or (action == READ and near)
    if actor.role == "agent":
        return action == AGENT and bool(agent) and agent == actor.agent
    if action == KNOWN:
        return True
    return action in actor.scopes and action in _MAY[role_in(actor, project)]


def role_in(actor: Actor, project: str = "") -> str:
    """The role of a person or service in a project, or in the deployment; `none` where the token does not reach."""
    if EVERYWHERE[0] not in actor.projects and project not in actor.projects:
        return "none"
    own = actor.role if actor.role in ROLES else "none"
    return max(own, actor.roles.get(project, "none"), key=ROLES.index) if project else own


def visible(actor: Actor) -> frozenset[str] | None:
    """The projects that the actor may read; None: all."""
    if actor.role == "run":
        return frozenset() if actor.alone else frozenset(actor.projects)
    if actor.role == "agent" or READ not in actor.scopes:
        return frozenset()
    everywhere = EVERYWHERE[0] in actor.projects
    if READ in _MAY.get(actor.role, _MAY["none"]):
        return None if everywhere else frozenset(actor.projects)
    readable = {project for project, role in actor.roles.items() if READ in _MAY[role]}
    return frozenset(readable if everywhere else readable & set(actor.projects))
