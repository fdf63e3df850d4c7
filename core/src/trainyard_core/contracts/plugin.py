"""What a plugin may bring besides providers, jobs, observers and routes: settings, tables, checks of the doctor,
references, policy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pydantic import BaseModel

    from trainyard_core.auth import Actor
    from trainyard_core.contracts.platform import Platform
    from trainyard_core.hookspecs import Identity

__all__ = [
    "Authenticator",
    "CheckResult",
    "Migrations",
    "OperationContext",
    "PluginCheck",
    "PublishedHook",
    "Reference",
    "Refusal",
    "Resolution",
    "Resolver",
    "SettingsSection",
]


class PublishedHook(msgspec.Struct, frozen=True, kw_only=True):
    """A hook of the plugin's own, which other plugins implement with `@hookimpl`: `name` begins with the plugin's name
    and `_`. It is given nothing and returns a list of `item`, each with a `name` and with the methods `calls`.
    `capability` is what an item is called in messages and in `yard plugins ls`.

    The hook is called once, when plugins are loaded. `Platform.collect` returns the items by their names. Where several
    plugins offer one name, the setting `prefer` decides, as for providers."""

    name: str
    item: type
    capability: str
    calls: tuple[str, ...] = ()


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


class Authenticator(msgspec.Struct, frozen=True, kw_only=True):
    """Finds out who sends a request that has no Trainyard token. `authenticate` is given the headers (names in lower
    case) and returns the person, or None for one that it does not know: then the next one is asked, in the order of the
    plugins' names. It must verify a signature, or run behind a proxy that did.

    It is called on the event loop and cancelled after two seconds. One that raises or takes longer vouches for nobody;
    after three missed deadlines in a row it is switched off until the server starts again, and reported. A sender that
    nobody knows while an authenticator fails is answered with 503."""

    name: str
    authenticate: Callable[[Platform, Mapping[str, str]], Awaitable[Identity | None]]


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation refers to: `kind` is "component" or "preset", or another that a plugin knows; `text` is what is
    written (`name`, which means the newest version, or `name:version`); `project` is where the operation is; `actor`
    who uses it."""

    kind: str
    text: str
    project: str
    actor: Actor


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """What a reference means: a version of a name, with its content as it would be in the operation's file (YAML or
    JSON), the digest of that content, and a warning for whoever uses it. The content of a version never changes."""

    name: str
    version: str
    digest: str
    content: str
    warning: str = ""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a reference that is the plugin's to know may not be used or leads nowhere, and what to do instead."""

    message: str
    fix: str = ""


class Resolver(msgspec.Struct, frozen=True, kw_only=True):
    """Finds what references of some kinds mean. `resolve` is given all references of one operation that nobody has
    answered, and returns an answer for each, in their order: None for what it does not know, about which the next
    plugin is asked, in the order of their names. It is cancelled after five seconds. One that raises an error of
    `trainyard_core.errors` refuses the operation with it.

    What a resolution says is recorded with the run, so that it is known what the run was made with. A plugin that
    deletes versions calls `PluginTx.withdraw_reference` when it does, so that no run refers to what is not there."""

    name: str
    kinds: tuple[str, ...]
    resolve: Callable[[Platform, Sequence[Reference]], Awaitable[Sequence[Resolution | Refusal | None]]]


class OperationContext(msgspec.Struct, frozen=True, kw_only=True):
    """Where an operation is to be accepted: in which project, and who asks."""

    project: str
    actor: Actor
