"""A kind of run: a review runs its steps one after the other, and ends when one fails or all are done."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.client.models import FieldProblem
from trainyard.compile.resolved import ResolvedOperation
from trainyard_core.contracts.director import (
    ChildStop,
    Director,
    End,
    Intent,
    NewChild,
    Opening,
    Plan,
    Planner,
    PlanTools,
    Progress,
    Status,
    View,
)

__all__ = ["KIND", "ReviewDirector"]

KIND = "review"
STEP = {
    "version": 1.1,
    "kind": "operation",
    "component": {"run": {"kind": "job", "container": {"command": ["sh", "-c", "exit 0"]}}},
}


class ReviewDirector(Director):
    """Plans reviews; the field `steps` is how many steps one has."""

    def check(self, operation: ResolvedOperation) -> Sequence[FieldProblem]:
        return []

    def open(self, run: str, operation: ResolvedOperation) -> Opening:
        return Opening(state=str(operation.spec["steps"]).encode())

    def planner(self, run: str) -> Planner:
        return ReviewPlanner()


class ReviewPlanner(Planner):
    """The next step, once the one before has ended."""

    async def plan(self, view: View, tools: PlanTools) -> Plan:
        parent, steps = view.parent, int(view.parent.state)
        going = [child for child in view.children.values() if not child.ended]
        failed = [child for child in view.children.values() if child.ended and child.status is not Status.SUCCEEDED]
        if parent.intent is Intent.STOP:
            stops = [ChildStop(child.key, "user", "the review is stopped") for child in going if not child.stopping]
            return Plan(stop=stops, finish=None if going else End(Status.STOPPED))
        if failed:
            return Plan(finish=End(Status.FAILED, failed[0].reason, f"step {failed[0].key} failed"))
        if going:
            return Plan()
        ended = parent.counts.created
        progress = Progress(share=ended / steps, text=f"{ended} of {steps} steps have ended")
        if ended == steps:
            return Plan(finish=End(Status.SUCCEEDED, message=f"{steps} steps"), progress=progress)
        return Plan(create=[NewChild(key=str(ended + 1), operation=STEP, name=f"step-{ended + 1}")], progress=progress)
