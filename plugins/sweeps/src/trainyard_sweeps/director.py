"""The director of sweeps: a run of kind `sweep` plans trials, as its optimizer suggests them."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.client.models import FieldProblem
from trainyard.compile.resolved import ResolvedOperation
from trainyard.matrix.sweep import SweepSpec
from trainyard_core.contracts.director import Director, Opening, Planner
from trainyard_sweeps.installed_policies import InstalledPolicies
from trainyard_sweeps.planner import SweepPlanner
from trainyard_sweeps.setup import Algorithms, check_sweep, open_sweep

__all__ = ["SweepDirector"]


class SweepDirector(Director):
    """Plans sweeps with the optimizers and the policies that are installed here."""

    def __init__(self, algorithms: Algorithms, policies: InstalledPolicies) -> None:
        self._algorithms, self._policies = algorithms, policies

    def check(self, operation: ResolvedOperation) -> Sequence[FieldProblem]:
        """See `Director`."""
        return check_sweep(_sweep_of(operation), self._algorithms, self._policies)

    def open(self, run: str, operation: ResolvedOperation) -> Opening:
        """See `Director`."""
        return open_sweep(run, _sweep_of(operation), self._algorithms, self._policies)

    def planner(self, run: str) -> Planner:
        """See `Director`."""
        return SweepPlanner(run, self._algorithms, self._policies)


def _sweep_of(operation: ResolvedOperation) -> SweepSpec:
    assert operation.sweep is not None, "a sweep has something to search"
    return operation.sweep
