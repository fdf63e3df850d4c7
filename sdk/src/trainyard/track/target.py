"""Where this process's run belongs: read from the environment and the data directory, without a network call.

A managed process (the runner set TRAINYARD_RUN and TRAINYARD_SPOOL) writes to that spool and nothing else. Any other
process makes a run of its own below the data directory. Reading the same places, the client finds its server by the
same order; only what a spool needs is here.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import NamedTuple

from trainyard.names import PLAIN_NAME, BadName, check_plain_name, nearest_plain_name
from trainyard.track import login
from trainyard.track.conversion import text
from trainyard.track.folder import data_dir, named
from trainyard.track.omissions import mistake

__all__ = ["Managed", "Target", "chosen_project", "find_target", "managed", "moved", "new_run_id"]


class Target(NamedTuple):
    """Where a spool goes. `token_file` holds the token; when empty, the environment's TRAINYARD_TOKEN is used. `data`
    is the data directory that the server was found by and that tells where it serves; empty when it was not."""

    url: str
    project: str
    run: str
    token_file: str
    data: str = ""


class Managed(NamedTuple):
    """The attempt that the runner started this process for."""

    run: str
    project: str
    spool: Path


def managed() -> Managed | None:
    """The managed attempt that this process belongs to, if any."""
    run, spool = os.environ.get("TRAINYARD_RUN", ""), os.environ.get("TRAINYARD_SPOOL", "")
    if not run or not spool:
        return None
    return Managed(run, os.environ.get("TRAINYARD_PROJECT", "default"), Path(spool))


def chosen_project(given: object) -> str:
    """The project of a run: what was given (None: nothing), TRAINYARD_PROJECT, or `default`. What cannot be the name of
    a project is said, and the nearest name that can be is taken."""
    project = text(given) or os.environ.get("TRAINYARD_PROJECT", "") or "default"
    try:
        check_plain_name("project", project)
    except BadName as error:
        nearest = nearest_plain_name(project) or "default"
        mistake("project", f"{error}: use {PLAIN_NAME}; the run goes to project '{nearest}'")
        return nearest
    return project


def find_target(project: str, run: str) -> Target | None:
    """The server that the run is shipped to: TRAINYARD_URL, else the one that serves TRAINYARD_DATA, that `yard login`
    was at last, or that serves `~/.trainyard`. None when none is known now. A token that is kept for one server is
    never named for another."""
    said, data = os.environ.get("TRAINYARD_URL", ""), _data_dir()
    served = _served_url(data) if data else ""
    url = said or (served if os.environ.get("TRAINYARD_DATA") else "") or login.current(os.environ) or served
    if not url:
        return None
    token_file = os.environ.get("TRAINYARD_TOKEN_FILE", "")
    if token_file:
        token_file = str(named(token_file))
    elif "TRAINYARD_TOKEN" not in os.environ:
        token_file = str(data / "token") if data and url.rstrip("/") == served.rstrip("/") else _kept(url)
    return Target(url, project, run, token_file, str(data) if url == served and not said else "")


def moved(target: Target) -> Target | None:
    """The same target at another address, when the data directory that its server was found by names one by now."""
    url = _served_url(Path(target.data)) if target.data else ""
    return target._replace(url=url) if url and url != target.url else None


def _data_dir() -> Path | None:
    try:
        return data_dir()
    except OSError:
        return None  # whoever needs it says so


def _kept(url: str) -> str:
    """The file with the token for `url` that `yard login` keeps; empty when there is none."""
    try:
        return str(login.token_file(url, os.environ) or "")
    except ValueError:
        return ""  # the address is none; whoever uses it says so


def new_run_id() -> str:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, 74 random bits."""
    number = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10))
    number = number & ~(0xF << 76) | 7 << 76
    number = number & ~(0x3 << 62) | 2 << 62
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _served_url(data: Path) -> str:
    """Where the server of a data directory serves; empty when none does."""
    try:
        url = json.loads((data / "server.json").read_text()).get("url", "")
    except (OSError, ValueError, AttributeError):
        return ""
    return url if isinstance(url, str) else ""
