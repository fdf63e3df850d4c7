"""An activity as plugins are told of it."""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard_core.contracts.observer import Event
from trainyard_core.db.engine import Row

__all__ = ["event_of"]

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def event_of(row: Row) -> Event:
    """The event of a row of the log."""
    return Event(
        id=row["id"],
        project=row["project"],
        run=row["run"] or "",
        kind=row["kind"],
        actor=row["actor"],
        at=row["at"],
        data=_decode(row["data"]),
    )
