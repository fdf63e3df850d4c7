"""An early-stopping policy: a trial ends that is worse than the best of the others by more than a margin."""

from __future__ import annotations

from collections.abc import Mapping

from trainyard_sweeps.policy import Comparison, Look, StoppingPolicy

__all__ = ["Margin"]


class Margin(StoppingPolicy):
    """The policy `margin`; its option `margin` is in the units of the metric."""

    name = "margin"

    def judge(self, look: Look, options: Mapping[str, object]) -> Comparison | None:
        """See `StoppingPolicy`."""
        best, margin = look.best(look.values), options["margin"]
        assert isinstance(margin, int | float)
        too_far = abs(look.value - best) > margin and look.goal.better(best, look.value)
        return Comparison(look.value, best) if too_far else None
