"""httpx without the command-line program that it brings: to import that one loads rich and pygments, which takes longer
than all else of httpx and would be felt in every `yard` command."""

from __future__ import annotations

import sys

_PROGRAM = "httpx._main"

if "httpx" not in sys.modules:
    sys.modules[_PROGRAM] = None  # type: ignore[assignment] # whoever imports it is told that it is not there

import httpx  # noqa: E402 - after the line above

if sys.modules.get(_PROGRAM, httpx) is None:
    del sys.modules[_PROGRAM]

__all__ = ["httpx"]
