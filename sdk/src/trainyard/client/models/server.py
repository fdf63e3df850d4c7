"""The server itself: its plugins and its version."""

from __future__ import annotations

import msgspec

__all__ = ["Plugin", "Version"]


class Plugin(msgspec.Struct, frozen=True, kw_only=True):
    """An installed plugin, what it offers, and what is wrong with it if anything is."""

    name: str
    version: str = ""
    offers: list[str] = []
    error: str = ""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Which server this is, what it speaks, and which capabilities nothing offers here."""

    version: str
    api: str = "v1"
    missing: list[str] = []
