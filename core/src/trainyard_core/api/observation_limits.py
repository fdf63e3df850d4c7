"""What an agent observed, as it may be stored: numbers within bounds, texts cut to a length and without NUL."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trainyard_core.clock import SECOND, is_time
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation
from trainyard_core.errors import Invalid

__all__ = ["check_refs", "checked"]

LONGEST = 10_000
MOST_LINES = 200
MOST_WRITERS = 10_000
BIGGEST = 1 << 31


def checked(seen: Observation) -> Observation:
    """The observation with its texts made fit. Raises Invalid for numbers that none can be."""
    check_refs([seen.ref])
    _check_time(seen.started_at)
    end = None if seen.exit is None else _checked_exit(seen.exit)
    return msgspec.structs.replace(seen, reason=_fit(seen.reason), message=_fit(seen.message), exit=end)


def check_refs(refs: Iterable[AttemptRef]) -> None:
    """Raises Invalid for a number that no attempt has."""
    for ref in refs:
        if not 0 < ref.attempt < BIGGEST:
            raise Invalid(f"{ref.attempt} is no attempt's number", fix="attempts are counted from 1")


def _checked_exit(end: Exit) -> Exit:
    _check_time(end.started_at)
    _check_time(end.finished_at)
    for number in (end.code, end.signal):
        if number is not None and not -BIGGEST <= number < BIGGEST:
            raise Invalid(f"no program ends with {number}", fix="state its exit code or signal")
    if len(end.writers) > MOST_WRITERS:
        raise Invalid(f"an attempt has at most {MOST_WRITERS} writers", fix="close writers that are not used")
    lines = tuple(_fit(line) for line in end.last_lines[-MOST_LINES:])
    return msgspec.structs.replace(end, reason=_fit(end.reason), message=_fit(end.message), last_lines=lines)


def _check_time(seconds: float | None) -> None:
    if seconds is not None and not is_time(seconds * SECOND):
        raise Invalid(f"{seconds:g} is no time", fix="state seconds since 1970 UTC")


def _fit(text: str) -> str:
    return text[:LONGEST].replace("\0", "\ufffd")
