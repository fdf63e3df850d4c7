"""Sweeps whose trials a program outside runs: how one is made, what is answered when it asks, what is done when it
tells.

A trial that was asked for is a run that is only tracked here. It is made in the plan's own transaction, together with
the claim on the request's idempotency key, so a request that comes again after any crash gets the same trials. A trial
ends once: by what its program tells, by its tracked end, or by being given up because its program is gone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from trainyard.client.models import AskTrials, NewSweep, RunRecord, SuggestedTrial, TellTrial, TrialBatch
from trainyard.compile.ask_tell import asked_sweep
from trainyard.compile.resolved import ResolvedOperation
from trainyard.matrix.sweep import SweepSpec
from trainyard.spec.error import SpecError
from trainyard_core.contracts.database import PluginRow
from trainyard_core.contracts.director import FINAL, Child, Intent
from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.routes import Actor, Change
from trainyard_core.errors import Conflict, Invalid, NotFound, choice, invalid
from trainyard_sweeps import planned_trials, sweeps, trials
from trainyard_sweeps.plan import TrialRequest
from trainyard_sweeps.setup import MOST_PARALLEL
from trainyard_sweeps.sweep_run import KIND

__all__ = ["ExternalSweep", "create"]

MOST_GONE, LONGEST = 1_000, 200
_decode: Any = msgspec.json.decode
_sweep = msgspec.json.Decoder(SweepSpec)


async def create(platform: Platform, actor: Actor, project: str, body: NewSweep, change: Change) -> RunRecord:
    """The run of a new sweep. Raises Invalid with the place of each problem."""
    try:
        sweep = asked_sweep(body.matrix, metric=body.metric, trials=body.trials, types=body.types)
    except SpecError as error:
        raise invalid(error) from error
    sweep = msgspec.structs.replace(sweep, external=True)
    operation = ResolvedOperation(kind=KIND, name=body.name or None, tags=tuple(body.tags), sweep=sweep)
    return await platform.parents.create(actor, project, operation, description=body.description, change=change)


class ExternalSweep:
    """One such sweep, by the id of its run, as an actor has it."""

    def __init__(self, platform: Platform, actor: Actor, project: str, run: str) -> None:
        self._platform, self._actor, self._project, self.run = platform, actor, project, run

    @classmethod
    async def find(cls, platform: Platform, actor: Actor, project: str, ref: str) -> ExternalSweep:
        """The sweep. Raises NotFound, and Conflict for a run that is none, or whose trials the platform runs."""
        run = await platform.runs.get(actor, project, ref)
        if run.kind != KIND:
            raise Conflict(f"run {run.id} is no sweep", fix="ask a sweep that `trainyard.sweep` has made")
        found = cls(platform, actor, project, run.id)
        if not (await found._row())["external"]:
            raise Conflict(f"the platform itself runs the trials of sweep {run.id}", fix="see its trials: yard sweep")
        return found

    async def ask(self, body: AskTrials, change: Change) -> TrialBatch:
        """More trials. Idempotent by the request's key: what it was given once it is given again. Raises Invalid,
        IdempotencyReused, and Unavailable when the sweep cannot be planned now."""
        _check(body)
        if body.gone:
            await self._give_up(body.gone)
        request = TrialRequest(body.count, body.asker)
        given = await self._platform.parents.ask(self._actor, self._project, self.run, request, change=change)
        rows = await self._platform.database.read(lambda tx: trials.of_runs(tx, self.run, given))
        children = await self._children(given)
        run = await self._platform.runs.get(self._actor, self._project, self.run)
        return TrialBatch(
            items=[_suggested(row, children[row["run"]]) for row in rows if row["run"] in children],
            over=_is_over(run, await self._row()),
            open=[row["key"] for row, _ in await self._open()],
            status=run.status,
            message=run.message,
        )

    async def tell(self, key: str, body: TellTrial, change: Change) -> RunRecord:
        """End a trial as its program says; its run. Raises Conflict for one that has ended, whoever told it, Invalid
        for values that cannot be judged."""
        run = await self._platform.database.read(lambda tx: planned_trials.run_of(tx, self.run, key))
        if not run:
            raise NotFound(f"sweep {self.run} has no trial '{key}'", fix="use the key of a trial that was asked for")
        outputs = _finite(body)
        if body.status == "succeeded":
            await self._check_objectives(run, outputs)
        try:
            return await self._platform.parents.end_child(
                self._actor,
                self._project,
                self.run,
                run,
                status=body.status,
                outputs=outputs,
                message=body.message,
                change=change,
            )
        except Conflict as error:
            child = (await self._children([run])).get(run)
            if child is None or not (child.ended or child.reported_status):
                raise
            how = child.status if child.ended else child.reported_status
            said = f"trial '{key}' has ended already: {how}"
            raise Conflict(said, fix="a trial counts once; ask for another") from error

    async def _row(self) -> PluginRow:
        row = await self._platform.database.read(lambda tx: sweeps.load(tx, self.run))
        assert row is not None, "a run of this kind has its row from its first transaction on"
        return row

    async def _children(self, runs: Sequence[str], *, metrics: Sequence[str] = ()) -> dict[str, Child]:
        if not runs:
            return {}
        found = await self._platform.parents.children(self._actor, self._project, self.run, runs, metrics=metrics)
        return {**found}

    async def _open(self) -> list[tuple[PluginRow, Child]]:
        """Its trials whose runs have not ended, by number."""
        rows = await self._platform.database.read(lambda tx: trials.open_runs(tx, self.run))
        children = await self._children([row["run"] for row in rows])
        found = [(row, children[row["run"]]) for row in rows if row["run"] in children]
        return [(row, child) for row, child in found if not child.ended]

    async def _give_up(self, gone: Sequence[str]) -> None:
        """The trials of programs that have died have failed, also where frames of theirs are still waited for; one that
        was told to have ended well keeps its end. Repeated, it finds none."""
        runs = [child.run for row, child in await self._open() if row["asker"] in gone]
        if runs:
            message = "its program died before it told how the trial went"
            await self._platform.parents.give_up(self._actor, self._project, self.run, runs, message)

    async def _check_objectives(self, run: str, outputs: dict[str, float]) -> None:
        """A trial is judged by what it told, or by what it has logged."""
        objectives = [objective.name for objective in _sweep.decode((await self._row())["study"]).objectives]
        child = (await self._children([run], metrics=objectives)).get(run)
        known = {*outputs, *(() if child is None else (*child.outputs, *child.metrics))}
        for name in objectives:
            if name not in known:
                raise Invalid(choice("value", name, known), fix=f"tell the objective '{name}'")


def _check(body: AskTrials) -> None:
    if not 0 <= body.count <= MOST_PARALLEL:
        raise Invalid(f"`count` is {body.count}", fix=f"ask for at most {MOST_PARALLEL} at once")
    if len(body.asker) > LONGEST or len(body.gone) > MOST_GONE:
        raise Invalid("`asker` or `gone` is too long", fix=f"use {LONGEST} characters and {MOST_GONE} names at most")


def _is_over(run: RunRecord, row: PluginRow) -> bool:
    """Whether no trial will come any more."""
    ends = run.status in FINAL or run.intent == Intent.STOP or bool(row["outcome"]) or bool(row["exhausted"])
    return ends or (row["max_trials"] is not None and row["created"] >= row["max_trials"])


def _suggested(row: PluginRow, child: Child) -> SuggestedTrial:
    return SuggestedTrial(
        key=row["key"],
        number=row["number"],
        run=row["run"],
        name=child.name,
        params=_decode(row["params"]),
        continues=row["continues"],
        note=row["note"],
    )


def _finite(body: TellTrial) -> dict[str, float]:
    for name, value in body.values.items():
        if isinstance(value, str) or not math.isfinite(value):
            raise Invalid(
                f"`values.{name}` is {value}, which is not a finite number", fix="send `status: failed` instead"
            )
    return {name: float(value) for name, value in body.values.items()}
