"""Which of many trials the model is made of, so that asking it costs the same after ten thousand trials as after a few
hundred: the newest ones, and of those before them the best. TPE counts at most 25 trials as good ones and gives old bad
ones next to no weight, so little is lost. A pure function of the memory.
"""

from __future__ import annotations

from trainyard.matrix.objective import Goal
from trainyard_core.contracts.optimizer import Study
from trainyard_optimizer_search.memory import Memory, Outcome, Told

__all__ = ["first", "window"]

BLOCK = 150
"""The newest trials are at least so many and fewer than twice as many."""
BEST = 25
"""Of the older ones, for each objective: what Optuna's TPE takes for good at most."""


def first(trials: int) -> int:
    """The place from which on all trials are in the window."""
    return max(0, trials // BLOCK - 1) * BLOCK


def window(study: Study, memory: Memory) -> list[int]:
    """The places of the trials in it, rising."""
    start = first(len(memory.told))
    older = [place for place in range(start) if memory.told[place].outcome is Outcome.VALUES]
    best: set[int] = set()
    for number, objective in enumerate(study.objectives):
        sign = -1 if objective.goal is Goal.MAXIMIZE else 1
        ranked = sorted(
            (_excess(memory.told[place]), sign * memory.told[place].values[number], place) for place in older
        )
        best.update(place for _, _, place in ranked[:BEST])
    return [*sorted(best), *range(start, len(memory.told))]


def _excess(told: Told) -> float:
    return sum(max(0.0, value) for value in told.excess)
