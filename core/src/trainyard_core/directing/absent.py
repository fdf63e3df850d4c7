"""What stands in for a director that is not installed any more: the parent says so, goes on when the plugin is back,
and can be stopped."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.client.models import FieldProblem
from trainyard.compile.resolved import ResolvedOperation
from trainyard_core.contracts.director import (
    ChildStop,
    Director,
    End,
    Opening,
    Plan,
    Planner,
    PlanTools,
    View,
)
from trainyard_core.errors import Unavailable
from trainyard_core.lifecycle import Intent, Status

__all__ = ["AbsentDirector"]


class AbsentDirector(Director):
    """Plans nothing, and ends what is to be stopped."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def check(self, operation: ResolvedOperation) -> Sequence[FieldProblem]:
        """See `Director`."""
        return [FieldProblem(field="kind", message=f"nothing here plans runs of kind '{self._kind}'")]

    def open(self, run: str, operation: ResolvedOperation) -> Opening:
        """See `Director`. Never called: such a run is refused before."""
        raise self._error()

    def planner(self, run: str) -> Planner:
        """See `Director`."""
        return _AbsentPlanner(self._error())

    def _error(self) -> Unavailable:
        return Unavailable(
            f"nothing here plans runs of kind '{self._kind}'", fix="install the plugin that does, or stop the run"
        )


class _AbsentPlanner(Planner):
    def __init__(self, error: Unavailable) -> None:
        self._error = error

    async def plan(self, view: View, tools: PlanTools) -> Plan:
        """Stop the children of a parent that is to be stopped, then end it. Raises Unavailable otherwise."""
        parent = view.parent
        if parent.intent is not Intent.STOP:
            raise self._error
        going = [child for child in view.children.values() if not child.ended]
        if not going:
            return Plan(finish=End(Status.STOPPED, parent.stop_reason, parent.stop_message))
        stops = [ChildStop(child.key, parent.stop_reason, parent.stop_message) for child in going if not child.stopping]
        return Plan(stop=stops)
