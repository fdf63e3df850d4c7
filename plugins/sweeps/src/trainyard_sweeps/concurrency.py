"""How many trials to ask an optimizer for, and whether to ask it now. Pure.

Each time it is asked costs a transaction, so it is not asked only to hear that what it suggested has begun, nor while
more than half of what it suggested ahead still waits, or the last of it. What a trial has logged is told at once, and
its end as soon as little waits.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainyard_core.contracts.optimizer import Trial, TrialPhase
from trainyard_sweeps.plan import SweepPlan
from trainyard_sweeps.view import SweepView

__all__ = ["can_wait", "comes_first", "waiting", "wanted"]

_BEGUN = (TrialPhase.PENDING, TrialPhase.RUNNING)


def wanted(view: SweepView, plan: SweepPlan, free: int) -> int:
    """How many trials to ask for: one for each free slot, and some ahead; or those that a program asks for."""
    if plan.exhausted:
        return 0
    asked = min(free, plan.request.limit) if plan.request is not None else 0
    count = asked if view.external else free + view.prefetch - waiting(view, plan)
    left = count if view.max_trials is None else view.max_trials - view.created
    return max(0, min(count, left))


def can_wait(view: SweepView, plan: SweepPlan, changed: Sequence[Trial], count: int) -> bool:
    """Whether nothing would be lost by asking later, for so many trials and with these changes."""
    if any(each.intermediate for each in changed):
        return False
    if waiting(view, plan) > (view.prefetch // 2 if count else 0):
        return True
    return not count and all(each.phase in _BEGUN for each in changed)


def comes_first(view: SweepView, *, quick: bool) -> bool:
    """Whether prepared trials get their slots before the optimizer is asked. `quick`: it was so when it was asked last.
    One that has a single suggestion ahead has a model, and may think for long although its first ones came quickly."""
    return view.prefetch == 1 or (view.prefetch > 1 and not quick)


def waiting(view: SweepView, plan: SweepPlan) -> int:
    """How many prepared trials wait for a slot, after this plan."""
    return len(view.prepared) - plan.taken
