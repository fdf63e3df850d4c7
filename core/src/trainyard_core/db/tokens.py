"""Tokens: random ones for people and services, stored as SHA-256; and a run's own, which is not stored at all.

A run's token is `tyr.<run>.<attempt>.<expiry>.<signature>`, an HMAC-SHA-256 under the instance's secret: any
server checks it without a query, and after a crash the same attempt gets a working one again. It writes that run
alone.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

import msgspec

from trainyard_core.clock import SECOND
from trainyard_core.db.engine import Tx
from trainyard_core.ids import new_id

__all__ = ["Actor", "adopt", "by_token", "create", "instance_secret", "run_actor", "run_token"]

RUN_PREFIX = "tyr."
LIFE = 30 * 24 * 3600 * SECOND


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `role` is `admin`, `member`, `viewer` or `run`; a run's actor may write `run` only."""

    name: str
    role: str
    run: str = ""


async def create(tx: Tx, *, name: str, role: str, at: int) -> str:
    """A new token; returned once and never again."""
    token = "ty." + secrets.token_urlsafe(32)
    await adopt(tx, token, name=name, role=role, at=at)
    return token


async def adopt(tx: Tx, token: str, *, name: str, role: str, at: int) -> None:
    """Know a token that exists already. Idempotent; a revoked one stays revoked."""
    await tx.run(
        "INSERT INTO token (id, name, hash, role, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
        new_id(), name, _hash(token), role, at,
    )  # fmt: skip


async def by_token(tx: Tx, token: str, *, at: int) -> Actor | None:
    """Who holds this token; None when it is not known, revoked or expired."""
    row = await tx.one(
        "SELECT name, role FROM token WHERE hash = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
        _hash(token), at,
    )  # fmt: skip
    return Actor(name=f"token:{row['name']}", role=row["role"]) if row else None


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
    """Who a run's token stands for; None when it is forged, expired or of another kind."""
    body, _, signature = token.rpartition(".")
    if not body.startswith(RUN_PREFIX) or not hmac.compare_digest(signature.encode(), _sign(secret, body).encode()):
        return None
    _, run, attempt, expiry = body.split(".")
    return Actor(name=f"run:{run}/{attempt}", role="run", run=run) if int(expiry) * SECOND > at else None


def _sign(secret: bytes, body: str) -> str:
    return urlsafe_b64encode(hmac.digest(secret, body.encode(), "sha256")).decode().rstrip("=")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
