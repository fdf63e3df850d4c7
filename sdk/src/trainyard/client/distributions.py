"""Which distribution brings the plugin behind a part of the API that the client knows, so that whoever asks a server
without it can be told what to install there."""

from __future__ import annotations

__all__ = ["connecting", "planning", "serving", "serving_prefix"]

_DISTRIBUTIONS = {
    "components": "trainyard-registry",
    "presets": "trainyard-registry",
    "sweeps": "trainyard-sweeps",
}
"""By the noun in the address."""
_PREFIXES = {"notify": ("trainyard-notify", "notifications")}
"""By the first part of the address of routes below the name of a plugin; with what is served there."""
_DIRECTORS = {"sweep": "trainyard-sweeps"}
"""By the kind of run whose children are planned."""
_CONNECTION_KINDS = {
    "trainyard-connections": ("custom", "database", "git", "host_path", "registry"),
    "trainyard-notify": ("discord", "email", "mattermost", "pagerduty", "slack", "teams", "webhook"),
}
"""Kinds of connections by distribution."""


def serving(noun: str) -> str:
    """The distribution of the plugin that serves `/api/v1/projects/{project}/<noun>`; empty for what core serves, or
    nobody that is known."""
    return _DISTRIBUTIONS.get(noun, "")


def serving_prefix(name: str) -> tuple[str, str]:
    """The distribution of the plugin that serves `/api/v1/<name>`, and what it serves; empty texts for what core
    serves, or nobody that is known."""
    return _PREFIXES.get(name, ("", ""))


def planning(kind: str) -> str:
    """The distribution of the plugin that plans runs of that kind; empty for one that is not known."""
    return _DIRECTORS.get(kind, "")


def connecting(kind: str) -> str:
    """The distribution of the plugin that brings that kind of connections; empty for one that is not known."""
    return next((name for name, kinds in _CONNECTION_KINDS.items() if kind in kinds), "")
