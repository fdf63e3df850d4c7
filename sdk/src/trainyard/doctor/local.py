"""This machine: the data directory, the settings file, the disk, and what waits to be sent."""

from __future__ import annotations

import os
import shutil
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path

from trainyard.client.models import Check
from trainyard.doctor.result import failed, ok, skipped, warning

__all__ = ["HOPS"]

LITTLE = 1 << 30
PRIVATE = ("token", "server.json", "trainyard.db")


def data(folder: Path) -> Check:
    """Whether the data directory can be used, and whether others can read what is private in it."""
    if not folder.exists():
        return skipped(f"there is no {folder}: no server has run here, and no run has waited")
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return failed(f"{folder} cannot be used by this user", "give it to this user, or choose another with --data")
    open_to_others = [name for name in PRIVATE if (folder / name).exists() and _mode(folder / name) & 0o077]
    if open_to_others:
        files = " ".join(str(folder / name) for name in open_to_others)
        return failed(f"others may read {', '.join(open_to_others)} in {folder}", f"chmod 600 {files}")
    return ok(f"{folder} is usable and private")


def settings(folder: Path) -> Check:
    """Whether the settings file can be read as TOML; whether its keys are known is the server's to say."""
    file = folder / "trainyard.toml"
    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return skipped(f"there is no {file}: the defaults hold")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return failed(f"{file}: {error}", "correct the file; the server does not start with it")
    except RecursionError:
        return failed(f"{file}: a value is nested too deep", "flatten it; the server does not start with it")
    return ok(f"{file} sets {len(found)} keys and sections")


def disk(folder: Path) -> Check:
    """Whether there is room for what runs record."""
    place = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(place)
    text = f"{usage.free / LITTLE:.1f} GiB free of {usage.total / LITTLE:.1f} at {place}"
    if usage.free < LITTLE:
        return warning(text, "make room, or choose another data directory with --data")
    return ok(text)


def backlog(folder: Path) -> Check:
    """What `yard sync` would send."""
    from trainyard.track import spool
    from trainyard.track.sync import find_spools

    waiting = {root.name: spool.pending(root) for root in find_spools(folder)}
    frames, runs = sum(waiting.values()), sum(1 for count in waiting.values() if count)
    if frames:
        return warning(f"{frames} frames of {runs} runs wait in {folder / 'spool'}", "send them: yard sync")
    return ok("nothing waits to be sent")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


HOPS: tuple[tuple[str, Callable[[Path], Check]], ...] = (
    ("data directory", data),
    ("settings file", settings),
    ("disk", disk),
    ("waiting to be sent", backlog),
)
"""The hops, in order."""
