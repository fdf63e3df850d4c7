"""What was seen, packed for support: versions, checks, the server's settings, plugins, agents, the newest runs and what
happened. No value that anybody gave is in it (inputs, outputs, environment), and every known secret is blotted out."""

from __future__ import annotations

import platform
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from trainyard.client import Client
from trainyard.client.discovery import without_secrets
from trainyard.client.errors import ClientError
from trainyard.client.models import Check
from trainyard.client.wire import Request, path_of

__all__ = ["known_secrets", "write"]

HIDDEN = "***"
PLAIN = ("TRAINYARD_DATA", "TRAINYARD_PROJECT", "TRAINYARD_CONFIG")
_RUN = ("id", "project", "kind", "status", "reason", "message", "queue", "attempt", "created_at", "finished_at")
_ACTIVITY = ("id", "kind", "at", "actor", "project", "run")


def write(target: Path, checks: Sequence[Check], client: Client | None, env: Mapping[str, str], folder: Path) -> None:
    """Write the bundle, readable by its owner alone. Raises OSError."""
    parts: dict[str, object] = {
        "doctor.json": {"items": checks},
        "versions.json": _versions(),
        "environment.json": _environment(env),
    }
    if client is not None:
        parts |= _from_server(client)
    secrets = known_secrets(env, folder, client)
    target.touch(mode=0o600)
    target.chmod(0o600)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in parts.items():
            archive.writestr(name, _blotted(msgspec.json.format(msgspec.json.encode(value)).decode(), secrets))


def known_secrets(env: Mapping[str, str], folder: Path, client: Client | None) -> list[str]:
    """The texts that must be nowhere: tokens, and passwords in addresses. The longest first."""
    found = {value for name, value in env.items() if name.startswith("TRAINYARD_") and _looks_secret(name)}
    found |= {_password(value) for value in env.values() if "://" in value and "@" in value}
    found |= {
        _text(folder / "token"),
        _text(Path(env["TRAINYARD_TOKEN_FILE"])) if env.get("TRAINYARD_TOKEN_FILE") else "",
    }
    if client is not None:
        found |= {client.endpoint.token, _password(client.endpoint.url)}
    return sorted((secret for secret in found if len(secret) > 3), key=len, reverse=True)


def _from_server(client: Client) -> dict[str, object]:
    asks: dict[str, Callable[[], object]] = {
        "settings.json": client.server.settings,
        "plugins.json": client.plugins,
        "agents.json": lambda: _json(client, "agents"),
        "queues.json": lambda: _json(client, "queues"),
        "runs.json": lambda: _chosen(_json(client, "projects", client.endpoint.project, "runs"), _RUN),
        "activities.json": lambda: _chosen(_json(client, "projects", client.endpoint.project, "activities"), _ACTIVITY),
    }
    return {name: _or_error(ask) for name, ask in asks.items()}


def _or_error(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except ClientError as error:
        return {"not told": str(error)}


def _json(client: Client, *path: str) -> object:
    """A page as it comes, so that what is packed does not depend on which fields this client knows."""
    return client.send(Request("GET", path_of(*path), dict))


def _chosen(page: object, fields: Iterable[str]) -> object:
    items = page.get("items", []) if isinstance(page, dict) else []
    return [{field: item[field] for field in fields if field in item} for item in items if isinstance(item, dict)]


def _versions() -> dict[str, object]:
    ours = {dist.name: dist.version for dist in distributions() if dist.name.startswith("trainyard")}
    return {"python": sys.version, "platform": platform.platform(), "distributions": dict(sorted(ours.items()))}


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    """Which variables are set, with the values of those that cannot be secret."""
    shown = {name: value if name in PLAIN else HIDDEN for name, value in env.items() if name.startswith("TRAINYARD_")}
    if "TRAINYARD_URL" in env:
        shown["TRAINYARD_URL"] = without_secrets(env["TRAINYARD_URL"])
    return shown


def _looks_secret(name: str) -> bool:
    return any(word in name for word in ("TOKEN", "SECRET", "PASSWORD", "KEY")) and not name.endswith("_FILE")


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""  # it is no address


def _text(path: Path) -> str:
    try:
        return path.expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _blotted(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text
