"""Loads plugins one by one and keeps what they offer. A broken plugin is recorded and reported, never fatal.

Plugins are found by the entry point group `trainyard`. `TRAINYARD_PLUGINS=a,b` (or the setting) loads only those;
`TRAINYARD_TRACE_HOOKS=1` prints every hook call.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from inspect import signature
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec
import pluggy
import structlog

from trainyard_core import hookspecs
from trainyard_core.errors import StartRefused, choice
from trainyard_core.hookspecs import Context, OptimizerProvider, SchedulerProvider, TrackerProvider
from trainyard_core.settings import Settings

if TYPE_CHECKING:
    from trainyard_core.contracts.optimizer import Optimizer
    from trainyard_core.contracts.scheduler import Scheduler
    from trainyard_core.contracts.tracker import Tracker

__all__ = ["HookFailed", "Loaded", "Registry"]

GROUP = "trainyard"
log = structlog.get_logger("trainyard.plugins")


class _Provider(Protocol):
    @property
    def name(self) -> str: ...


P = TypeVar("P", SchedulerProvider, TrackerProvider, OptimizerProvider)


class HookFailed(Exception):
    """A plugin raised in a hook whose answer is needed."""

    def __init__(self, plugin: str, hook: str) -> None:
        super().__init__(f"plugin '{plugin}' failed in {hook}")


class Loaded(msgspec.Struct, kw_only=True):
    """One plugin: what it offers (`scheduler:process`), and what is wrong with it."""

    name: str
    version: str = ""
    offers: list[str] = []
    error: str = ""


class Providers(Generic[P]):
    """The providers of one capability by name, and which plugin brought each."""

    def __init__(self, capability: str) -> None:
        self.capability = capability
        self.by_name: dict[str, tuple[str, P]] = {}

    def add(self, plugin: str, provider: P) -> None:
        """Add a provider. Raises ValueError when the name is taken."""
        if provider.name in self.by_name:
            raise ValueError(
                f"{self.capability} '{provider.name}' is offered by '{self.by_name[provider.name][0]}' already"
            )
        self.by_name[provider.name] = (plugin, provider)

    def get(self, name: str) -> tuple[str, P]:
        """The plugin and the provider of that name. Raises StartRefused, naming what is installed."""
        if name not in self.by_name:
            detail = choice(self.capability, name, self.by_name)
            raise StartRefused(detail, fix=f"install a plugin that offers it, or set `{self.capability}` to another")
        return self.by_name[name]


class Registry:
    """All plugins of this process."""

    def __init__(self) -> None:
        self.manager = pluggy.PluginManager("trainyard")
        self.manager.add_hookspecs(hookspecs)
        self.plugins: dict[str, Loaded] = {}
        self.installed: frozenset[str] | None = None
        self.schedulers: Providers[SchedulerProvider] = Providers("scheduler")
        self.trackers: Providers[TrackerProvider] = Providers("tracker")
        self.optimizers: Providers[OptimizerProvider] = Providers("optimizer")
        if os.environ.get("TRAINYARD_TRACE_HOOKS"):
            self.manager.trace.root.setwriter(sys.stderr.write)
            self.manager.enable_tracing()

    @classmethod
    def load(cls, only: Iterable[str] = ()) -> Registry:
        """The registry of everything that is installed, or of `only` these plugins."""
        registry = cls()
        wanted = set(only)
        found = {point.name: point for point in entry_points(group=GROUP)}
        registry.installed = frozenset(found)
        if unknown := sorted(wanted - set(found)):
            raise StartRefused(choice("plugin", unknown[0], found), fix="install it, or correct `plugins`")
        for name in sorted(found):
            if not wanted or name in wanted:
                registry.add(name, found[name])
        return registry

    def add(self, name: str, point: EntryPoint | object) -> None:
        """Load one plugin and collect what it offers; whatever it raises is recorded against it."""
        loaded = self.plugins[name] = Loaded(name=name)
        try:
            plugin = point.load() if isinstance(point, EntryPoint) else point
            if isinstance(point, EntryPoint) and point.dist is not None:
                loaded.version = point.dist.version
            self.manager.register(plugin, name)
            self.manager.check_pending()
            self._collect(name, "register_schedulers", self.schedulers)
            self._collect(name, "register_trackers", self.trackers)
            self._collect(name, "register_optimizers", self.optimizers)
        except Exception as error:
            loaded.error = f"{type(error).__name__}: {error}"
            log.warning("a plugin is broken and left out", plugin=name, error=loaded.error)

    def _collect(self, plugin: str, hook: str, providers: Providers[P]) -> None:
        method: Callable[[], list[P]] | None = getattr(self.manager.get_plugin(plugin), hook, None)
        for provider in method() if method else ():
            providers.add(plugin, provider)
            self.plugins[plugin].offers.append(f"{providers.capability}:{provider.name}")

    def has(self, hook: str) -> bool:
        """Whether a plugin has this hook."""
        return any(hasattr(self.manager.get_plugin(name), hook) for name in self.plugins)

    def first(self, hook: str, **given: object) -> object:
        """The first answer of a hook, by plugin in the order of names. Raises HookFailed for a plugin that raises,
        which is recorded against it."""
        for name in sorted(self.plugins):
            plugin = self.manager.get_plugin(name)
            method = getattr(plugin, hook, None) if plugin is not None else None
            if method is not None and (answer := self._call(name, hook, method, given)) is not None:
                return answer
        return None

    def _call(self, plugin: str, hook: str, method: Callable[..., object], given: dict[str, object]) -> object:
        wanted = signature(method).parameters
        try:
            return method(**{name: value for name, value in given.items() if name in wanted})
        except Exception as error:
            self.plugins[plugin].error = f"{hook}: {type(error).__name__}: {error}"
            log.warning("a plugin's hook failed", plugin=plugin, hook=hook, error=type(error).__name__)
            raise HookFailed(plugin, hook) from error

    def check_sections(self, settings: Settings) -> None:
        """Raises StartRefused for a settings section that belongs to no installed plugin."""
        if self.installed is not None and (unknown := sorted(set(settings.sections) - self.installed)):
            raise StartRefused(
                f"settings: {choice('plugin for the section', unknown[0], self.installed)}",
                fix="correct the section's name, install the plugin, or remove the section",
            )

    def scheduler(self, name: str, settings: Settings, *, url: str) -> Scheduler:
        """The scheduler of that name, built. Raises StartRefused for one that is not there or does not start."""
        plugin, provider = self.schedulers.get(name)
        with self._starting(plugin, f"scheduler '{name}'"):
            return provider.build(self.context(plugin, settings, url=url))

    def tracker(self, name: str, settings: Settings) -> Tracker:
        """The tracker of that name, built. Raises StartRefused for one that is not there or does not start."""
        plugin, provider = self.trackers.get(name)
        with self._starting(plugin, f"tracker '{name}'"):
            return provider.build(self.context(plugin, settings))

    def optimizer(self, name: str, settings: Settings) -> Optimizer:
        """The optimizer of that kind of matrix, built. Raises StartRefused for one that is not there or does not
        start."""
        plugin, provider = self.optimizers.get(name)
        with self._starting(plugin, f"optimizer '{name}'"):
            return provider.build(self.context(plugin, settings))

    @contextmanager
    def _starting(self, plugin: str, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.plugins[plugin].error = f"{type(error).__name__}: {error}"
            raise StartRefused(
                f"{what} of plugin '{plugin}' does not start: {error}",
                fix=f"correct the section [{plugin}] of the settings, or choose another",
            ) from error

    def missing(self) -> list[str]:
        """The capabilities that nothing offers here."""
        return [p.capability for p in (self.schedulers, self.trackers) if not p.by_name]

    def context(self, plugin: str, settings: Settings, *, url: str = "") -> Context:
        """What a plugin's builder gets; `url` is where runs report."""
        section = settings.sections.get(plugin, {})
        return Context(folder=settings.data / "plugins" / plugin, settings=section, url=url)
