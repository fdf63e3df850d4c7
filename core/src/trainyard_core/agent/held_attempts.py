"""The attempts that an agent holds as core knows them, so that orders travel as changes: of most attempts there is
nothing to say but that they go on."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from trainyard_core.agent.model import KnownAttempts, Order, Orders
from trainyard_core.contracts.workload import AttemptRef

__all__ = ["HeldAttempts", "digest"]


def digest(refs: Iterable[AttemptRef]) -> str:
    """A digest of which attempts these are, whatever their order."""
    return sha256("\n".join(sorted(map(str, refs))).encode()).hexdigest()


class HeldAttempts:
    """Follows the answers of core in one session. Core says each time what to do about attempts that do not simply go
    on; it says all of it whenever it counts others than the agent does."""

    def __init__(self) -> None:
        self._refs: set[AttemptRef] | None = None

    def known(self, *, exact: bool = False) -> KnownAttempts | None:
        """What to tell core of them; None before its first answer. With `exact` core compares them one by one."""
        if self._refs is None:
            return None
        return KnownAttempts(count=len(self._refs), digest=digest(self._refs) if exact else "")

    def add(self, refs: Iterable[AttemptRef]) -> None:
        """These were assigned."""
        if self._refs is not None:
            self._refs.update(refs)

    def remove(self, refs: Iterable[AttemptRef]) -> None:
        """Core knows that these were released."""
        if self._refs is not None:
            self._refs.difference_update(refs)

    def orders(self, answer: Orders) -> list[Order]:
        """What to do about each attempt that is held."""
        if self._refs is None or answer.whole:
            self._refs = {order.ref for order in answer.items}
            return list(answer.items)
        said = {order.ref for order in answer.items if not order.is_beside}
        return [*answer.items, *(Order(ref=ref, todo="observe") for ref in self._refs - said)]
