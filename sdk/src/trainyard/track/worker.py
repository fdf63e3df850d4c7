"""Worker processes that multiprocessing starts afresh (spawn, fork server): they record to the run of their parent.

The process that begins a run names its spool in the environment, which its children inherit, and takes the name back
when the run ends. A fork server has the environment of the time when it was started, so the name is also among what
multiprocessing hands to each worker. Only its processes go by it; a program that is started by other means has runs of
its own. A forked child needs none of this: it has the run from its parent's memory.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

from trainyard.track.run_metadata import read_about

__all__ = ["VARIABLE", "Parent", "find_parent", "is_worker", "offer", "withdraw"]

VARIABLE = "TRAINYARD_PARENT_SPOOL"


class Parent(NamedTuple):
    """The run that the parent of this process records to."""

    run: str
    project: str
    name: str
    spool: Path


def offer(spool: Path) -> None:
    """Workers that this process starts from now on record to this spool."""
    os.environ[VARIABLE] = str(spool)
    _handed_on()[VARIABLE] = str(spool)


def withdraw(spool: Path) -> None:
    """The run has ended; idempotent."""
    if os.environ.get(VARIABLE) == str(spool):
        del os.environ[VARIABLE]
    if _handed_on().get(VARIABLE) == str(spool):
        del _handed_on()[VARIABLE]


def find_parent() -> Parent | None:
    """The run of the parent, if this process is a worker and that run goes on."""
    root = Path(_handed_on().get(VARIABLE) or os.environ.get(VARIABLE, ""))
    if not root.name or not is_worker():
        return None
    about = read_about(root)
    if not about.get("run") or about.get("ended"):
        return None
    name = about.get("create", {}).get("name", "")
    return Parent(str(about["run"]), str(about.get("project", "")), str(name), root)


def _handed_on() -> dict[str, Any]:
    """What this process hands to each worker. Before multiprocessing is loaded no fork server needs it."""
    process = sys.modules.get("multiprocessing.process")
    found = getattr(process.current_process(), "_config", {}) if process is not None else {}
    return found if isinstance(found, dict) else {}


def is_worker() -> bool:
    """Whether multiprocessing has started this process. While it imports the main module for it, the process knows no
    parent yet, and is marked as one that inherits."""
    process = sys.modules.get("multiprocessing.process")
    if process is None:
        return False
    return process.parent_process() is not None or getattr(process.current_process(), "_inheriting", False)
