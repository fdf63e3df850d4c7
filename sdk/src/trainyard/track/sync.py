"""Shipping a spool to its end, by whoever comes later: `yard sync`, for runs that were offline, cut off or killed.

A run whose program died without saying how it ended is ended here as failed. A spool goes only when the server has
everything and nobody writes to it.
"""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from trainyard.track import spool as spools
from trainyard.track.run_metadata import read_about, write_about
from trainyard.track.shipper import Shipper, Target
from trainyard.track.target import moved

__all__ = ["Report", "discard", "find_spools", "sync"]


class Report(NamedTuple):
    """What came of one spool: its run and project, frames sent, frames that still wait, what went wrong (empty:
    nothing), and whether the spool was removed, since the server has all of it."""

    run: str
    project: str
    sent: int
    pending: int
    error: str = ""
    removed: bool = False


def find_spools(data: Path) -> list[Path]:
    """The spools of unmanaged and offline runs in a data directory, oldest first."""
    return sorted(path.parent for path in (data / "spool").glob("*/run.json"))


def sync(root: Path, *, url: str = "", token: str = "", project: str = "", patience: float = 30.0) -> Report:
    """Ship the spool `root` to the server at `url` (default: the one named in its `run.json`) until nothing waits,
    trying again for up to `patience` seconds after trouble that may pass. A run that its own project does not have goes
    to `project`, if that is given. Idempotent. Never raises for trouble of the network; ValueError for a URL that is
    none."""
    about = read_about(root)
    run, own = str(about.get("run", "")), str(about.get("project", ""))
    target = _target(about, own, run, url)
    missing = _missing(root, run, target.url)
    if missing:
        return Report(run, own, 0, spools.pending(root), missing)
    if project:
        about = _moved(root, about, target._replace(project=project), token)
        target = target._replace(project=str(about["project"]))
    is_open = about.get("managed") is False and not about.get("ended")
    last_sign = about.get("last_sign") or _last_write(root)
    live = spools.settle(root, final=about.get("managed") is False).live
    if is_open and not live:
        write_about(root, {**about, "last_sign": last_sign})  # recovery has written, too
    shipper = Shipper(root, target, token=token)
    sent, pending, error = _ship_all(shipper, patience)
    if not error and is_open and not live:
        _conclude(root, last_sign)  # after everything else, so that nothing comes late
        more, pending, error = _ship_all(shipper, patience)
        sent += more
    removed = not error and not live and about.get("managed") is False and discard(root)
    return Report(run, target.project, sent, pending, error, removed)


def discard(root: Path) -> bool:
    """Remove the spool of a finished unmanaged run, if the server has everything and nobody writes to it."""
    if not read_about(root).get("ended") or spools.settle(root).live or spools.pending(root):
        return False
    shutil.rmtree(root, ignore_errors=True)
    return True


def _moved(root: Path, about: dict[str, Any], to: Target, token: str) -> dict[str, Any]:
    """`run.json` with the project of `to`, unless the run is the runner's or its own project has it already."""
    own = to._replace(project=str(about.get("project", "")))
    if about.get("managed") is not False or own == to:
        return about
    shipper = Shipper(root, own, token=token)
    try:
        if shipper.has_run():
            return about
    finally:
        shipper.close()
    about = {**about, "project": to.project}
    write_about(root, about)
    return about


def _target(about: dict[str, Any], project: str, run: str, url: str) -> Target:
    """Where it goes: to `url`, else to the server that `run.json` names, wherever that serves now."""
    if url:
        return Target(url, project, run, str(about.get("token_file", "")))
    kept = (str(about.get(name, "")) for name in ("token_file", "data"))
    target = Target(str(about.get("url", "")), project, run, *kept)
    return moved(target) or target


def _missing(root: Path, run: str, url: str) -> str:
    if not run:
        return f"{root} has no readable run.json, so nobody knows which run it belongs to"
    if not url:
        return f"no server is known for run {run}: name one with --url, or start one with `yard up`"
    return ""


def _last_write(root: Path) -> int:
    """When anybody last wrote to the spool, in microseconds since 1970."""
    written = [path for path in root.glob("*/*") if path.name == "ring" or path.suffix == ".tyf"]
    return max((path.stat().st_mtime_ns for path in written), default=time.time_ns()) // 1000


def _conclude(root: Path, at: int) -> None:
    """Record the end of a run whose program is gone. The server ignores a second end."""
    message = "the program ended without finish()"
    spools.append_event(root, {"type": "end", "time": at, "status": "failed", "reason": "lost", "message": message})
    write_about(root, {**read_about(root), "ended": True})


def _ship_all(shipper: Shipper, patience: float) -> tuple[int, int, str]:
    """Ship until nothing waits or patience ends: frames sent, frames that wait, the last trouble."""
    sent, deadline = 0, time.monotonic() + patience
    while True:
        progress = shipper.ship()
        sent += progress.sent
        wait = shipper.delay()
        if not progress.error or progress.fatal or time.monotonic() + wait > deadline:
            shipper.close()
            return sent, progress.pending, progress.error
        threading.Event().wait(wait)
