"""How the program of a run that is only tracked said that it ended, in SQL: kept in the run's row until its frames are
in, when the run ends with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from trainyard_core.db.engine import Tx

__all__ = ["ReportedEnd", "keep_outputs", "tell"]


class ReportedEnd(NamedTuple):
    """What was said beside the status. `at` is when it ended, in microseconds since 1970 UTC by its machine's clock
    (None: not told)."""

    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    at: int | None = None


async def tell(tx: Tx, run: str, status: str, told: ReportedEnd) -> None:
    """Its program has said how it ended; what was said first counts. A run that the platform runs is not ended so."""
    await tx.run(
        "UPDATE run SET reported_status = ?, reported_reason = ?, reported_message = ?,"
        " reported_exit_code = ?, reported_end_at = ?"
        " WHERE id = ? AND managed = 0 AND reported_status = ''",
        status, *told, run,
    )  # fmt: skip


async def keep_outputs(tx: Tx, run: str, outputs: Mapping[str, object], *, at: int) -> None:
    """All outputs of a run that is only tracked, as its program has told them with its end."""
    await tx.run(
        "UPDATE run SET outputs = ?, updated_at = ? WHERE id = ? AND managed = 0",
        msgspec.json.encode(outputs).decode(), at, run,
    )  # fmt: skip
