"""What each `register_*` hook collects: the type of an item, and what an item must have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from trainyard_core.contracts.connection import ConnectionKind
from trainyard_core.contracts.job import Job
from trainyard_core.contracts.observer import Observer
from trainyard_core.contracts.plugin import (
    Authenticator,
    Migrations,
    PluginCheck,
    PublishedHook,
    Resolver,
    SettingsSection,
)
from trainyard_core.contracts.routes import Routes
from trainyard_core.contracts.secret import SecretSource
from trainyard_core.hookspecs import (
    CiHostProvider,
    DirectorProvider,
    OptimizerProvider,
    SchedulerProvider,
    TrackerProvider,
)

__all__ = ["CAPABILITIES", "Capability"]


class Capability(NamedTuple):
    """One kind of offer. `calls` are the attributes of an item that must be callable."""

    kind: type
    calls: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """What the hook is to return, in words."""
        parts = {"build": "a builder", "run": "a function `run`", "handle": "a function `handle`"}
        having = " and ".join(["a name", *(parts.get(each, f"a function `{each}`") for each in self.calls)])
        return f"a list of {self.kind.__name__}, each with {having}"

    def takes(self, item: object) -> bool:
        """Whether that is an item of it."""
        name = getattr(item, "name", None)
        return (
            isinstance(item, self.kind)
            and isinstance(name, str)
            and bool(name)
            and all(callable(getattr(item, each, None)) for each in self.calls)
        )

    def takes_all(self, answer: object) -> bool:
        """Whether that is a list of such items."""
        return isinstance(answer, list | tuple) and all(self.takes(each) for each in answer)


CAPABILITIES: Mapping[str, Capability] = {
    "register_hooks": Capability(PublishedHook),
    "register_settings": Capability(SettingsSection),
    "register_migrations": Capability(Migrations),
    "register_schedulers": Capability(SchedulerProvider, ("build",)),
    "register_trackers": Capability(TrackerProvider, ("build",)),
    "register_optimizers": Capability(OptimizerProvider, ("build",)),
    "register_directors": Capability(DirectorProvider, ("build",)),
    "register_ci_providers": Capability(CiHostProvider, ("build",)),
    "register_connection_kinds": Capability(ConnectionKind, ("secrets", "check", "needs")),
    "register_secret_sources": Capability(SecretSource, ("resolve",)),
    "register_resolvers": Capability(Resolver, ("resolve",)),
    "register_controllers": Capability(Routes),
    "register_jobs": Capability(Job, ("run",)),
    "register_observers": Capability(Observer, ("handle",)),
    "register_checks": Capability(PluginCheck, ("run",)),
    "register_authenticators": Capability(Authenticator, ("authenticate",)),
}
"""By hook."""
