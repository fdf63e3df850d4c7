"""Where a run comes from, in lines: code, command, machine, Python. They are facts that tracking and the runner keep in
the run's meta (`code`, `origin`, `python`) and what its operation was resolved to. Pure; what is not known is left
out."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainyard.client.models import Run

__all__ = ["origin_fields"]


def origin_fields(run: Run) -> list[tuple[str, str]]:
    """Names and texts, as `output.fields` prints them."""
    origin, python = _part(run.meta, "origin"), _part(run.meta, "python")
    return [
        ("commit", _commit(_part(run.meta, "code"), _part(run.resolved or {}, "code"))),
        ("command", _command(origin.get("command"), run.resolved or {})),
        ("folder", _text(origin.get("folder")) or _text(_part(run.resolved or {}, "code").get("path"))),
        ("host", _host(origin, run)),
        ("gpus", ", ".join(map(_text, _items(origin.get("gpus"))))),
        ("python", _python(python)),
    ]


def _commit(recorded: Mapping[str, Any], resolved: Mapping[str, Any]) -> str:
    """The commit, its branch, and what the code had beyond it."""
    commit = _text(recorded.get("commit")) or _text(resolved.get("commit"))
    if not commit:
        return ""
    untracked = recorded.get("untracked_count")
    beyond = [
        "with uncommitted changes" if recorded.get("dirty") or resolved.get("patch") else "",
        f"{untracked} untracked files" if isinstance(untracked, int) and untracked else "",
    ]
    branch = f" on {recorded['branch']}" if recorded.get("branch") else ""
    return ", ".join([f"{commit[:12]}{branch}", *filter(None, beyond)])


def _command(recorded: object, resolved: Mapping[str, Any]) -> str:
    words = _items(recorded) or [*_items(resolved.get("command")), *_items(resolved.get("args"))]
    return shlex.join(map(_text, words))


def _host(origin: Mapping[str, Any], run: Run) -> str:
    agent = run.attempts[-1].agent if run.attempts else ""
    size = f"{origin['cpus']} CPUs" if origin.get("cpus") else ""
    return ", ".join(filter(None, [_text(origin.get("host")), size, f"agent {agent}" if agent else ""]))


def _python(python: Mapping[str, Any]) -> str:
    packages = python.get("packages")
    count = f"{len(packages)} packages" if isinstance(packages, dict) and packages else ""
    return ", ".join(filter(None, [_text(python.get("version")), count]))


def _part(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = table.get(name)
    return part if isinstance(part, dict) else {}


def _items(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _text(value: object) -> str:
    return "" if value is None else str(value)
