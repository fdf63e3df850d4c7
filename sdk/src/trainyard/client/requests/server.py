"""Requests about the server itself."""

from __future__ import annotations

from trainyard.client.models import Plugin, Version
from trainyard.client.wire import Request, path_of

__all__ = ["list_plugins", "read_version"]


def list_plugins() -> Request[list[Plugin]]:
    return Request("GET", path_of("plugins"), list[Plugin])


def read_version() -> Request[Version]:
    return Request("GET", path_of("version"), Version)
