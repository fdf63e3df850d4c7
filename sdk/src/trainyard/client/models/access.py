"""People and services, their roles in projects, and tokens."""

from __future__ import annotations

import msgspec

__all__ = [
    "EditPrincipal",
    "Member",
    "MemberPage",
    "NewPrincipal",
    "NewToken",
    "Principal",
    "PrincipalPage",
    "PutMember",
    "Token",
    "TokenPage",
    "Whoami",
]


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A person (`kind` user) or a program (`kind` service). `role` holds in the whole deployment: none, viewer, member
    or admin. A disabled one is shut out with all its tokens."""

    name: str
    kind: str
    role: str
    description: str = ""
    disabled: bool = False
    created_at: str = ""
    updated_at: str = ""


class PrincipalPage(msgspec.Struct, frozen=True, kw_only=True):
    """People or services, by name."""

    items: list[Principal]
    next: str | None = None


class NewPrincipal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A person or service to be added."""

    name: str
    role: str = "none"
    description: str = ""


class EditPrincipal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is to change of a person or service; what is left out or null stays."""

    role: str | None = None
    description: str | None = None
    disabled: bool | None = None


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One who has a role in a project: viewer, member or admin."""

    principal: str
    kind: str
    role: str
    created_at: str = ""


class MemberPage(msgspec.Struct, frozen=True, kw_only=True):
    """A project's members, by name."""

    items: list[Member]
    next: str | None = None


class PutMember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The role that somebody is to have in a project."""

    role: str


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token of a person, service or agent. `prefix` is how its text begins; the text itself, `token`, is in the
    answer to its creation only. `scopes` are the actions and `projects` the projects that it is narrowed to (`*`:
    all). `parent` is the id of the token that it was made with, and with which it is revoked; empty for none."""

    id: str
    principal: str
    name: str = ""
    prefix: str = ""
    scopes: list[str] = []
    projects: list[str] = []
    created_at: str = ""
    expires_at: str | None = None
    revoked_at: str | None = None
    used_at: str | None = None
    parent: str = ""
    token: str = ""

    def __repr__(self) -> str:
        return f"Token(id={self.id!r}, principal={self.principal!r}, name={self.name!r}, prefix={self.prefix!r})"


class TokenPage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens, oldest first."""

    items: list[Token]
    next: str | None = None


class NewToken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A token to be made: for oneself, or by an admin for the `principal`. `scopes`: some of read, write, track, admin,
    agent; `projects`: names; empty: all that its maker's token has. `expires_in` is in seconds, 0 for never."""

    name: str = ""
    principal: str = ""
    scopes: list[str] = []
    projects: list[str] = []
    expires_in: float = 0.0


class Whoami(msgspec.Struct, frozen=True, kw_only=True):
    """Who the server takes the asker for: `user:NAME`, `service:NAME`, `agent:NAME` or `run:ID/ATTEMPT`; the role in
    the deployment, those in single projects, and what the token is narrowed to."""

    name: str
    role: str
    roles: dict[str, str] = {}
    scopes: list[str] = []
    projects: list[str] = []
    expires_at: str | None = None
