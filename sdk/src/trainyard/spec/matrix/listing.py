"""The kinds that know beforehand what they run: `mapping`, `grid` and `random`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue, field_validator

from trainyard.matrix.space import MOST_VALUES, Param
from trainyard.spec.matrix.base import Matrix
from trainyard.spec.matrix.number import Natural
from trainyard.spec.matrix.search import SeededMatrix, SpaceMatrix, values_only
from trainyard.spec.model import problem

__all__ = ["GridMatrix", "ListMatrix", "RandomMatrix"]

MOST_TRIALS = 1_000_000
"""What a grid may come to without saying `numRuns`."""


class ListMatrix(Matrix):
    """One trial for each mapping in `values`, in their order."""

    values: tuple[dict[str, JsonValue], ...]

    @field_validator("values", mode="after")
    @classmethod
    def _some(cls, value: tuple[dict[str, JsonValue], ...]) -> tuple[dict[str, JsonValue], ...]:
        if not 0 < len(value) <= MOST_VALUES:
            raise problem(f"{len(value)} trials are listed", f"list at least one and at most {MOST_VALUES}")
        return value

    def listed(self) -> Sequence[Mapping[str, JsonValue]]:
        return self.values


class GridMatrix(SpaceMatrix):
    """Every combination of the params' values, the last param fastest; `numRuns` ends it after so many."""

    num_runs: Natural | None = None

    def refusal(self, param: Param) -> tuple[str, str] | None:
        return values_only("grid", param)

    def crowd(self, combinations: int | None) -> tuple[str, str] | None:
        if self.num_runs is not None or combinations is None or combinations <= MOST_TRIALS:
            return None
        return (
            f"these are {combinations} combinations, and {MOST_TRIALS} are the most",
            "give fewer values, set `numRuns`, or use kind `random`",
        )


class RandomMatrix(SeededMatrix):
    """Params drawn at random, no combination twice."""

    num_runs: Natural
