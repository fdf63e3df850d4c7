"""Discovery: the address of the server, the token for it, and the project.

The address is, in order: what the caller says; `TRAINYARD_URL`; the server of a data directory that the caller or
`TRAINYARD_DATA` names (`server.json`); the one that `yard login` was at last; the server of `~/.trainyard`. The token
is what the caller says; `TRAINYARD_TOKEN`; `TRAINYARD_TOKEN_FILE`; the data directory's `token`, only for the server of
that directory; the token of `yard login`, only for the server that it was checked at. Nothing is sent to the server."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from trainyard.client import logins
from trainyard.client.errors import NoServer
from trainyard.track.folder import named

__all__ = ["Endpoint", "data_directory", "discover", "relocated", "without_secrets"]

_SERVED = "server.json"
_HOMELESS = "no data directory: this user has no home directory"
_NAME_IT = "set TRAINYARD_DATA to a folder"
_START_OR_SET = "start one with `yard up`, run `yard login URL`, or set TRAINYARD_URL"


@dataclass(frozen=True)
class Endpoint:
    """A server, a token for it (empty: none), a project, and in words the places where address and token were found."""

    url: str
    token: str = field(default="", repr=False)
    project: str = "default"
    source: str = "the argument `url`"
    token_source: str = field(default="", compare=False)


def discover(
    *,
    url: str | None = None,
    token: str | None = None,
    project: str | None = None,
    data: Path | str | None = None,
    env: Mapping[str, str] | None = None,
) -> Endpoint:
    """Find the server. Raises NoServer, with the places that were searched, when nothing names one."""
    env = os.environ if env is None else env
    folder, is_named = _folder(data, env), bool(data or env.get("TRAINYARD_DATA"))
    found_address, source = _address(url, folder, env, is_named=is_named)
    address = _checked(found_address, source)
    found = (token, "the argument `token`") if token is not None else _token(address, folder, env)
    meant = project or env.get("TRAINYARD_PROJECT") or "default"
    return Endpoint(address, _sound(found[0]), meant, source, found[1])


def data_directory(data: Path | str | None = None, env: Mapping[str, str] | None = None) -> Path:
    """The data directory: the argument, `TRAINYARD_DATA`, or `~/.trainyard`. It need not exist. Raises NoServer where
    there is neither."""
    folder = _folder(data, os.environ if env is None else env)
    if folder is None:
        raise NoServer(_HOMELESS, fix=_NAME_IT)
    return folder


def _folder(data: Path | str | None, env: Mapping[str, str]) -> Path | None:
    """The data directory; None where nothing names one and the user has no home directory."""
    if data:
        return Path(data).expanduser()
    try:
        return named(env.get("TRAINYARD_DATA") or "~/.trainyard")
    except OSError:
        return None


def relocated(endpoint: Endpoint) -> Endpoint | None:
    """The endpoint at its new address, when the server was found by its data directory and that names another one."""
    file = Path(endpoint.source)
    try:
        address = _local_address(file) if file.name == _SERVED else None
    except NoServer:
        return None
    url = address.rstrip("/") if address else ""
    return replace(endpoint, url=url) if url and url != endpoint.url else None


def without_secrets(url: str) -> str:
    """The address without a user name and password, fit for an error message."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _address(url: str | None, folder: Path | None, env: Mapping[str, str], *, is_named: bool) -> tuple[str, str]:
    if url:
        return url, "the argument `url`"
    if env.get("TRAINYARD_URL"):
        return env["TRAINYARD_URL"], "TRAINYARD_URL"
    file = folder / _SERVED if folder is not None else None
    local = _local_address(file) if is_named and file is not None else None
    if local is None and (logged_in := logins.current(env)):
        return logged_in, "yard login"
    if file is None:
        raise NoServer(f"no server found: TRAINYARD_URL is not set, and {_HOMELESS}", fix=_NAME_IT)
    local = local or _local_address(file)
    if local is None:
        raise NoServer(f"no server found: TRAINYARD_URL is not set and there is no {file}", fix=_START_OR_SET)
    return local, str(file)


def _local_address(file: Path) -> str | None:
    """The address in `server.json`; None when there is no such file."""
    try:
        found = json.loads(file.read_bytes())["url"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise NoServer(f"no server found: {file} cannot be read ({type(error).__name__})", fix=_START_OR_SET) from error
    return str(found)


def _checked(url: str, source: str) -> str:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise NoServer(
            f"{without_secrets(url)!r} from {source} is not the address of a server",
            fix="write it as http://HOST:PORT or https://HOST",
        )
    return url.rstrip("/")


def _sound(token: str) -> str:
    """A token that can be sent in a header. The error for one that cannot does not repeat it."""
    if not token.isascii() or not token.isprintable() or " " in token:
        raise NoServer("the token holds characters that no token has", fix="copy it again, on one line")
    return token


def _token(address: str, folder: Path | None, env: Mapping[str, str]) -> tuple[str, str]:
    """The token for an address and where it was found; empty when there is none."""
    if env.get("TRAINYARD_TOKEN"):
        return env["TRAINYARD_TOKEN"].strip(), "TRAINYARD_TOKEN"
    if env.get("TRAINYARD_TOKEN_FILE"):
        file = named(env["TRAINYARD_TOKEN_FILE"])
        return _read_token(file, "TRAINYARD_TOKEN_FILE"), "TRAINYARD_TOKEN_FILE"
    if folder is not None and (folder / "token").exists() and _is_local(address, folder):
        return _read_token(folder / "token", "the data directory"), str(folder / "token")
    kept = logins.token_for(address, env)
    return (kept, "yard login") if kept else ("", "")


def _is_local(address: str, folder: Path) -> bool:
    local = _local_address(folder / _SERVED)
    return local is not None and local.rstrip("/") == address.rstrip("/")


def _read_token(file: Path, source: str) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NoServer(
            f"the token file {file} of {source} cannot be read ({type(error).__name__})",
            fix="give a file that holds the token in one line and that you may read",
        ) from error
