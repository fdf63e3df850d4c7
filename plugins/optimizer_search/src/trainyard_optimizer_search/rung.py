"""The rungs of asynchronous successive halving, in its stopping variant: Li et al., "A System for Massively Parallel
Hyperparameter Tuning", MLSys 2020. A trial that reaches a rung goes on when it is among the best of those that have
reached it so far, one in `eta`; while there are fewer than that, only the best one does.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

import msgspec

from trainyard_core.contracts.optimizer import IntermediateValue, StopTrial

__all__ = ["RungState", "rungs"]

STOPPED = -1


class RungState(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """What is kept of a sweep: how many trials were drawn; for each rung the values that reached it, the best (lowest)
    first; how many rungs a live trial has behind it (STOPPED: it is to end); and the stops that no answer has told
    yet."""

    drawn: int = 0
    values: list[list[float]] = []
    behind: dict[str, int] = {}
    due: dict[str, StopTrial] = {}

    def climb(
        self, key: str, points: Sequence[IntermediateValue], steps: Sequence[int], *, eta: float, sign: int
    ) -> None:
        """Take in a trial's points in step order. `sign` 1: lower is better, -1: higher is."""
        self.values += [[] for _ in range(len(steps) - len(self.values))]
        for point in points:
            while 0 <= (rung := self.behind.get(key, 0)) < len(steps) and point.step >= steps[rung]:
                against = self._enter(rung, sign * point.value, eta)
                self.behind[key] = rung + 1 if against is None else STOPPED
                if against is not None:
                    rule = f"asha, rung at step {steps[rung]}"
                    self.due[key] = StopTrial(key=key, rule=rule, value=point.value, against=sign * against)

    def leave(self, key: str) -> None:
        """The trial has ended: its values stay, and it is stopped no more."""
        self.behind.pop(key, None)
        self.due.pop(key, None)

    def _enter(self, rung: int, value: float, eta: float) -> float | None:
        """None when the value may go on; else the worst one that may."""
        values = self.values[rung]
        insort(values, value)
        last = values[max(1, int(len(values) / eta)) - 1]
        return last if value > last else None


def rungs(first: int, last: int, eta: float) -> list[int]:
    """The steps at which trials are compared: first * eta^k, below the last step."""
    steps: list[int] = []
    reach = float(first)
    while round(reach) < last:
        if not steps or round(reach) > steps[-1]:
            steps.append(round(reach))
        reach *= eta
    return steps
