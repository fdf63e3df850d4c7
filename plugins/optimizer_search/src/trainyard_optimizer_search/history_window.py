"""Which of many trials are remembered, so that a search costs the same after ten thousand trials as after a few
hundred: those that are open, the newest, and of those before them the best. TPE counts at most 25 trials as good ones
and gives old bad ones next to no weight, so little is lost.
"""

from __future__ import annotations

from trainyard.matrix.objective import Goal
from trainyard_core.contracts.optimizer import Study
from trainyard_optimizer_search.observations import Observation, Outcome

__all__ = ["remembered"]

NEWEST = 150
MOST = 300
"""So many trials are remembered before the older ones are looked through."""
BEST = 25
"""For each objective: what Optuna's TPE takes for good at most."""


def remembered(study: Study, told: list[Observation]) -> list[Observation]:
    """Those of them that are, in their order. A pure function."""
    if len(told) < MOST:
        return told
    older = told[:-NEWEST]
    valued = [place for place, one in enumerate(older) if one.outcome is Outcome.VALUES]
    kept = {place for place, one in enumerate(older) if one.outcome is Outcome.OPEN}
    for number, objective in enumerate(study.objectives):
        sign = -1 if objective.goal is Goal.MAXIMIZE else 1
        ranked = sorted((_excess(older[place]), sign * older[place].values[number], place) for place in valued)
        kept.update(place for _, _, place in ranked[:BEST])
    return [older[place] for place in sorted(kept)] + told[-NEWEST:]


def _excess(told: Observation) -> float:
    return sum(max(0.0, value) for value in told.excess)
