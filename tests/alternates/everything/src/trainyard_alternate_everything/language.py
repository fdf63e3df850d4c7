"""How a run of kind `review`, a matrix of kind `ladder` and an early-stopping policy `margin` are written. Imports the
SDK only."""

from __future__ import annotations

from trainyard.spec.matrix import Natural, Policy, Positive, SeededMatrix
from trainyard.spec.run import DirectedRun

__all__ = ["LadderMatrix", "MarginPolicy", "ReviewRun"]


class ReviewRun(DirectedRun):
    """So many steps, one after the other."""

    steps: Natural = 1


class LadderMatrix(SeededMatrix):
    """Each value of each param in turn, from the first to the last, and from the first again."""

    num_runs: Natural


class MarginPolicy(Policy):
    """A trial ends that is worse than the best of the others by more than `margin`."""

    margin: Positive
