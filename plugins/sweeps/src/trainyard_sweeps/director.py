"""The director of sweeps: a run of kind `sweep` plans trials, as its optimizer suggests them."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.client.models import FieldProblem
from trainyard.compile.resolved import ResolvedOperation
from trainyard.matrix.sweep import SweepSpec
from trainyard_core.contracts.director import Director, Opening, Planner
from trainyard_sweeps.planner import SweepPlanner
from trainyard_sweeps.setup import Algorithms, open_sweep, study_of

__all__ = ["SweepDirector"]


class SweepDirector(Director):
    """Plans sweeps with the optimizers that are installed here."""

    def __init__(self, algorithms: Algorithms) -> None:
        self._algorithms = algorithms

    def check(self, operation: ResolvedOperation) -> Sequence[FieldProblem]:
        """See `Director`."""
        sweep = _sweep_of(operation)
        return self._algorithms(sweep.algorithm).check(study_of(sweep))

    def open(self, run: str, operation: ResolvedOperation) -> Opening:
        """See `Director`."""
        return open_sweep(run, _sweep_of(operation), self._algorithms)

    def planner(self, run: str) -> Planner:
        """See `Director`."""
        return SweepPlanner(run, self._algorithms)


def _sweep_of(operation: ResolvedOperation) -> SweepSpec:
    assert operation.sweep is not None, "a sweep has something to search"
    return operation.sweep
