"""The runs of children: the parent's own operation without what makes it a parent, with the params of a child; another
operation; or a run that a program outside executes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec

from trainyard.client.models import CreateRun
from trainyard.compile.operation import CompiledOperation, TrialCompiler
from trainyard_core.auth import Actor
from trainyard_core.contracts.director import NewChild, Parent
from trainyard_core.db import runs
from trainyard_core.directing.kinds import DirectorKinds
from trainyard_core.errors import Invalid
from trainyard_core.work.compilation import ChildParams, child_compiler, compile_child, compile_run, read
from trainyard_core.work.creation import assemble

__all__ = ["ChildRun", "ChildRuns", "external"]


class ChildRun(msgspec.Struct, frozen=True):
    """A run to be inserted; with `refused`, one that fails at once for that reason."""

    child: NewChild
    new: runs.NewRun
    refused: str = ""


class ChildRuns:
    """Makes the runs of one parent's children. The operation of a parent never changes, so it is read once: `body` is
    the request that would make the parent again, empty for one without an operation of its own."""

    def __init__(self, body: CreateRun, kinds: DirectorKinds) -> None:
        self._body, self._kinds = body, kinds
        self._operation: dict[str, Any] | None = None

    @cached_property
    def _compiler(self) -> TrialCompiler:
        return child_compiler(read(self._body))

    def make(self, parent: Parent, child: NewChild, *, at: int) -> ChildRun:
        """The run of a child. One whose params its operation does not take fails at once, with the reason."""
        body = self._body if child.operation is None else CreateRun(operation={**child.operation}, code=self._body.code)
        body = msgspec.structs.replace(body, name=child.name, id="")
        try:
            new = (
                self._inheriting(parent, child, body, at)
                if child.operation is None
                else self._own(parent, child, body, at)
            )
        except Invalid as error:
            return ChildRun(child, _bare(parent, child, at=at, kind="job"), refused=str(error))
        return ChildRun(child, _under(parent, child, msgspec.structs.replace(new, hold="")))

    def _inheriting(self, parent: Parent, child: NewChild, body: CreateRun, at: int) -> runs.NewRun:
        number = 0 if child.iteration is None else child.iteration
        compiled = compile_child(child.run, parent.project, body, self._compiler, ChildParams(number, child.params))
        alone = msgspec.structs.replace(
            body, content="", operation=self._alone(compiled), params={**body.params, **child.params}
        )
        new = assemble(child.run, parent.project, alone, compiled, Actor(name=parent.owner), at, self._kinds)
        return msgspec.structs.replace(new, notifications=())  # the parent is told of, and not each of its children

    def _own(self, parent: Parent, child: NewChild, body: CreateRun, at: int) -> runs.NewRun:
        body = msgspec.structs.replace(body, params={**child.params})
        compiled = compile_run(child.run, parent.project, body, read(body), iteration=child.iteration)
        return assemble(child.run, parent.project, body, compiled, Actor(name=parent.owner), at, self._kinds)

    def _alone(self, compiled: CompiledOperation) -> dict[str, Any]:
        """The operation as a child keeps it, the same for all of them, so that a run that is made from one is no
        parent."""
        if self._operation is None:
            self._operation = dict(compiled.document.data)
        return self._operation


def external(parent: Parent, child: NewChild, *, at: int) -> ChildRun:
    """The run of a child that a program outside executes: it runs from the start, and its program tells its end."""
    return ChildRun(child, msgspec.structs.replace(_bare(parent, child, at=at, kind="tracked"), managed=False))


def _bare(parent: Parent, child: NewChild, *, at: int, kind: str) -> runs.NewRun:
    """A run without an operation."""
    new = runs.NewRun(
        id=child.run,
        project=parent.project,
        kind=kind,
        actor=parent.owner,
        at=at,
        name=child.name,
        params={**child.params},
    )
    return _under(parent, child, new)


def _under(parent: Parent, child: NewChild, new: runs.NewRun) -> runs.NewRun:
    return msgspec.structs.replace(
        new,
        parent=parent.run,
        key=child.key,
        meta={**child.meta},
        warnings=(*new.warnings, *child.warnings),
        untrusted=new.untrusted or parent.untrusted,
    )
