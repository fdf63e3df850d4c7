"""The directors that are installed, by the kind of run that each plans, each built when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from trainyard.client.distributions import planning
from trainyard.client.models import FieldProblem
from trainyard.compile.resolved import ResolvedOperation
from trainyard_core.contracts.director import Director, Planner
from trainyard_core.db.directors import NewDirector
from trainyard_core.directing.absent import AbsentDirector
from trainyard_core.errors import Invalid, choice

__all__ = ["DirectorKinds", "InstalledDirector"]


class InstalledDirector(NamedTuple):
    """Whose plugin plans a kind of run, and how its director is built."""

    plugin: str
    build: Callable[[], Director]


class DirectorKinds:
    """The kinds of runs that can be planned here. `aclose` frees what was built."""

    def __init__(self, installed: Callable[[], dict[str, InstalledDirector]]) -> None:
        self._installed = installed
        self._built: dict[str, Director] = {}

    def opening(self, run: str, operation: ResolvedOperation) -> NewDirector | None:
        """What a run begins with whose children are planned; None for one that an agent runs. Raises Invalid for a kind
        that nothing here plans, and for what its director refuses."""
        if operation.kind == "job" or operation.roles:
            return None
        installed = self._installed()
        if operation.kind not in installed:
            raise _unknown(operation.kind, installed)
        opening = self._director(operation.kind).open(run, operation)
        return NewDirector(plugin=installed[operation.kind].plugin, kind=operation.kind, opening=opening)

    def planner(self, run: str, kind: str) -> Planner:
        """The planner of a parent. One whose kind nothing here plans can only be stopped."""
        return self._director(kind).planner(run) if kind in self._installed() else AbsentDirector(kind).planner(run)

    def _director(self, kind: str) -> Director:
        if kind not in self._built:
            self._built[kind] = self._installed()[kind].build()
        return self._built[kind]

    async def aclose(self) -> None:
        """Close every director that was built."""
        built, self._built = self._built, {}
        for director in built.values():
            await director.aclose()


def _unknown(kind: str, installed: Collection[str]) -> Invalid:
    message, distribution = choice("kind of run", kind, ["job", *installed]), planning(kind)
    fix = "install the plugin that plans it where the server runs" + (
        f": pip install {distribution}" if distribution else ""
    )
    return Invalid(message, fix=fix, problems=[FieldProblem(field="kind", message=message, fix=fix)])
