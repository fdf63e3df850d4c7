"""How a matrix of kind `ladder` is written. Imports the SDK only."""

from __future__ import annotations

from trainyard.spec.matrix.number import Natural
from trainyard.spec.matrix.search import SeededMatrix

__all__ = ["LadderMatrix"]


class LadderMatrix(SeededMatrix):
    """Each value of each param in turn, from the first to the last, and from the first again."""

    num_runs: Natural
