"""`run.json` of a spool: which run it belongs to and where it goes, so that anyone can ship it days later.

Fields: `project`, `run`, `url`, `token_file`, `data` (the data directory that the server was found by), `managed`; for
a managed run also `attempt`, whose records these are; for an unmanaged run also `create` (what the run is created
with), `ended` (whether its end is recorded) and `last_sign` (when a program that is gone last wrote, in microseconds
since 1970). Never a secret.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from trainyard.track.target import Target

__all__ = ["describe", "read_about", "write_about"]


def describe(project: str, run: str, target: Target | None, **more: Any) -> dict[str, Any]:
    """What `run.json` says of an unmanaged run that begins."""
    found = target or Target("", project, run, "")
    place = {"url": found.url, "token_file": found.token_file, "data": found.data}
    return {"project": project, "run": run, **place, "managed": False, "ended": False, **more}


def write_about(root: Path, about: dict[str, Any]) -> None:
    """Write `run.json`, by rename: what lets anyone ship the spool later. Never a secret. Raises OSError."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = root / f".run.json.{os.getpid()}"
    draft.write_text(json.dumps(about, indent=1))
    draft.replace(root / "run.json")


def read_about(root: Path) -> dict[str, Any]:
    """`run.json` of a spool; empty when there is none or it is broken."""
    try:
        about = json.loads((root / "run.json").read_text())
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}
