"""Delays between the tries of a request: exponential back-off with jitter. Whether a request may be repeated is a
property of the request; the client does the waiting."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["STANDARD", "Backoff"]


@dataclass(frozen=True)
class Backoff:
    """`tries` includes the first one. Delays are in seconds: between half and the whole of `base * 2**n`, and at
    most `cap` ("equal jitter", M. Brooker, Exponential Backoff and Jitter, 2015). `chance` gives numbers in [0, 1)."""

    tries: int = 4
    base: float = 0.2
    cap: float = 10.0
    chance: Callable[[], float] = random.random

    def delay(self, failures: int) -> float:
        """How long to wait after so many failures in a row (1, 2, ...)."""
        whole = min(self.cap, self.base * 2.0 ** min(failures - 1, 32))
        return whole / 2 + self.chance() * whole / 2

    def is_over(self, failures: int) -> bool:
        """Whether to give up after so many failures in a row."""
        return failures >= self.tries


STANDARD = Backoff(tries=5)
"""The default of a client: it gives up after about three seconds."""
