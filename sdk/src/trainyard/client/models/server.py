"""The server itself: its plugins and its version."""

from __future__ import annotations

import msgspec

__all__ = ["Plugin", "PluginPage", "Readiness", "Setting", "SettingPage", "Version"]


class Plugin(msgspec.Struct, frozen=True, kw_only=True):
    """An installed plugin, what it offers (`scheduler:process`, `hook:authorize`), and what is wrong with it if
    anything is."""

    name: str
    version: str = ""
    offers: list[str] = []
    error: str = ""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Which server this is, what it speaks, and which capabilities nothing offers here."""

    version: str
    api: str = "v1"
    missing: list[str] = []


class PluginPage(msgspec.Struct, frozen=True, kw_only=True):
    """The installed plugins, by name."""

    items: list[Plugin]
    next: str | None = None


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting in force: its name (`section.key` for a plugin's), its value as text, and where it comes from:
    default, file, environment or command. A secret's value is `***`."""

    name: str
    value: str
    source: str = ""


class SettingPage(msgspec.Struct, frozen=True, kw_only=True):
    """The settings in force, by name."""

    items: list[Setting]
    next: str | None = None


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the server can do its work, and what is wrong with which part (`ok` where nothing is)."""

    ready: bool
    parts: dict[str, str]
