"""An observation as it is stored on its attempt: texts without secrets and within bounds, detail as bounded JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard.client import models
from trainyard_core import redact
from trainyard_core.clock import rfc3339
from trainyard_core.contracts.workload import Observation, Phase
from trainyard_core.db.engine import Row

__all__ = ["ORDER", "StoredObservation", "shown", "stored"]

MOST_REASON = 200
MOST_MESSAGE = 2_000
MOST_DETAIL = 4_096
"""Bytes of detail, as JSON."""
LEFT_OUT = '{"left_out":"the detail was too large or no plain data"}'
ORDER = {phase.value: place for place, phase in enumerate(Phase)}
"""Phases in the order in which an attempt passes them. One that comes after a later one is late, and not stored."""
_encode = msgspec.json.Encoder().encode


class StoredObservation(msgspec.Struct, frozen=True):
    """The columns of an attempt that hold its last observation."""

    phase: str
    reason: str
    message: str
    detail: str

    def changes(self, row: Row) -> bool:
        """Whether an attempt that holds `row` is to be written: the observation says something else, and is not
        late."""
        if ORDER.get(row["phase"], -1) > ORDER[self.phase]:
            return False
        before = row["phase"], row["phase_reason"], row["phase_message"], row["detail"]
        return before != (self.phase, self.reason, self.message, self.detail)


def stored(seen: Observation) -> StoredObservation:
    """The observation, as it is stored."""
    reason, message = _fit(seen.reason, MOST_REASON), _fit(seen.message, MOST_MESSAGE)
    return StoredObservation(str(seen.phase), reason, message, _detail(seen.detail) if seen.detail else "{}")


def shown(row: Row) -> models.AttemptObservation | None:
    """The last observation of an attempt as the API answers it; None before the first."""
    if not row["phase"]:
        return None
    return models.AttemptObservation(
        phase=row["phase"],
        reason=row["phase_reason"],
        message=row["phase_message"],
        detail=msgspec.json.decode(row["detail"]),
        observed_at=rfc3339(row["observed_at"]) or "",
    )


def _fit(text: str, most: int) -> str:
    return redact.text(text)[:most].replace("\0", "\ufffd") if text else ""


def _detail(detail: dict[str, Any]) -> str:
    try:
        written = _encode(redact.plain(detail)).decode()
    except (TypeError, ValueError, RecursionError):
        return LEFT_OUT
    return written if len(written.encode()) <= MOST_DETAIL else LEFT_OUT
