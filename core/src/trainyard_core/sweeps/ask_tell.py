"""Sweeps whose trials a program outside runs: how one is made, what is answered when it asks, what is done when it
tells.

A trial that was asked for is a run that is only tracked here. It is made in the plan's own transaction, together with
the claim on the request's idempotency key, so a request that comes again after any crash gets the same trials. Any
process may answer: of two that plan one writes, and where another one thinks it is waited for. A trial ends once, by
what its program tells, by its tracked end, or by being given up because its program is gone.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import structlog

from trainyard.client.models import AskTrials, NewSweep, SuggestedTrial, TellTrial, TrialBatch
from trainyard.compile.ask_tell import asked_sweep
from trainyard.compile.resolved import ResolvedOperation, canonical_json, digest
from trainyard.matrix.sweep import SweepSpec
from trainyard.names import MESSAGE_CHARS, RUN_NAME_CHARS, storable
from trainyard.spec.error import SpecError
from trainyard_core import redact
from trainyard_core.auth import Actor
from trainyard_core.contracts.director import Request
from trainyard_core.db import ask_tell, planned_trials, runs, sweeps, tracking
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.directing.cycle import CycleResult
from trainyard_core.directing.directors import Directors
from trainyard_core.directing.write import AnsweredBefore
from trainyard_core.errors import Conflict, Invalid, NotFound, TrainyardError, Unavailable, choice, invalid
from trainyard_core.ids import new_id
from trainyard_core.lifecycle import FINAL, Intent, Reason, Status, Step
from trainyard_core.sweeps.plan import TrialRequest
from trainyard_core.sweeps.setup import MOST_PARALLEL
from trainyard_core.work import run_record
from trainyard_core.work.actions import ActionContext, locked
from trainyard_core.work.idempotency import Claim
from trainyard_core.work.kinds import RunKinds
from trainyard_core.work.reconcile import reconcile
from trainyard_core.work.run_record import check_description, check_line, check_tags

__all__ = ["TrialService", "opened", "tell"]

AGAIN, PATIENCE = 0.1, 20.0
"""Seconds between two tries, and for how long another process is waited for that plans the sweep."""
MOST_GONE, LONGEST = 1_000, 200
log = structlog.get_logger("trainyard.sweeps")
_decode = msgspec.json.decode
_runs = msgspec.json.Decoder(list[str])
_sweep = msgspec.json.Decoder(SweepSpec)


def opened(project: str, body: NewSweep, actor: Actor, *, at: int, kinds: RunKinds) -> runs.NewRun:
    """The run of a new sweep. Raises Invalid with the place of each problem."""
    check_line("name", body.name, RUN_NAME_CHARS)
    check_description(body.description)
    check_tags(body.tags)
    try:
        sweep = asked_sweep(body.matrix, metric=body.metric, trials=body.trials, types=body.types)
    except SpecError as error:
        raise invalid(error) from error
    sweep = msgspec.structs.replace(sweep, external=True)
    resolved = ResolvedOperation(kind="sweep", name=body.name or None, tags=tuple(body.tags), sweep=sweep)
    run = new_id()
    return runs.NewRun(
        id=run,
        project=project,
        kind="sweep",
        actor=actor.name,
        at=at,
        name=body.name,
        description=body.description,
        resolved=canonical_json(resolved).decode(),
        tags=list(body.tags),
        digest=digest(resolved),
        director=kinds.opening(run, resolved),
    )


class TrialService(NamedTuple):
    """Where programs ask for trials."""

    database: Database
    directors: Directors

    async def ask(self, sweep: str, body: AskTrials, *, claim: Claim | None, by: ActionContext) -> TrialBatch:
        """More trials. Idempotent by the claim: what it was given once it is given again. Raises Conflict for a sweep
        whose trials run here, Invalid, IdempotencyReused, and Unavailable when nobody can think of a trial now."""
        _check(body)
        given = await self.database.read(lambda tx: _given_before(tx, sweep, claim))
        if given is None:
            if body.gone:
                await self.database.write(lambda tx: _give_up(tx, sweep, body.gone, by), name="give_up")
            given = await self._plan(sweep, body, claim)
        found = given
        return await self.database.read(lambda tx: _answer(tx, sweep, found))

    async def _plan(self, sweep: str, body: AskTrials, claim: Claim | None) -> Sequence[str]:
        """The runs of the trials that come of it."""
        request = Request(data=TrialRequest(body.count, body.asker))
        try:
            return (await self._planned(sweep, request, claim)).children
        except AnsweredBefore:
            return await self.database.read(lambda tx: _given_before(tx, sweep, claim)) or ()

    async def _planned(self, sweep: str, request: Request, claim: Claim | None) -> CycleResult:
        """Wait for a worker that plans the sweep, and plan it then."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while (result := await self._plan_once(sweep, request, claim)).busy:
            if loop.time() > deadline:
                raise Unavailable("another process is still planning this sweep", fix="ask again")
            await asyncio.sleep(AGAIN)
        return result

    async def _plan_once(self, sweep: str, request: Request, claim: Claim | None) -> CycleResult:
        try:
            return await self.directors.ask(sweep, request, claim)
        except (TrainyardError, AnsweredBefore):
            raise
        except Exception as error:
            log.exception("no trial could be thought of", run=sweep)
            said = redact.text(f"no trial could be thought of: {type(error).__name__}: {error}")
            raise Unavailable(said, fix="ask again") from error


def _check(body: AskTrials) -> None:
    if not 0 <= body.count <= MOST_PARALLEL:
        raise Invalid(f"`count` is {body.count}", fix=f"ask for at most {MOST_PARALLEL} at once")
    if len(body.asker) > LONGEST or len(body.gone) > MOST_GONE:
        raise Invalid("`asker` or `gone` is too long", fix=f"use {LONGEST} characters and {MOST_GONE} names at most")


async def _given_before(tx: Tx, sweep: str, claim: Claim | None) -> Sequence[str] | None:
    """The runs that this request was given when it came first; None when it has not been."""
    row = await sweeps.get(tx, sweep)
    if row is None:
        raise Conflict(f"run {sweep} is no sweep", fix="ask a sweep that `trainyard.sweep` has made")
    if not row["external"]:
        raise Conflict(f"the platform itself runs the trials of sweep {sweep}", fix="see its trials: yard sweep")
    kept = await claim.peek(tx) if claim is not None else None
    return None if kept is None else _runs.decode(kept.response)


async def _answer(tx: Tx, sweep: str, given: Sequence[str]) -> TrialBatch:
    row, run = await sweeps.get(tx, sweep), await runs.get(tx, sweep)
    if row is None or run is None:
        raise NotFound(f"no sweep '{sweep}'", fix="it has been deleted; make another")
    return TrialBatch(
        items=[_trial(each) for each in await ask_tell.given(tx, sweep, given)],
        over=_is_over(row),
        open=[each["key"] for each in await ask_tell.going(tx, sweep)],
        status=run["status"],
        message=run["message"],
    )


def _is_over(row: Row) -> bool:
    """Whether no trial will come any more."""
    ends = row["status"] in FINAL or row["intent"] == Intent.STOP or bool(row["outcome"]) or bool(row["exhausted"])
    return ends or (row["max_trials"] is not None and row["created"] >= row["max_trials"])


def _trial(row: Row) -> SuggestedTrial:
    return SuggestedTrial(
        key=row["key"],
        number=row["number"],
        run=row["run"],
        name=row["name"],
        params=_decode(row["params"]),
        continues=row["continues"],
        note=row["note"],
    )


async def _give_up(tx: Tx, sweep: str, gone: Sequence[str], by: ActionContext) -> None:
    """The trials of programs that have died have failed, also where frames of theirs are still waited for; one that was
    told to have ended well keeps its end. Repeated, it finds none."""
    step = Step(Status.FAILED, Reason.LOST, "its program died before it told how the trial went")
    for row in await ask_tell.going(tx, sweep):
        asker = _decode(row["meta"]).get("trial", {}).get("asker")
        if asker in gone and row["reported_status"] in ("", Status.FAILED):
            await runs.advance(tx, row["run"], step, at=by.at, actor=by.actor)


async def tell(tx: Tx, sweep: str, key: str, body: TellTrial, by: ActionContext) -> str:
    """End a trial as its program says; its run. Raises Conflict for one that has ended, whoever told it, Invalid for
    values that cannot be judged."""
    await _given_before(tx, sweep, None)
    run = await planned_trials.run_of(tx, sweep, key)
    if not run:
        raise NotFound(f"sweep {sweep} has no trial '{key}'", fix="use the key of a trial that was asked for")
    row = await locked(tx, run)
    if row["status"] in FINAL or row["reported_status"]:
        how = row["status"] if row["status"] in FINAL else row["reported_status"]
        raise Conflict(f"trial '{key}' has ended already: {how}", fix="a trial counts once; ask for another")
    outputs, omitted = run_record.values("outputs", _finite(body), _decode(row["outputs"]))
    if omitted:
        raise Invalid(f"`values.{omitted[0]['name']}` does not fit: {omitted[0]['why']}", fix="send fewer values")
    if body.status == "succeeded":
        await _check_objectives(tx, sweep, run, outputs)
    await ask_tell.end(
        tx, run, outputs=outputs, status=body.status, message=storable(body.message, MESSAGE_CHARS), at=by.at
    )
    await reconcile(tx, run, policy=by.policy, at=by.at)
    return run


def _finite(body: TellTrial) -> dict[str, float]:
    for name, value in body.values.items():
        if isinstance(value, str) or not math.isfinite(value):
            raise Invalid(
                f"`values.{name}` is {value}, which is not a finite number", fix="send `status: failed` instead"
            )
    return {name: float(value) for name, value in body.values.items()}


async def _check_objectives(tx: Tx, sweep: str, run: str, outputs: dict[str, object]) -> None:
    """A trial is judged by what it told, or by what it has logged."""
    row = await sweeps.get(tx, sweep)
    assert row is not None
    known = {*outputs, *(each["name"] for each in await tracking.metrics(tx, run))}
    for objective in _sweep.decode(row["study"]).objectives:
        if objective.name not in known:
            raise Invalid(choice("value", objective.name, known), fix=f"tell the objective '{objective.name}'")
