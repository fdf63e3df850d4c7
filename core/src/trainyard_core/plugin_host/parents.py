"""Runs whose children directors plan, as plugins have them: `contracts.platform.Parents` says what it promises."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from trainyard.client.models import RunRecord
from trainyard.compile.resolved import ResolvedOperation, canonical_json, digest
from trainyard.names import MESSAGE_CHARS, RUN_NAME_CHARS, storable
from trainyard_core import redact
from trainyard_core.admission import split_queue
from trainyard_core.auth import READ, WRITE, Actor
from trainyard_core.contracts.director import Child, Parent, Request
from trainyard_core.contracts.routes import Change
from trainyard_core.db import directors, recorded_end, runs
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.recorded_end import ReportedEnd
from trainyard_core.directing.cycle import CycleResult
from trainyard_core.directing.view import children_of, parent_of
from trainyard_core.directing.write import AnsweredBefore
from trainyard_core.errors import Conflict, Invalid, NotFound, TrainyardError, Unavailable
from trainyard_core.ids import new_id
from trainyard_core.lifecycle import FINAL, Reason, Status, Step
from trainyard_core.work import run_record, serializers
from trainyard_core.work.actions import locked
from trainyard_core.work.creation import add
from trainyard_core.work.idempotency import Claim, once
from trainyard_core.work.reconcile import reconcile
from trainyard_core.work.run_view import whole

if TYPE_CHECKING:
    from trainyard_core.runtime import Runtime

__all__ = ["HostedParents"]

AGAIN, PATIENCE = 0.1, 20.0
"""Seconds between two tries, and for how long another process is waited for that plans the same parent."""
log = structlog.get_logger("trainyard.directors")
_decode: Any = msgspec.json.decode
_runs = msgspec.json.Decoder(list[str])


class HostedParents:
    """The `Parents` of one plugin."""

    def __init__(self, runtime: Runtime, plugin: str) -> None:
        self._runtime, self._plugin = runtime, plugin

    async def create(
        self,
        actor: Actor,
        project: str,
        operation: ResolvedOperation,
        *,
        description: str = "",
        change: Change | None = None,
    ) -> RunRecord:
        runtime = self._runtime
        await runtime.authorization.allow(actor, WRITE, project)
        new = self._new(actor, project, operation, description)

        async def work(tx: Tx) -> RunRecord:
            await add(tx, new, runtime.policy)
            return serializers.run(await runs.inserted(tx, new.id))

        return await once(runtime.database, work, RunRecord, await _claim(change), name="create")

    def _new(self, actor: Actor, project: str, operation: ResolvedOperation, description: str) -> runs.NewRun:
        run_record.check_line("name", operation.name or "", RUN_NAME_CHARS)
        run_record.check_description(description)
        run_record.check_tags(operation.tags)
        run, (agent, queue) = new_id(), split_queue(operation.queue)
        return runs.NewRun(
            id=run,
            project=project,
            kind=operation.kind,
            queue=queue,
            agent=agent,
            actor=actor.name,
            at=self._runtime.clock.now(),
            name=operation.name or "",
            description=description,
            resolved=canonical_json(operation).decode(),
            tags=[*operation.tags],
            digest=digest(operation),
            director=self._runtime.kinds.opening(run, operation),
        )

    async def get(self, actor: Actor, project: str, ref: str) -> Parent:
        return parent_of(await self._row(actor, project, ref, READ))

    async def children(
        self, actor: Actor, project: str, ref: str, runs: Sequence[str], *, metrics: Sequence[str] = ()
    ) -> Mapping[str, Child]:
        parent = (await self._row(actor, project, ref, READ))["run"]

        async def work(tx: Tx) -> list[Child]:
            rows = await directors.children(tx, runs, parent=parent)
            return children_of(rows, await directors.metrics(tx, runs, metrics) if metrics else ())

        return {child.run: child for child in await self._runtime.database.read(work)}

    async def ask(
        self, actor: Actor, project: str, ref: str, data: object, *, change: Change | None = None
    ) -> Sequence[str]:
        run, claim = (await self._row(actor, project, ref, WRITE))["run"], await _claim(change)
        if claim is not None and (given := await self._runtime.database.read(claim.peek)) is not None:
            return _runs.decode(given.response)
        try:
            return (await self._planned(run, Request(data=data), claim)).children
        except AnsweredBefore:
            assert claim is not None, "only a request with a key can have been answered before"
            return _runs.decode((await self._runtime.database.read(claim.find)).response)

    async def _planned(self, run: str, request: Request, claim: Claim | None) -> CycleResult:
        """Wait for a worker that plans the parent, and plan it then."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while (result := await self._plan_once(run, request, claim)).busy:
            if loop.time() > deadline:
                raise Unavailable("another process is still planning this run", fix="ask again")
            await asyncio.sleep(AGAIN)
        return result

    async def _plan_once(self, run: str, request: Request, claim: Claim | None) -> CycleResult:
        try:
            return await self._runtime.directors.ask(run, request, claim)
        except (TrainyardError, AnsweredBefore):
            raise
        except Exception as error:
            log.exception("a request could not be planned", run=run)
            said = redact.text(f"the run could not be planned: {type(error).__name__}: {error}")
            raise Unavailable(said, fix="ask again") from error

    async def end_child(
        self,
        actor: Actor,
        project: str,
        ref: str,
        run: str,
        *,
        status: str,
        outputs: Mapping[str, object] | None = None,
        message: str = "",
        change: Change | None = None,
    ) -> RunRecord:
        parent = (await self._row(actor, project, ref, WRITE))["run"]
        if status not in (Status.SUCCEEDED, Status.FAILED, Status.STOPPED):
            raise Invalid(f"`status` is '{status}'", fix="use succeeded, failed or stopped")
        runtime, at = self._runtime, self._runtime.clock.now()

        async def work(tx: Tx) -> RunRecord:
            row = await _open_child(tx, parent, run)
            merged, omitted = run_record.values("outputs", {**(outputs or {})}, _decode(row["outputs"]))
            if omitted:
                raise Invalid(f"`values.{omitted[0]['name']}` does not fit: {omitted[0]['why']}", fix="send less")
            await recorded_end.keep_outputs(tx, run, merged, at=at)
            await recorded_end.tell(tx, run, status, ReportedEnd(message=storable(message, MESSAGE_CHARS)))
            await reconcile(tx, run, policy=runtime.policy, at=at)
            return await whole(tx, run)

        return await once(runtime.database, work, RunRecord, await _claim(change), name="tell")

    async def give_up(self, actor: Actor, project: str, ref: str, runs: Sequence[str], message: str) -> None:
        parent = (await self._row(actor, project, ref, WRITE))["run"]
        at = self._runtime.clock.now()
        await self._runtime.database.write(
            lambda tx: _give_up(tx, parent, runs, message, actor=actor.name, at=at), name="give_up"
        )

    async def _row(self, actor: Actor, project: str, ref: str, action: str) -> Row:
        run = await self._runtime.authorization.find_run(actor, project, ref, action)
        row = await self._runtime.database.read(lambda tx: directors.get(tx, run["id"]))
        if row is None:
            raise Conflict(
                f"run {run['id']} plans no runs: it is a {run['kind']}", fix=f"see yard get {run['id'][-8:]}"
            )
        return row


async def _claim(change: Change | None) -> Claim | None:
    claim: Claim | None = None if change is None else await change.claim()
    return claim


async def _open_child(tx: Tx, parent: str, run: str) -> Row:
    """The row of a child that a program outside executes and that has not ended, locked."""
    row = await locked(tx, run)
    if row["parent"] != parent or row["managed"]:
        raise NotFound(f"run {parent} has no child run {run} that a program outside executes", fix="see yard ls")
    how = row["status"] if row["status"] in FINAL else row["reported_status"]
    if how:
        raise Conflict(f"run {run} has ended already: {how}", fix="a run ends once")
    return row


async def _give_up(tx: Tx, parent: str, wanted: Sequence[str], message: str, *, actor: str, at: int) -> None:
    step = Step(Status.FAILED, Reason.LOST, message)
    for row in await directors.children(tx, wanted, parent=parent):
        if row["reported_status"] in ("", Status.FAILED):
            await runs.advance(tx, row["id"], step, at=at, actor=actor)
