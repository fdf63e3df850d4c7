"""The tokens that `yard login` stores in the user's configuration folder, readable by the user alone. `discovery`
chooses the server, and `track.login` knows the paths."""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trainyard.client.errors import NoServer
from trainyard.track import login as places
from trainyard.track.login import canonical, current

__all__ = ["Login", "canonical", "current", "forget", "known", "remember", "token_for"]


@dataclass(frozen=True)
class Login:
    """A server and the token for it; `name` is the principal that the token belongs to."""

    url: str
    token: str = field(repr=False)
    name: str = ""


def token_for(url: str, env: Mapping[str, str]) -> str:
    """The token for an address; empty when there is none. Raises NoServer for a file that others may read, or that
    cannot be read."""
    file = places.token_file(url, env)
    if file is None:
        return ""
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise NoServer(f"{file} holds a token and others may read it", fix=f"chmod 600 {file}, or `yard logout`")
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NoServer(
            f"{file} cannot be read ({type(error).__name__})", fix="`yard logout`, then `yard login`"
        ) from None


def known(env: Mapping[str, str]) -> list[str]:
    """Every address with a login, sorted."""
    folder = places.folder_of(env)
    found = []
    for file in folder.glob("server-*.json") if folder else ():
        try:
            found.append(str(json.loads(file.read_bytes())["url"]))
        except (OSError, ValueError, LookupError, TypeError):
            continue  # not a file of ours, or one that is being replaced
    return sorted(found)


def remember(login: Login, env: Mapping[str, str]) -> Path:
    """Store a login and make its server the current one. Returns the token's file, which only its owner may read."""
    folder = places.folder_of(env)
    if folder is None:
        raise NoServer("there is no place to keep a token", fix="set TRAINYARD_CONFIG to a folder of your own")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    url, stem = canonical(login.url), places.stem(login.url)
    file = folder / f"{stem}.token"
    _write(file, login.token + "\n")
    _write(folder / f"{stem}.json", json.dumps({"url": url, "name": login.name}))
    _write(folder / "current", url + "\n")
    return file


def forget(url: str, env: Mapping[str, str]) -> bool:
    """Delete the login at an address. False when there was none."""
    folder = places.folder_of(env)
    if folder is None:
        return False
    files = [folder / f"{places.stem(url)}{suffix}" for suffix in (".json", ".token")]
    was = any(file.exists() for file in files)
    for file in files:
        file.unlink(missing_ok=True)
    if current(env) == canonical(url):
        (folder / "current").unlink(missing_ok=True)
    return was


def _write(path: Path, text: str) -> None:
    """Write a file atomically; it is never readable by others, not even while it is written."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
