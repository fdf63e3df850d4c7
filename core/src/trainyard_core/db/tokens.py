"""Tokens: random ones of people, services and agents, stored as SHA-256; and a run's own, which is not stored at all.

A run's token is `tyr.<run>.<attempt>.<expiry>.<signature>`, an HMAC-SHA-256 under the instance's secret: any
server checks it without a query, and after a crash the same attempt gets a working one again. It writes that run
alone, and reads the project that the run is in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from trainyard_core.auth import EVERYWHERE, SCOPES, Actor
from trainyard_core.clock import SECOND
from trainyard_core.db.engine import Row, Tx
from trainyard_core.ids import new_id

__all__ = [
    "AGENT_PREFIX",
    "PREFIX",
    "RUN_PREFIX",
    "NewToken",
    "RunClaim",
    "RunReach",
    "adopt",
    "by_identity",
    "by_name",
    "by_token",
    "create",
    "derive",
    "generate",
    "get",
    "hold",
    "instance_secret",
    "new_seed",
    "of_principal",
    "revoke",
    "run_actor",
    "run_claim",
    "run_reach",
    "run_token",
    "used",
]

RUN_PREFIX = "tyr."
PREFIX = "ty."
SHOWN = len(PREFIX) + 6
LIFE = 24 * 3600 * SECOND
"""Of a run's token; its runner renews it at half of that."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.decode


class NewToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token to be stored: whose it is, what it is called, what it is narrowed to, and the id of the token that it
    was made with."""

    principal: str
    name: str = ""
    scopes: tuple[str, ...] = SCOPES
    projects: tuple[str, ...] = EVERYWHERE
    expires_at: int | None = None
    parent: str = ""


class RunReach(NamedTuple):
    """The project of a run, in which its token may read; none when the run has been deleted. With `alone` it may read
    its own run only."""

    projects: tuple[str, ...] = ()
    alone: bool = False


class RunClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What a run's token says: the run, its attempt, and when the token expires."""

    run: str
    attempt: int
    expires_at: int


def generate() -> str:
    """A new token's text; shown once and never again."""
    return PREFIX + secrets.token_urlsafe(32)


def new_seed() -> str:
    """What a token's text is derived from; it is kept with the answer to an idempotency key."""
    return secrets.token_urlsafe(32)


def derive(secret: bytes, seed: str) -> str:
    """A token's text from its seed, so that the same request gets the same one again although only its hash is
    stored."""
    digest = hmac.digest(secret, b"token:" + seed.encode(), "sha256")
    return PREFIX + urlsafe_b64encode(digest).decode().rstrip("=")


async def create(tx: Tx, token: str, new: NewToken, *, at: int) -> str:
    """Store a token of a principal that exists; its id. Raises UniqueViolation when it is stored already."""
    token_id = new_id()
    await tx.run(
        "INSERT INTO token (id, name, hash, prefix, principal, scopes, projects, created_at, expires_at, parent)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        token_id, new.name, _hash(token), token[:SHOWN], new.principal, _text(new.scopes), _text(new.projects), at,
        new.expires_at, new.parent,
    )  # fmt: skip
    return token_id


async def adopt(tx: Tx, token: str, *, principal: str, at: int) -> None:
    """Know a token that exists already. Idempotent; a revoked one stays revoked."""
    if await tx.one("SELECT 1 FROM token WHERE hash = ?", _hash(token)) is None:
        await create(tx, token, NewToken(principal=principal, name="data directory"), at=at)


async def by_token(tx: Tx, token: str, *, at: int) -> tuple[Actor, int | None] | None:
    """Who holds this token, and when it expires; None when it is not known, revoked or expired, or its owner is
    disabled."""
    roles = _ROLES[tx.dialect]
    row = await tx.one(
        f"SELECT t.id, t.scopes, t.projects, t.expires_at, p.name, p.kind, p.role, {roles} AS roles FROM token t"
        " JOIN principal p ON p.name = t.principal WHERE t.hash = ? AND t.revoked_at IS NULL"
        " AND (t.expires_at IS NULL OR t.expires_at > ?) AND p.disabled_at IS NULL",
        _hash(token), at,
    )  # fmt: skip
    return None if row is None else (_actor(row), row["expires_at"])


def _actor(row: Row) -> Actor:
    if row["kind"] == "agent":
        return Actor(name=row["name"], role="agent", agent=row["name"].removeprefix(AGENT_PREFIX), token=row["id"])
    return Actor(
        name=f"{row['kind']}:{row['name']}",
        role=row["role"],
        roles=_decode(row["roles"] or "{}"),
        scopes=tuple(_decode(row["scopes"])),
        projects=tuple(_decode(row["projects"])),
        token=row["id"],
    )


async def by_identity(tx: Tx, name: str, *, role: str) -> Actor | None:
    """The person that a plugin vouches for, with the roles that are stored here; None when shut out. `role` is for one
    who is not known here."""
    row = await tx.one(
        f"SELECT p.role, p.disabled_at, {_ROLES[tx.dialect]} AS roles FROM principal p"
        " WHERE p.name = ? AND p.kind <> 'agent'",
        name,
    )
    if row is None:
        return Actor(name=f"user:{name}", role=role)
    if row["disabled_at"] is not None:
        return None
    return Actor(name=f"user:{name}", role=row["role"], roles=_decode(row["roles"] or "{}"))


async def by_name(tx: Tx, name: str) -> Actor | None:
    """A person or service as they are now, without a token; None for one who is shut out or not there."""
    row = await tx.one(
        f"SELECT p.name, p.kind, p.role, {_ROLES[tx.dialect]} AS roles FROM principal p"
        " WHERE p.name = ? AND p.kind <> 'agent' AND p.disabled_at IS NULL",
        name,
    )
    if row is None:
        return None
    return Actor(name=f"{row['kind']}:{row['name']}", role=row["role"], roles=_decode(row["roles"] or "{}"))


AGENT_PREFIX = "agent:"
"""Agents are principals of this name and the agent's, so that no person can be mistaken for one."""
_ROLES = {
    "sqlite": "(SELECT json_group_object(project, role) FROM member WHERE principal = p.name)",
    "postgresql": "(SELECT json_object_agg(project, role)::text FROM member WHERE principal = p.name)",
}


async def get(tx: Tx, token_id: str) -> Row | None:
    """One token, without its text, which nobody has."""
    return await tx.one("SELECT * FROM token WHERE id = ?", token_id)


async def of_principal(tx: Tx, principal: str, *, after: str = "", limit: int = 50) -> list[Row]:
    """Tokens of one principal, or of everybody when it is empty, by id after one."""
    only, args = (" AND principal = ?", (principal,)) if principal else ("", ())
    return await tx.all(f"SELECT * FROM token WHERE id > ?{only} ORDER BY id LIMIT ?", after, *args, limit)


async def hold(tx: Tx, token_id: str, *, at: int) -> Row | None:
    """A token that is valid now, held until the transaction ends: nobody revokes it while another is made with it.
    SQLite has one writer, which holds everything."""
    lock = " FOR SHARE" if tx.dialect == "postgresql" else ""
    return await tx.one(
        "SELECT * FROM token WHERE id = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)" + lock,
        token_id, at,
    )  # fmt: skip


async def revoke(tx: Tx, token_id: str, *, at: int) -> list[Row]:
    """Revoke a token for good, and all that were made with it, however far removed. Returns what it has revoked:
    nothing when the token was already, or there is none.

    Each generation is a statement of its own, which sees what was made while the one before waited for `hold`."""
    found = latest = await tx.all(
        "UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING id, principal", at, token_id
    )
    while latest:
        latest = await tx.all(
            "UPDATE token SET revoked_at = ? WHERE parent <> '' AND revoked_at IS NULL"
            " AND parent IN (SELECT id FROM token WHERE revoked_at IS NOT NULL) RETURNING id, principal",
            at,
        )
        found = [*found, *latest]
    return found


async def used(tx: Tx, token_id: str, *, at: int, every: int) -> None:
    """Note that a token is in use, at most once in `every` microseconds."""
    await tx.run("UPDATE token SET used_at = ? WHERE id = ? AND COALESCE(used_at, 0) < ?", at, token_id, at - every)


async def instance_secret(tx: Tx) -> bytes:
    """The secret that signs runs' tokens: made once, shared by all servers of a database."""
    await tx.run(
        "INSERT INTO instance (key, value) VALUES ('secret', ?) ON CONFLICT (key) DO NOTHING", secrets.token_hex(32)
    )
    row = await tx.one("SELECT value FROM instance WHERE key = 'secret'")
    assert row is not None
    return bytes.fromhex(row["value"])


def run_token(secret: bytes, run: str, attempt: int, *, at: int) -> str:
    """A token for one attempt of one run."""
    body = f"{RUN_PREFIX}{run}.{attempt}.{(at + LIFE) // SECOND}"
    return f"{body}.{_sign(secret, body)}"


def run_actor(secret: bytes, token: str, *, at: int) -> Actor | None:
    """Who a run's token stands for, whose project is not known yet; None when it is forged, expired or of another
    kind."""
    claim = run_claim(secret, token)
    if claim is None or claim.expires_at <= at:
        return None
    return Actor(name=f"run:{claim.run}/{claim.attempt}", role="run", run=claim.run, attempt=claim.attempt, projects=())


async def run_reach(tx: Tx, run: str) -> RunReach:
    """How far the token of a run reaches."""
    row = await tx.one("SELECT project, untrusted FROM run WHERE id = ?", run)
    return RunReach() if row is None else RunReach((row["project"],), bool(row["untrusted"]))


def run_claim(secret: bytes, token: str) -> RunClaim | None:
    """What a run's token says, also after it has expired; None when it is forged or of another kind."""
    body, _, signature = token.rpartition(".")
    if not body.startswith(RUN_PREFIX) or not hmac.compare_digest(signature.encode(), _sign(secret, body).encode()):
        return None
    _, run, attempt, expiry = body.split(".")
    return RunClaim(run=run, attempt=int(attempt), expires_at=int(expiry) * SECOND)


def _sign(secret: bytes, body: str) -> str:
    return urlsafe_b64encode(hmac.digest(secret, body.encode(), "sha256")).decode().rstrip("=")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _text(values: Sequence[str]) -> str:
    return _encode(values).decode()
