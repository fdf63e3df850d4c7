"""Where `yard login` keeps tokens, for whoever looks one up. Standard library only; who keeps them is `client.logins`.

The folder is `TRAINYARD_CONFIG`, or `trainyard` in `XDG_CONFIG_HOME` or `~/.config`. A server has two files in it,
named by a digest of its address: `server-<digest>.json` says which server and whom it took us for, and `.token` holds
the token. A token is found by the address that it was checked at, and for no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from trainyard.track.folder import named

__all__ = ["canonical", "current", "folder_of", "stem", "token_file"]

_PORTS = {"http": 80, "https": 443}


def folder_of(env: Mapping[str, str]) -> Path | None:
    """The folder; None where the environment names no place for it."""
    if env.get("TRAINYARD_CONFIG"):
        return named(env["TRAINYARD_CONFIG"])
    if env.get("XDG_CONFIG_HOME"):
        return Path(env["XDG_CONFIG_HOME"]) / "trainyard"
    return Path(env["HOME"]) / ".config" / "trainyard" if env.get("HOME") else None


def canonical(url: str) -> str:
    """The one way to write an address: scheme and host in lower case, no default port, no slash at the end, no user.
    Raises ValueError for a port that is none."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    shown = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _PORTS.get(parts.scheme.lower())) else f":{parts.port}"
    return urlunsplit((parts.scheme.lower(), shown + port, parts.path.rstrip("/"), "", ""))


def stem(url: str) -> str:
    """What the names of an address's files start with."""
    return "server-" + hashlib.sha256(canonical(url).encode()).hexdigest()[:24]


def current(env: Mapping[str, str]) -> str:
    """The address that was logged in to last, and not out of; empty when there is none."""
    folder = folder_of(env)
    try:
        return (folder / "current").read_text("utf-8").strip() if folder else ""
    except (OSError, UnicodeDecodeError):
        return ""


def token_file(url: str, env: Mapping[str, str]) -> Path | None:
    """The file with the token for an address; None when there is none."""
    folder = folder_of(env)
    if folder is None:
        return None
    try:
        address = json.loads((folder / f"{stem(url)}.json").read_bytes())["url"]
        file = folder / f"{stem(url)}.token"
        return file if address == canonical(url) and file.exists() else None
    except (OSError, ValueError, LookupError, TypeError):
        return None
