"""`grid`: every combination of the params' values, the last param turning fastest, as far as `numRuns` goes. A place in
the grid is a number, so a million points cost nothing until they are suggested; what breaks a constraint is left out.
"""

from __future__ import annotations

from trainyard.client.models import FieldProblem
from trainyard.matrix.space import Param, Weighted
from trainyard_core.contracts.optimizer import Study
from trainyard_optimizer_search import checks, distribution, draw
from trainyard_optimizer_search.listing import Listing

__all__ = ["GridOptimizer"]


class GridOptimizer(Listing):
    """Options: `numRuns`, the most trials; without it the whole grid."""

    name = "grid"

    def check(self, study: Study) -> list[FieldProblem]:
        problems = checks.check_whole(study, "numRuns") + checks.check_space(study, self.name)
        return problems or [
            _problem(name, param) for name, param in study.space.params.items() if not _has_places(param)
        ]

    def most(self, study: Study) -> int:
        points = draw.size(study.space) or 0
        return min(checks.whole(study, "numRuns", points), points)

    def entry(self, study: Study, seed: int, at: int) -> tuple[dict[str, object], int] | None:
        for place in range(at, draw.size(study.space) or 0):
            params = draw.point(study.space, place)
            if draw.fits(study.space, params):
                return params, place + 1
        return None


def _has_places(param: Param) -> bool:
    return distribution.size(param) is not None and not isinstance(param, Weighted)


def _problem(name: str, param: Param) -> FieldProblem:
    if isinstance(param, Weighted):
        message, fix = f"param '{name}' has weights, which say nothing in a grid", "use `choice`, or the kind random"
    else:
        message = f"param '{name}' is a distribution, which has no places for a grid"
        fix = "use choice, range, linspace, logspace or geomspace, or the kind random"
    return FieldProblem(message=message, field=f"params.{name}", fix=fix)
