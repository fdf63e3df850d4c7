"""Named fault points: the places between two effects on disk or on the wire where a crash test may stop the program.

Outside of tests `point` does nothing. A test installs a hook that raises, kills or counts, and so visits every step
of a protocol. What is called at a point, and in which order, belongs to the protocol's own module.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["install", "point"]


def _nothing(name: str) -> None:
    return None


_hook: Callable[[str], None] = _nothing


def point(name: str) -> None:
    """The program is between two effects; `name` says which. What the hook raises goes through to the caller."""
    _hook(name)


def install(hook: Callable[[str], None] | None) -> None:
    """Call `hook` at every fault point from now on; None removes it. For tests."""
    global _hook
    _hook = hook or _nothing
