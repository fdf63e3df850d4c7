"""A server's clock that a test can turn, by libfaketime (Debian's package `faketime`) around the server alone."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from .stage import wait_until

PLACES = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/lib64/faketime", "/usr/local/lib/faketime")
NEAR = 5.0
"""Seconds between two clocks that are the same."""


class TurnedClock:
    """A clock that is `ahead` of the machine's by so many seconds. Skips the test where there is no libfaketime."""

    def __init__(self, file: Path) -> None:
        self._file, self._library = file, _library()
        self.ahead = 0
        self.turn(0)

    @property
    def environ(self) -> Mapping[str, str]:
        """What a process finds in its environment to go by this clock. Time that only goes on (CLOCK_MONOTONIC) and the
        times of files stay the machine's, as when a real clock is set."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def turn(self, seconds: int) -> None:
        """Set it by so many seconds, ahead or (negative) back."""
        self.ahead += seconds
        draft = self._file.with_name(f".{self._file.name}")
        draft.write_text(f"{self.ahead:+d}\n")
        draft.replace(self._file)

    def wait(self, url: str) -> None:
        """Until the server there tells this time: else a test would pass that has turned nothing."""
        wait_until(lambda: self._tells(url), within=60, what=f"the server's clock is {self.ahead} s ahead")

    def _tells(self, url: str) -> bool:
        try:
            said = httpx.get(f"{url}/health").headers["date"]
        except httpx.TransportError:  # it has much to do
            return False
        at = email.utils.parsedate_to_datetime(said).timestamp()
        return abs(at - time.time() - self.ahead) < NEAR


def _library() -> Path:
    for pattern in PLACES:
        if found := sorted(Path("/").glob(f"{pattern.lstrip('/')}/libfaketimeMT.so.1")):
            return found[0]
    pytest.skip("NOT TESTED WITH A CLOCK THAT IS SET: no libfaketime here; apt-get install faketime")
