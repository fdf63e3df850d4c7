"""Tokens: made once, shown once, revoked at once. Everybody keeps their own; an admin of the deployment keeps all.

No token can be made that may do more than the one it was made with, or that outlives it: it expires no later and is
revoked with it. A token that is narrower than its owner revokes itself only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, allow, can, forget, runtime_of
from trainyard_core.api.change import change, tell
from trainyard_core.api.pagination import Cursor, Limit, after_name, following
from trainyard_core.api.principals import principal_name
from trainyard_core.auth import ADMIN, EVERYWHERE, KNOWN, SCOPES, Actor
from trainyard_core.clock import SECOND, rfc3339
from trainyard_core.db import tokens
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Forbidden, Invalid, NotFound, Unauthenticated, choice

__all__ = ["Tokens", "with_text"]

LONGEST = 10 * 366 * 24 * 3600
_decode = msgspec.json.decode
S = TypeVar("S", models.Token, models.Enrolment)


class Tokens(Controller):
    """`/tokens`."""

    path = "/tokens"
    tags = ("tokens",)

    @get()
    async def page(
        self, request: ApiRequest, principal: FromQuery[str] = "", limit: Limit = 50, cursor: Cursor = ""
    ) -> models.TokenPage:
        """List the caller's tokens; for an admin, those of a `principal` (`*`: everybody)."""
        own = principal_name((await allow(request, KNOWN)).name)
        if principal not in ("", own):
            await allow(request, ADMIN)
        whose = {"": own, "*": ""}.get(principal, principal)
        after = after_name(cursor)
        rows = await runtime_of(request).database.read(
            lambda tx: tokens.of_principal(tx, whose, after=after, limit=limit)
        )
        key = rows[-1]["id"] if rows else None
        return models.TokenPage(items=[present(row) for row in rows], next=following(rows, limit, key))

    @post()
    async def create(self, request: ApiRequest, data: JSONBody[models.NewToken]) -> Response[models.Token]:
        """Make a token. Only this answer contains its text; the same request with the same key returns it again."""
        actor, runtime = await allow(request, KNOWN), runtime_of(request)
        at, own = runtime.clock.now(), principal_name(actor.name)
        whose = data.principal or own
        if whose != own:
            await allow(request, ADMIN)
        new = tokens.NewToken(
            principal=whose,
            name=data.name[:200],
            scopes=_within("scope", data.scopes, actor.scopes, SCOPES),
            projects=_within("project", data.projects, actor.projects, ()),
            expires_at=_expiry(data.expires_in, at),
            parent=actor.token,
        )
        seed = tokens.new_seed()

        async def work(tx: Tx) -> models.Token:
            owner = await tx.one("SELECT kind FROM principal WHERE name = ?", whose)
            if owner is None or owner["kind"] == "agent":
                raise NotFound(f"no user or service account '{whose}'", fix="an admin adds them: yard users add")
            within = await _outlived(tx, new, at=at)
            token_id = await tokens.create(tx, tokens.derive(runtime.secret, seed), within, at=at)
            await tell(tx, request, "token_created", token=token_id, principal=whose)
            row = await tokens.get(tx, token_id)
            assert row is not None
            return msgspec.structs.replace(present(row), token=seed)

        return with_text(request, await change(request, work, name="token", status=201), models.Token)

    @delete("/{token_id:str}")
    async def revoke(self, request: ApiRequest, token_id: FromPath[str]) -> None:
        """Revoke a token and all tokens that were made with it; requests with them are refused from now on.
        Idempotent."""
        actor, at = await allow(request, KNOWN), runtime_of(request).clock.now()
        is_admin = await can(request, ADMIN)

        async def work(tx: Tx) -> None:
            row = await tokens.get(tx, token_id)
            if row is None or (row["principal"] != principal_name(actor.name) and not is_admin):
                raise NotFound(f"no token '{token_id}'", fix="see yard tokens ls")
            if token_id != actor.token and _is_narrowed(actor):
                raise Forbidden("a token with fewer scopes or projects revokes itself only", fix="use a whole one")
            for each in await tokens.revoke(tx, token_id, at=at):
                await tell(tx, request, "token_revoked", token=each["id"], principal=each["principal"])

        await change(request, work, name="token", status=204)
        forget(request)


def with_text(request: ApiRequest, answer: Response[Any], form: type[S]) -> Response[S]:
    """The answer with the token's text, which is not kept beside the idempotency key: its seed is."""
    kept = _decode(answer.content, type=form)
    text = tokens.derive(runtime_of(request).secret, kept.token)
    answer.content = msgspec.structs.replace(kept, token=text)
    return answer


def present(row: Row) -> models.Token:
    """A token on the wire, without its text."""
    return models.Token(
        id=row["id"],
        principal=row["principal"],
        name=row["name"],
        prefix=row["prefix"],
        scopes=_decode(row["scopes"]),
        projects=_decode(row["projects"]),
        created_at=rfc3339(row["created_at"]) or "",
        expires_at=rfc3339(row["expires_at"]),
        revoked_at=rfc3339(row["revoked_at"]),
        used_at=rfc3339(row["used_at"]),
        parent=row["parent"],
    )


def _within(kind: str, wanted: Sequence[str], own: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """What a new token is narrowed to: what was asked for, within what the asker's has. Raises Invalid, Forbidden."""
    for each in wanted:
        if known and each not in known:
            raise Invalid(choice(kind, each, known), fix="use some of these")
        if each not in own and EVERYWHERE[0] not in own:
            raise Forbidden(
                f"your own token does not have the {kind} '{each}'",
                fix="use a token that has it, or leave it out",
            )
    return tuple(dict.fromkeys(wanted)) or tuple(own)


def _is_narrowed(actor: Actor) -> bool:
    return not set(SCOPES) <= set(actor.scopes) or EVERYWHERE[0] not in actor.projects


async def _outlived(tx: Tx, new: tokens.NewToken, *, at: int) -> tokens.NewToken:
    """The new token, which expires no later than the one it is made with. Raises Forbidden when it was to expire
    later, Unauthenticated when that one has just been revoked."""
    if not new.parent:
        return new  # who a plugin vouches for has no token
    parent = await tokens.hold(tx, new.parent, at=at)
    if parent is None:
        raise Unauthenticated("your own token has just expired or been revoked", fix="use another: yard login")
    if parent["expires_at"] is not None and (new.expires_at or 0) > parent["expires_at"]:
        raise Forbidden(
            f"your own token expires at {rfc3339(parent['expires_at'])}, before this one would",
            fix="leave `expires_in` out, or use a token that lasts longer",
        )
    return msgspec.structs.replace(new, expires_at=new.expires_at or parent["expires_at"])


def _expiry(seconds: float, at: int) -> int | None:
    if not 0 <= seconds <= LONGEST:
        raise Invalid("`expires_in` must be from 0 (never) to ten years, in seconds", fix="leave it out for never")
    return at + int(seconds * SECOND) if seconds else None
