"""What a plugin may bring besides providers, jobs, observers and routes: settings, tables, checks of the doctor,
references, policy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from pydantic import BaseModel

    from trainyard_core.auth import Actor
    from trainyard_core.contracts.platform import Platform

__all__ = [
    "CheckResult",
    "Migrations",
    "OperationContext",
    "PluginCheck",
    "Reference",
    "Resolver",
    "SettingsSection",
]


class SettingsSection(msgspec.Struct, frozen=True):
    """The section of the settings that has the plugin's name, as a Pydantic model. Unknown keys and wrong values refuse
    the start, with the file, the line and what to do. `Platform.settings` and `Context.settings` are then an instance
    of it."""

    model: type[BaseModel]
    name: str = "settings"


class Migrations(msgspec.Struct, frozen=True):
    """The plugin's tables: a package whose modules are named `m0001_...` and have each an
    `async def forwards(tx: PluginTx)`, which is run once, in order, in one transaction with its record. A step that was
    applied is never changed. A step that fails, or makes a table or an index whose name does not begin with the
    plugin's name and `_`, is undone, and the plugin is left out."""

    package: ModuleType
    name: str = "migrations"


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found: `state` is "ok", "warning" or "failed"; what it saw; and what to do about it."""

    state: str = "ok"
    detail: str = ""
    fix: str = ""


class PluginCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A check of `yard doctor`. It leaves nothing behind, and fails after ten seconds."""

    name: str
    run: Callable[[Platform], Awaitable[CheckResult]]


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation refers to: `kind` is "component" or "preset", or another that a plugin knows; `text` is what is
    written (`name`, `name:version`, `name:latest`); `project` is where the operation is; `actor` who uses it."""

    kind: str
    text: str
    project: str
    actor: Actor


class Resolver(msgspec.Struct, frozen=True, kw_only=True):
    """Finds what references of some kinds mean. `resolve` returns None for what it does not know: the next plugin is
    asked, in the order of their names. Raises NotFound or Invalid for what it knows to be wrong."""

    name: str
    kinds: tuple[str, ...]
    resolve: Callable[[Platform, Reference], Awaitable[Any | None]]


class OperationContext(Protocol):
    """Where an operation is to be accepted: in which project, and who asks."""

    @property
    def project(self) -> str: ...

    @property
    def actor(self) -> Actor: ...
