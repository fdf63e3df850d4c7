"""A run's own token, kept fresh by whoever ships for the run.

Such a token is `tyr.<run>.<attempt>.<expiry>.<signature>` with the expiry in seconds since 1970, and it lives for a
day. When half of what was left at first sight is over, and when the server refuses it, the server is asked for another
one; it gives it also for a token that has expired, as long as the attempt is not let go. The new token goes into the
token's file, by rename, where everyone else reads it.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path

from trainyard.track.wire import Answer, Unreachable

__all__ = ["Renewal", "expiry_of", "is_own"]

_PREFIX = "tyr."
_SLOWEST = 15.0
"""The longest pause between two tries, in seconds: no longer than the shipper's own."""
_AT_LEISURE = 60.0
"""Seconds before another token is asked for where each has expired already."""


def is_own(token: str) -> bool:
    """Whether this is a run's own token."""
    return token.startswith(_PREFIX)


def expiry_of(token: str) -> float:
    """When a token expires, in seconds since 1970; never, for one that is not a run's own."""
    parts = token.split(".")
    return float(parts[3]) if is_own(token) and len(parts) == 5 and parts[3].isdigit() else math.inf


class Renewal:
    """Renews the token in `file` by `ask`, which sends the request with a token. Not for several threads at once; two
    who renew one token both get a working one."""

    def __init__(self, file: Path, ask: Callable[[str], Answer]) -> None:
        self._file = file
        self._ask = ask
        self._token = ""
        self._due = math.inf
        self._rest = 0.0
        self._failures = 0

    def fresh(self, token: str) -> str:
        """The token to use: this one, or another when half of its time is over. Trouble is no error here: the old one
        is used for as long as it works. Raises OSError when a new one cannot be written."""
        if token != self._token:
            self._see(token)
        if time.time() < self._due or time.monotonic() < self._rest:
            return token
        return self._renewed(token) or token

    def replacement(self, token: str) -> str:
        """Another token for one that the server has refused; empty when it gives none. Raises OSError as above."""
        return self._renewed(token) if is_own(token) and time.monotonic() >= self._rest else ""

    def _see(self, token: str) -> None:
        now = time.time()
        self._token, self._failures = token, 0
        self._due = now + max(0.0, expiry_of(token) - now) / 2

    def _renewed(self, token: str) -> str:
        try:
            answer = self._ask(token)
        except Unreachable:
            return self._later()
        new = answer.body.get("token")
        if answer.status == 200 and isinstance(new, str) and is_own(new):
            self._keep(new)
            return new
        if answer.status < 500 and answer.status not in (408, 429):
            self._due = math.inf  # refused for good: the attempt is over
        return self._later()

    def _later(self) -> str:
        self._failures += 1
        self._rest = time.monotonic() + min(_SLOWEST, 2.0 ** min(self._failures - 1, 10))
        return ""

    def _keep(self, token: str) -> None:
        self._see(token)
        if expiry_of(token) <= (now := time.time()):  # to a clock that is a day ahead each new one has expired
            self._due = now + _AT_LEISURE
        beside = self._file.with_name(f".{self._file.name}.{os.urandom(6).hex()}")
        handle = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, token.encode())
            os.fsync(handle)
            beside.replace(self._file)
        finally:
            os.close(handle)
            beside.unlink(missing_ok=True)
