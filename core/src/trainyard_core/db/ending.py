"""How the program of a run that is only tracked said that it ended, in SQL: kept in the run's row until its frames are
in, when the run ends with it."""

from __future__ import annotations

import msgspec

from trainyard_core.db.engine import Row, Tx

__all__ = ["Ended", "ended", "tell"]


class Ended(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What was said: the status is a column of its own. `at` is when it ended, in microseconds since 1970 UTC by the
    clock of its machine (None: not told)."""

    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    at: int | None = None


_decoder = msgspec.json.Decoder(Ended)


async def tell(tx: Tx, run: str, status: str, told: Ended) -> None:
    """Its program has said how it ended; what is said first counts. A run that the platform runs is not ended so."""
    await tx.run(
        "UPDATE run SET ended = ?, ended_message = ? WHERE id = ? AND managed = 0 AND ended = ''",
        status,
        msgspec.json.encode(told).decode(),
        run,
    )


def ended(row: Row) -> Ended:
    """What a run's row says of its end. Rows of the first release hold the message alone."""
    if not row["ended_message"]:
        return Ended()
    try:
        return _decoder.decode(row["ended_message"])
    except msgspec.DecodeError:
        return Ended(message=row["ended_message"])
