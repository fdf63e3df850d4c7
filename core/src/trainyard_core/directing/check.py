"""What a plan may not say, told before anything is written. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from trainyard_core.contracts.director import MOST_CHILDREN, Plan, View
from trainyard_core.errors import TrainyardError
from trainyard_core.lifecycle import Status

__all__ = ["PlanRefused", "check"]

KEY_CHARS = 200
ENDS = (Status.SUCCEEDED, Status.FAILED, Status.STOPPED)


class PlanRefused(TrainyardError):
    """A director's plan that cannot be carried out."""

    code, status, title = "plan_refused", 409, "The plan cannot be carried out"


def check(view: View, plan: Plan) -> None:
    """Raises PlanRefused for the first thing that is wrong with a plan."""
    for problem in _problems(view, plan):
        raise PlanRefused(problem, fix="correct the director of this run kind")


def _problems(view: View, plan: Plan) -> Iterator[str]:
    if len(plan.create) > MOST_CHILDREN:
        yield f"it creates {len(plan.create):,} children at once; the most are {MOST_CHILDREN:,}: create the rest later"
    taken = set(view.children)
    for child in plan.create:
        if not 0 < len(child.key) <= KEY_CHARS:
            yield f"the key '{child.key[:40]}' has {len(child.key)} characters; use 1 to {KEY_CHARS}"
        if child.key in taken:
            yield f"it creates the child '{child.key}' twice"
        taken.add(child.key)
    for each in (*plan.stop, *plan.skip):
        if each.key not in view.children:
            yield f"it stops or skips the child '{each.key}', which does not run"
    yield from _ending(view, plan)


def _ending(view: View, plan: Plan) -> Iterator[str]:
    if plan.finish is None:
        return
    if plan.finish.status not in ENDS:
        yield f"it ends the run as {plan.finish.status}; use one of {', '.join(ENDS)}"
    if plan.create:
        yield "it ends the run and creates children"
    for child in view.children.values():
        if not child.ended:
            yield f"it ends the run while the child '{child.key}' is {child.status}"
