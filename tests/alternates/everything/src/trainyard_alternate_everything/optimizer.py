"""The optimizer of the kind `ladder`: each value in turn. Its state is the number of trials so far, as text."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.client.models import FieldProblem
from trainyard.matrix.space import Choice, Ordered
from trainyard_core.contracts.optimizer import Optimizer, Outline, Study, Suggestion, Suggestions, Trial

__all__ = ["Ladder"]


class Ladder(Optimizer):
    """Climbs the values."""

    name = "ladder"

    def check(self, study: Study) -> list[FieldProblem]:
        return [
            FieldProblem(message=f"param '{name}' has no values to count", fix="write them out with `choice`")
            for name, param in study.space.params.items()
            if not isinstance(param, Choice | Ordered)
        ]

    def outline(self, study: Study) -> Outline:
        return Outline(trials=_trials(study), concurrency=2)

    async def suggest(
        self, study: Study, *, changed: Sequence[Trial], count: int, seed: int, state: bytes
    ) -> Suggestions:
        first = int(state or b"0")
        last = min(first + count, _trials(study))
        rungs = [Suggestion(params=_rung(study, number)) for number in range(first, last)]
        return Suggestions(suggestions=tuple(rungs), state=str(last).encode(), exhausted=last >= _trials(study))

    async def aclose(self) -> None:
        """Nothing is open."""


def _trials(study: Study) -> int:
    return int(str(study.options["numRuns"]))


def _rung(study: Study, number: int) -> dict[str, object]:
    counted = {name: param for name, param in study.space.params.items() if isinstance(param, Choice | Ordered)}
    return {name: param.values[number % len(param.values)] for name, param in counted.items()}
