"""What the platform tells a managed program in its environment, beside where it reports."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from trainyard.track.log_once import say

__all__ = ["number", "params"]


def params() -> dict[str, Any]:
    """The params that the platform resolved for this managed attempt: TRAINYARD_PARAMS, or what lies in
    TRAINYARD_PARAMS_FILE when they are too many for a variable."""
    try:
        found = json.loads(_params_text() or "{}")
    except (OSError, ValueError) as error:
        say("params", f"the params of this run cannot be read: {error}")
        return {}
    return found if isinstance(found, dict) else {}


def _params_text() -> str:
    if path := os.environ.get("TRAINYARD_PARAMS_FILE", ""):
        return Path(path).read_text("utf-8")
    return os.environ.get("TRAINYARD_PARAMS", "")


def number(name: str) -> int | None:
    """A whole number that the platform has set; None when it has not."""
    text = os.environ.get(name, "")
    return int(text) if text.removeprefix("-").isdecimal() else None
