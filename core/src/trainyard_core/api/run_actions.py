"""What is done to one run: approve, stop, skip, tag, archive, restore; and runs that are made from it: restart,
resume, copy. Each may be sent again: what is so already is no error, and a key keeps clones from being made twice."""

from __future__ import annotations

from litestar import Controller, Response, post
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard.client.models import CloneRun
from trainyard_core.api.access import ApiRequest, find_run, runtime_of
from trainyard_core.api.change import change
from trainyard_core.api.run_mutation import act, by_of
from trainyard_core.auth import WRITE
from trainyard_core.db.engine import Row, Tx
from trainyard_core.work import actions, clone
from trainyard_core.work.actions import ActionContext
from trainyard_core.work.run_view import whole

__all__ = ["RunActions"]

Noted = JSONBody[models.Note | None]


class RunActions(Controller):
    """Below one run."""

    path = "/projects/{project:str}/runs/{ref:str}"
    tags = ("runs",)

    @post("/approve", status_code=200)
    async def approve(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], data: Noted = None
    ) -> Response[models.RunRecord]:
        """Release a run that is held for approval."""
        row = await find_run(request, project, ref, WRITE)
        return await act(request, row["id"], actions.approve, name="approve", message=_said(data))

    @post("/stop", status_code=200)
    async def stop(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], data: Noted = None
    ) -> Response[models.RunRecord]:
        """Stop a run: at once if it has not started, else by TERM and later KILL. Idempotent."""
        row = await find_run(request, project, ref, WRITE)
        return await act(request, row["id"], actions.stop, name="stop", message=_said(data))

    @post("/skip", status_code=200)
    async def skip(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], data: Noted = None
    ) -> Response[models.RunRecord]:
        """End a run that no agent has taken yet as skipped, without executing it."""
        row = await find_run(request, project, ref, WRITE)
        return await act(request, row["id"], actions.skip, name="skip", message=_said(data))

    @post("/tag", status_code=200)
    async def tag(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], data: JSONBody[models.TagRun]
    ) -> Response[models.RunRecord]:
        """Add and remove tags."""
        row = await find_run(request, project, ref, WRITE)

        async def work(tx: Tx, now: Row, by: ActionContext) -> None:
            await actions.tag(tx, now, by, add=data.add, remove=data.remove)

        return await act(request, row["id"], work, name="tag")

    @post("/archive", status_code=200)
    async def archive(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], data: Noted = None
    ) -> Response[models.RunRecord]:
        """Mark a run as archived; nothing else about it changes."""
        row = await find_run(request, project, ref, WRITE)
        return await act(request, row["id"], actions.archive, name="archive", message=_said(data))

    @post("/restore", status_code=200)
    async def restore(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], data: Noted = None
    ) -> Response[models.RunRecord]:
        """Remove the archived mark of a run."""
        row = await find_run(request, project, ref, WRITE)
        return await act(request, row["id"], actions.restore, name="restore", message=_said(data))

    @post("/restart", status_code=201)
    async def restart(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], data: JSONBody[CloneRun | None] = None
    ) -> Response[models.RunRecord]:
        """Create a new run of the same operation, with other params, name or queue if they are given."""
        return await _clone(request, project, ref, clone.RESTART, data)

    @post("/resume", status_code=201)
    async def resume(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], data: JSONBody[CloneRun | None] = None
    ) -> Response[models.RunRecord]:
        """Create a new run that continues this run, which has ended: it has its outputs and artifacts, and its series
        up to `step`."""
        return await _clone(request, project, ref, clone.RESUME, data)

    @post("/copy", status_code=201)
    async def copy(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], data: JSONBody[CloneRun | None] = None
    ) -> Response[models.RunRecord]:
        """Create a new run of the same operation that starts with the artifacts of this run, which has ended."""
        return await _clone(request, project, ref, clone.COPY, data)


def _said(note: models.Note | None) -> str:
    return note.message if note else ""


async def _clone(
    request: ApiRequest, project: str, ref: str, kind: str, body: CloneRun | None
) -> Response[models.RunRecord]:
    row = await find_run(request, project, ref, WRITE)
    runtime, by = runtime_of(request), by_of(request)
    cloned = await clone.plan(
        runtime.database,
        runtime.tracker,
        row,
        kind,
        body or CloneRun(),
        actor=request.user,
        at=by.at,
        kinds=runtime.kinds,
        amendments=runtime.registry.requests,
        checks=runtime.run_checks.check,
    )

    async def work(tx: Tx) -> models.RunRecord:
        await clone.insert(tx, cloned, by)
        return await whole(tx, cloned.new.id)

    answer = await change(request, work, name="clone", status=201)
    runtime.notifier.notify_agents()
    return answer
