"""How a sweep ends, once all of its trials have. Pure."""

from __future__ import annotations

import msgspec

from trainyard_core.contracts.director import Reason, Status
from trainyard_sweeps.reason import SweepReason

__all__ = ["SweepOutcome", "blind", "natural"]

BLIND = 3
"""So many trials that succeed without their objective, and none with it, and a sweep is not worth going on with."""


class SweepOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """An end that was decided: nothing new begins, what runs is stopped for that reason, and then the sweep ends so.
    The trial number `spares` may go on to its own end."""

    status: Status
    reason: str
    message: str
    spares: int = 0


def natural(*, succeeded: int, total: int, last_failure: str) -> SweepOutcome:
    """The end of a sweep that has run all of its trials."""
    if succeeded:
        return SweepOutcome(
            status=Status.SUCCEEDED, reason=Reason.NONE, message=f"{succeeded} of {total} trials succeeded"
        )
    if not total:
        return SweepOutcome(
            status=Status.FAILED, reason=SweepReason.NO_TRIALS, message="there was nothing to try: the space is empty"
        )
    said = f"none of {total} trials succeeded; the last one: {last_failure or 'it was stopped'}"
    return SweepOutcome(status=Status.FAILED, reason=SweepReason.NO_SUCCESS, message=said)


def blind(*, succeeded: int, unjudged: int, message: str) -> SweepOutcome | None:
    """The end of a sweep whose trials run well but cannot be judged: the same would become of all others."""
    if succeeded or unjudged < BLIND:
        return None
    return SweepOutcome(
        status=Status.FAILED,
        reason=SweepReason.NO_OBJECTIVE,
        message=f"{unjudged} trials could not be judged: {message}",
    )
