"""What a process tells the kernel about itself: its name, how many files it may open, and that it ends with its parent.
Elsewhere than on Linux only the number of files is told."""

from __future__ import annotations

import ctypes
import resource
import signal
import sys
from contextlib import suppress

__all__ = ["call_self", "die_with_parent", "raise_open_files", "release_free_memory"]

MOST_FILES = 1 << 19
"""What systemd allows a service at most; some kernels say a billion, which programs that close them all cannot bear."""

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(number: signal.Signals) -> None:
    """Be sent this signal when the thread that started this process ends. A single system call: safe after a fork."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, number)


def raise_open_files() -> None:
    """Be allowed as many open files, and so connections, as this user may have. What this process starts is too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):  # macOS has a lower bound of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def call_self(name: str) -> None:
    """Be called so in `ps` and `top`; 15 characters count."""
    if _libc is not None:
        _libc.prctl(PR_SET_NAME, name.encode())


def release_free_memory() -> None:
    """Give the free pages of the C heap back to the system, where the C library has a call for it (glibc): importing
    and compiling leave many."""
    if (trim := getattr(_libc, "malloc_trim", None)) is not None:
        trim(0)
