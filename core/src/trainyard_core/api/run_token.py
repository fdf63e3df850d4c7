"""A run's own token, renewed by whoever holds the old one.

The old one may have expired: a runner that was cut off for longer than a token lives must still deliver what its run
has tracked. It must be rightly signed, and of an attempt that an agent still holds; so a token that leaked is worth
nothing once its attempt has been let go.
"""

from __future__ import annotations

from litestar import Controller, post
from litestar.params import FromPath

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, runtime_of
from trainyard_core.clock import rfc3339
from trainyard_core.db import tokens
from trainyard_core.db.engine import Tx
from trainyard_core.db.tokens import RunClaim
from trainyard_core.errors import Conflict, NotFound, Unauthenticated
from trainyard_core.lifecycle import FINAL

__all__ = ["RunTokens"]


class RunTokens(Controller):
    """`/token` of a run."""

    path = "/projects/{project:str}/runs/{ref:str}/token"
    tags = ("runs",)

    @post(status_code=200, exclude_from_auth=True)
    async def renew(self, request: ApiRequest, project: FromPath[str], ref: FromPath[str]) -> models.RunToken:
        """Return a new token to the bearer of a run's token, expired or not, while an agent holds the attempt or a
        tracked run has not ended."""
        runtime, at = runtime_of(request), runtime_of(request).clock.now()
        claim = _claim(request, ref)
        await runtime.database.read(lambda tx: _check(tx, project, claim))
        token = tokens.run_token(runtime.secret, claim.run, claim.attempt, at=at)
        fresh = tokens.run_claim(runtime.secret, token)
        assert fresh is not None, "it was signed just now"
        return models.RunToken(token=token, expires_at=rfc3339(fresh.expires_at) or "")


def _claim(request: ApiRequest, ref: str) -> RunClaim:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    claim = tokens.run_claim(runtime_of(request).secret, token) if scheme.lower() == "bearer" else None
    if claim is None:
        at, host = runtime_of(request).clock.now(), request.client.host if request.client else ""
        request.app.state.known.strangers.take(host, at=at)
        raise Unauthenticated("only a run's own token can be renewed", fix="send the token of the run's attempt")
    if claim.run != ref:
        raise NotFound(f"no run '{ref}'", fix="a run's token is good for that run only")
    return claim


async def _check(tx: Tx, project: str, claim: RunClaim) -> None:
    row = await tx.one(
        "SELECT r.managed, r.status, a.released FROM run r LEFT JOIN attempt a ON a.run = r.id AND a.number = ?"
        " WHERE r.id = ? AND r.project = ?",
        claim.attempt, claim.run, project,
    )  # fmt: skip
    if row is None:
        raise NotFound(f"no run '{claim.run}' in project '{project}'", fix="it has been deleted; nothing can be sent")
    over = row["released"] != 0 if row["managed"] else row["status"] in FINAL
    if over:
        raise Conflict(
            f"attempt {claim.attempt} of run {claim.run} is over, so its token is not renewed",
            fix="send what is left with a token of your own: yard sync",
        )
