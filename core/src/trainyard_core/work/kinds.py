"""What creating a run must know of the kinds of runs that a director plans."""

from __future__ import annotations

from typing import Protocol

from trainyard.compile.resolved import ResolvedOperation
from trainyard_core.db.directors import NewDirector

__all__ = ["RunKinds"]


class RunKinds(Protocol):
    """Which kinds of runs are planned by a director."""

    def opening(self, run: str, operation: ResolvedOperation) -> NewDirector | None:
        """What a run begins with whose children are planned; None for one that an agent runs. Raises Invalid for a kind
        that nothing here plans, and for what its director refuses."""
