"""Background jobs: which wait, run or are dead, and having one run again."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath, QueryParameter

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, allow, runtime_of
from trainyard_core.api.change import change, tell
from trainyard_core.api.pagination import Cursor, Limit, after_id, following
from trainyard_core.auth import ADMIN
from trainyard_core.clock import rfc3339
from trainyard_core.db import jobs
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.lease import time_of
from trainyard_core.errors import Conflict, Invalid, NotFound, choice
from trainyard_core.runtime import Runtime

__all__ = ["Jobs"]

State = Annotated[
    str, QueryParameter(name="state", description="Only jobs in this state: `waiting`, `running` or `dead`.")
]
Plugin = Annotated[str, QueryParameter(description="Only jobs of this plugin; `core` for those of the core.")]
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Jobs(Controller):
    """`/jobs`."""

    path = "/jobs"
    tags = ("jobs",)

    @get()
    async def page(
        self, request: ApiRequest, in_state: State = "", plugin: Plugin = "", limit: Limit = 50, cursor: Cursor = ""
    ) -> models.JobPage:
        """List background jobs, oldest first. A job that has succeeded is not listed, unless it is periodic."""
        await allow(request, ADMIN)
        if in_state and in_state not in jobs.STATES:
            raise Invalid(choice("state", in_state, jobs.STATES), fix="use one of these")
        after, runtime = after_id(cursor), runtime_of(request)
        rows = await runtime.database.read(
            lambda tx: jobs.page(tx, after=after, limit=limit, state=in_state, plugin=plugin)
        )
        key = rows[-1]["id"] if rows else None
        return models.JobPage(items=[_shown(runtime, row) for row in rows], next=following(rows, limit, key))

    @post("/{job:int}/retry", status_code=200)
    async def retry(self, request: ApiRequest, job: FromPath[int]) -> Response[models.Job]:
        """Have a job run now, as if it were new; refused while it runs."""
        await allow(request, ADMIN)
        runtime = runtime_of(request)

        async def work(tx: Tx) -> models.Job:
            if not await jobs.retry(tx, job, now=await time_of(tx, runtime.clock)):
                raise await _refusal(tx, job)
            row = await _row(tx, job)
            await tell(tx, request, "job_retried", plugin=row["plugin"], job=row["name"], key=row["key"])
            return _shown(runtime, row)

        return await change(request, work, name="job")

    @delete("/{job:int}")
    async def remove(self, request: ApiRequest, job: FromPath[int]) -> None:
        """Delete a job; refused while it runs. A periodic one comes back when a worker starts."""
        await allow(request, ADMIN)

        async def work(tx: Tx) -> None:
            row = await _row(tx, job)
            if not await jobs.remove(tx, job):
                raise await _refusal(tx, job)
            await tell(tx, request, "job_deleted", plugin=row["plugin"], job=row["name"], key=row["key"])

        await change(request, work, name="job", status=204)


async def _row(tx: Tx, job: int) -> Row:
    row = await jobs.get(tx, job)
    if row is None:
        raise NotFound(f"no job {job}", fix="see yard jobs ls; one that has succeeded is gone")
    return row


async def _refusal(tx: Tx, job: int) -> Conflict:
    """Why nothing is done to a job that is there. Raises NotFound for one that is not."""
    row = await _row(tx, job)
    until = rfc3339(row["lease_until"])
    return Conflict(f"job {job} runs", fix=f"wait for its end, or until {until}, when its worker has lost it")


def _shown(runtime: Runtime, row: Row) -> models.Job:
    kind = runtime.job_kind(row["plugin"], row["name"])
    return models.Job(
        id=row["id"],
        plugin=row["plugin"],
        name=row["name"],
        key=row["key"],
        state=row["state"],
        due_at=rfc3339(row["due_at"]) or "",
        created_at=rfc3339(row["created_at"]) or "",
        args=_decode(row["args"]),
        attempt=row["attempt"],
        epoch=row["epoch"],
        error=row["error"],
        periodic=kind.is_periodic if kind else not row["key"],
        known=kind is not None,
        lease_until=rfc3339(row["lease_until"]) if row["state"] == "running" else None,
        started_at=rfc3339(row["started_at"]),
        succeeded_at=rfc3339(row["succeeded_at"]),
    )
