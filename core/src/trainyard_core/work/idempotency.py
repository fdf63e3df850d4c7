"""Idempotency keys, so that the same request gets the same answer and nothing is done twice, also after a crash. Each
is bound in the transaction of its effect, with what was answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from trainyard_core.auth import Actor
from trainyard_core.db.engine import Database, Tx
from trainyard_core.errors import IdempotencyReused

__all__ = ["Claim", "StoredAnswer", "once"]

T = TypeVar("T")


class StoredAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a key stands for: the run that it made, or the answer that was given."""

    run: str
    status: int
    response: str


class Claim:
    """One request's claim on its key. The key belongs to the token of the asker, so that no other token, of whomever,
    is given the answer; `within` keeps keys of different places apart, and `digest` is that of the request."""

    def __init__(self, actor: Actor, *, key: str, digest: str, at: int, within: str = "") -> None:
        self._scope = f"{actor.name}#{actor.token}@{within}"
        self._key, self._digest, self._at = key, digest, at

    async def take(self, tx: Tx, run: str = "") -> bool:
        """Bind the key, to a run if it makes one; False when it is bound already."""
        changed = await tx.run(
            "INSERT INTO idempotency (scope, key, digest, run, created_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (scope, key) DO NOTHING",
            self._scope, self._key, self._digest, run, self._at,
        )  # fmt: skip
        return changed > 0

    async def find(self, tx: Tx) -> StoredAnswer:
        """What the key, which is bound, stands for. Raises IdempotencyReused when it was bound by another request."""
        kept = await self.peek(tx)
        assert kept is not None, "a key that cannot be taken is bound"
        return kept

    async def peek(self, tx: Tx) -> StoredAnswer | None:
        """What the key stands for, None for one that is not bound. Raises as `find`."""
        row = await tx.one(
            "SELECT digest, run, status, response FROM idempotency WHERE scope = ? AND key = ?", self._scope, self._key
        )
        if row is None:
            return None
        if row["digest"] != self._digest:
            raise IdempotencyReused(
                f"idempotency key '{self._key}' was used with another request", fix="use a new key for a new request"
            )
        return StoredAnswer(run=row["run"], status=row["status"], response=row["response"])

    async def keep(self, tx: Tx, *, answer: str, status: int) -> None:
        """Store what is answered."""
        await tx.run(
            "UPDATE idempotency SET response = ?, status = ? WHERE scope = ? AND key = ?",
            answer, status, self._scope, self._key,
        )  # fmt: skip


async def once(
    database: Database, work: Callable[[Tx], Awaitable[T]], answer: type[T], claim: Claim | None, *, name: str
) -> T:
    """Run `work` in a transaction that writes. With a claim whose key another request has bound, return the answer that
    it got, which is of the type `answer`. `name` is the fault point. Raises IdempotencyReused."""

    async def whole(tx: Tx) -> T:
        if claim is not None and not await claim.take(tx):
            return msgspec.json.decode((await claim.find(tx)).response or "null", type=answer)
        result = await work(tx)
        if claim is not None:
            await claim.keep(tx, answer=msgspec.json.encode(result).decode(), status=200)
        return result

    return await database.write(whole, name=name)
