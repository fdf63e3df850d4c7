"""The runs of trials: the sweep's own operation without its matrix, with the params of a trial; or, where a program
outside runs them, runs that are only tracked here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from trainyard.client.models import CreateRun
from trainyard.compile.operation import CompiledOperation, TrialCompiler
from trainyard_core.auth import Actor
from trainyard_core.db import runs
from trainyard_core.db.engine import Row
from trainyard_core.db.planned_trials import NewTrial
from trainyard_core.errors import Invalid
from trainyard_core.ids import new_id
from trainyard_core.sweeps.view import SweepView
from trainyard_core.work.compilation import TrialParams, compile_one, compile_run, read, trials_of
from trainyard_core.work.creation import assemble
from trainyard_core.work.stored_operation import body_of
from trainyard_core.work.sweep_setup import Algorithms

__all__ = ["TrialRun", "TrialRunFactory", "tracked"]


class TrialRun(msgspec.Struct, frozen=True):
    """A run to be inserted; with `refused`, one that fails at once for that reason. `continues` is the run whose
    outputs, artifacts and series it goes on with."""

    new: runs.NewRun
    refused: str = ""
    continues: str = ""


class TrialRunFactory:
    """Makes the runs of one sweep's trials. The operation of a sweep never changes, so it is read once."""

    def __init__(self, operation: Row, algorithms: Algorithms) -> None:
        self._body, self._algorithms = body_of(operation), algorithms
        self._operation: dict[str, Any] | None = None

    @cached_property
    def _trials(self) -> TrialCompiler:
        return trials_of(read(self._body))

    def trial(
        self, view: SweepView, key: str, number: int, params: Mapping[str, object], *, at: int, note: str = ""
    ) -> TrialRun:
        """The run of a trial. Params that the operation does not take make a run that has failed already, with the
        reason, so that every trial is there."""
        run, name = new_id(), f"{view.name or view.sweep.algorithm}-{number}"
        body = msgspec.structs.replace(self._body, name=name, id="")
        trial = {"sweep": view.run, "number": number, **({"note": note} if note else {})}
        try:
            compiled = compile_one(run, view.project, body, self._trials, TrialParams(number, params))
            alone = msgspec.structs.replace(
                body, content="", operation=self._alone(compiled), params={**body.params, **params}
            )
            new = assemble(run, view.project, alone, compiled, Actor(name=view.actor), at, self._algorithms)
        except Invalid as error:
            return self._refused(view, run, body, params, str(error), at=at, key=key)
        warnings = (note,) if note else ()
        return TrialRun(
            msgspec.structs.replace(new, parent=view.run, key=key, hold="", meta={"trial": trial}, warnings=warnings)
        )

    def _alone(self, compiled: CompiledOperation) -> dict[str, Any]:
        """The operation as a trial keeps it, the same for all of them: without the matrix, so that a run that is made
        from one is no sweep."""
        if self._operation is None:
            self._operation = dict(compiled.document.data)
        return self._operation

    def tuner(self, view: SweepView, key: str, params: Mapping[str, object], *, at: int) -> TrialRun:
        """The run of the user's own tuner, which refers to nothing since the sweep was made."""
        operation = {**as_mapping(view.sweep.options["tuner"])}
        name = f"{view.name or view.sweep.algorithm}-{key}"
        body = CreateRun(operation=operation, params=dict(params), name=name, code=self._body.code)
        run = new_id()
        try:
            compiled = compile_run(run, view.project, body, read(body))
            new = assemble(run, view.project, body, compiled, Actor(name=view.actor), at, self._algorithms)
        except Invalid as error:
            return self._refused(view, run, body, params, str(error), at=at, key=key)
        return TrialRun(
            msgspec.structs.replace(new, parent=view.run, key=key, hold="", meta={"tuner": {"sweep": view.run}})
        )

    def _refused(
        self, view: SweepView, run: str, body: CreateRun, params: Mapping[str, object], said: str, *, at: int, key: str
    ) -> TrialRun:
        new = runs.NewRun(
            id=run,
            project=view.project,
            kind="job",
            actor=view.actor,
            at=at,
            name=body.name,
            params=dict(params),
            parent=view.run,
            key=key,
        )
        return TrialRun(new, refused=said)


def tracked(view: SweepView, new: NewTrial, *, asker: str, at: int) -> TrialRun:
    """The run of a trial that a program outside has asked for: it runs from the start, and its program tells its end.
    `asker` names that program."""
    told = {"sweep": view.run, "number": new.number, "asker": asker, "continues": new.continues, "note": new.note}
    return TrialRun(
        runs.NewRun(
            id=new_id(),
            project=view.project,
            kind="tracked",
            actor=view.actor,
            at=at,
            name=f"{view.name or view.sweep.algorithm}-{new.number}",
            managed=False,
            params=new.params,
            meta={"trial": {name: value for name, value in told.items() if value}},
            parent=view.run,
            key=new.key,
            warnings=(new.note,) if new.note else (),
        )
    )


def as_mapping(value: object) -> Mapping[str, object]:
    """A mapping of plain data; empty for anything else."""
    return value if isinstance(value, Mapping) else {}
