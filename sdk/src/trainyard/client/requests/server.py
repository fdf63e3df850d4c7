"""Requests about the server itself and about the caller."""

from __future__ import annotations

from trainyard.client.models import PluginPage, Readiness, SettingPage, Version, Whoami
from trainyard.client.wire import Request, path_of

__all__ = ["list_plugins", "list_settings", "read_health", "read_ready", "read_version", "whoami"]


def list_plugins() -> Request[PluginPage]:
    return Request("GET", path_of("plugins"), PluginPage)


def list_settings() -> Request[SettingPage]:
    return Request("GET", path_of("settings"), SettingPage)


def read_health() -> Request[dict[str, str]]:
    return Request("GET", path_of("health"), dict[str, str])


def read_ready() -> Request[Readiness]:
    """Not repeatable: that the server is not ready is the answer that the caller wants."""
    return Request("GET", path_of("ready"), Readiness, repeatable=False)


def read_version() -> Request[Version]:
    return Request("GET", path_of("version"), Version)


def whoami() -> Request[Whoami]:
    return Request("GET", path_of("whoami"), Whoami)
