"""What a process tells the kernel about itself. Elsewhere than on Linux nothing comes of it."""

from __future__ import annotations

import ctypes
import signal
import sys

__all__ = ["call_self", "die_with_parent"]

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(number: signal.Signals) -> None:
    """Be sent this signal when the thread that started this process ends. A single system call: safe after a fork."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, number)


def call_self(name: str) -> None:
    """Be called so in `ps` and `top`; 15 characters count."""
    if _libc is not None:
        _libc.prctl(PR_SET_NAME, name.encode())
