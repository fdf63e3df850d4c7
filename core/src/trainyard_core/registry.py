"""Loads plugins one by one and keeps what they offer. A broken plugin is recorded and reported, never fatal.

Plugins are found by the entry point group `trainyard`. `TRAINYARD_PLUGINS=a,b` (or the setting) loads only those;
`TRAINYARD_TRACE_HOOKS=1` prints every hook call with its time. Hooks are called through pluggy, each by one method
here; a plugin that was left out is not asked any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
import pluggy
import structlog

from trainyard_core import hookspecs
from trainyard_core.capabilities import Capability
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
from trainyard_core.errors import StartRefused, choice
from trainyard_core.hook_guard import HookFailed, HookRefused, Implementations, gist
from trainyard_core.hookspecs import (
    CiHostProvider,
    Context,
    DirectorProvider,
    OptimizerProvider,
    SchedulerProvider,
    TrackerProvider,
)
from trainyard_core.interrupt import Interrupted, interruptible
from trainyard_core.plugin_calls import HookCalls
from trainyard_core.plugin_host.settings import Incomplete, read_section
from trainyard_core.providers import Offers, Provider, Providers, lacking
from trainyard_core.request_hooks import RequestHooks, alone
from trainyard_core.settings import Settings

if TYPE_CHECKING:
    from trainyard_core.contracts.director import Director
    from trainyard_core.contracts.optimizer import Optimizer
    from trainyard_core.contracts.platform import Platform
    from trainyard_core.contracts.scheduler import Scheduler, SchedulerCheck
    from trainyard_core.contracts.tracker import Tracker

__all__ = ["BUILDING", "HookFailed", "Plugin", "Registry"]

GROUP = "trainyard"
BUILDING = 600.0
"""Seconds that a builder has, which is called off the loop."""
log = structlog.get_logger("trainyard.plugins")


class Plugin(msgspec.Struct, kw_only=True):
    """One plugin: what it offers (`scheduler:process`, `hook:authorize`), and what is wrong with it, by what that is
    about."""

    name: str
    version: str = ""
    offers: list[str] = []
    faults: dict[str, str] = {}

    @property
    def error(self) -> str:
        """All that is wrong with it; empty when nothing is."""
        return "; ".join(self.faults.values())


class Registry:
    """All plugins of this process. `prefer` names those that are used where several offer the same name."""

    def __init__(self, prefer: Sequence[str] = ()) -> None:
        self.manager = pluggy.PluginManager("trainyard")
        self.manager.add_hookspecs(hookspecs)
        self.plugins: dict[str, Plugin] = {}
        self.installed: frozenset[str] | None = None
        self.schedulers: Providers[SchedulerProvider] = Providers("scheduler", prefer)
        self.trackers: Providers[TrackerProvider] = Providers("tracker", prefer)
        self.optimizers: Providers[OptimizerProvider] = Providers("optimizer", prefer)
        self.directors: Providers[DirectorProvider] = Providers("director", prefer)
        self.ci_hosts: Providers[CiHostProvider] = Providers("ci provider", prefer)
        self.connection_kinds: Providers[ConnectionKind] = Providers("connection kind", prefer)
        self.secret_sources: Providers[SecretSource] = Providers("secret source", prefer)
        self.settings: Offers[SettingsSection] = Offers("settings", most=1)
        self.migrations: Offers[Migrations] = Offers("migrations", most=1)
        self.resolvers: Offers[Resolver] = Offers("resolver")
        self.routes: Offers[Routes] = Offers("routes")
        self.jobs: Offers[Job] = Offers("job")
        self.observers: Offers[Observer] = Offers("observer")
        self.checks: Offers[PluginCheck] = Offers("check")
        self.authenticators: Offers[Authenticator] = Offers("authenticator")
        self._hooks: Offers[PublishedHook] = Offers("hook")
        self._collected: dict[str, Providers[Any]] = {}
        self._published: dict[str, Capability] = {}
        self._prefer = prefer
        self.left_out_trackers: dict[str, str] = {}
        """The plugin of each tracker that was offered by a plugin which has been left out since."""
        self._offers: dict[str, Providers[Any] | Offers[Any]] = {
            "register_hooks": self._hooks,
            "register_settings": self.settings,
            "register_migrations": self.migrations,
            "register_schedulers": self.schedulers,
            "register_trackers": self.trackers,
            "register_optimizers": self.optimizers,
            "register_directors": self.directors,
            "register_ci_providers": self.ci_hosts,
            "register_connection_kinds": self.connection_kinds,
            "register_secret_sources": self.secret_sources,
            "register_resolvers": self.resolvers,
            "register_controllers": self.routes,
            "register_jobs": self.jobs,
            "register_observers": self.observers,
            "register_checks": self.checks,
            "register_authenticators": self.authenticators,
        }
        self._calls = HookCalls()
        self.requests = RequestHooks(self.manager, self._calls, self.blame)

    @classmethod
    def load(cls, only: Iterable[str] = (), *, prefer: Sequence[str] = ()) -> Registry:
        """The registry of everything that is installed, or of `only` these plugins. Call it before there is an event
        loop: an import may take long, and a signal ends it."""
        registry, wanted = cls(prefer), set(only)
        found: dict[str, list[EntryPoint]] = {}
        for point in entry_points(group=GROUP):
            found.setdefault(point.name, []).append(point)
        registry.installed = frozenset(found)
        for setting, names in (("plugins", wanted), ("prefer", prefer)):
            if unknown := sorted(set(names) - set(found)):
                raise StartRefused(choice("plugin", unknown[0], found), fix=f"install it, or correct `{setting}`")
        with interruptible():
            registry._load({name: found[name] for name in sorted(found) if not wanted or name in wanted})
        return registry

    def add(self, name: str, plugin: object) -> None:
        """Take a plugin and collect what it offers; whatever it raises is recorded against it."""
        self.plugins[name] = Plugin(name=name)
        self._publish(name, plugin)
        self._register(name, plugin)
        self._collect(name)
        self._settle()

    def _load(self, found: Mapping[str, Sequence[EntryPoint]]) -> None:
        """Import all, take the hooks that they publish, register all, and then collect, so that a published hook and a
        wrapper are there whatever the name of their plugin. pluggy calls first what was registered last: hooks go by
        the plugins' names unless they say otherwise."""
        imported: dict[str, object] = {}
        for name, points in found.items():
            self.plugins[name] = Plugin(name=name)
            with self.leaving_out(name, "import"):
                imported[name] = self._import(name, points)
        for name, plugin in imported.items():
            self._publish(name, plugin)
        for name in reversed(imported):
            self._register(name, imported[name])
        for name in imported:
            self._collect(name)
        self._settle()

    def _import(self, name: str, points: Sequence[EntryPoint]) -> object:
        if len(points) > 1:
            sources = sorted(point.dist.name if point.dist else point.value for point in points)
            raise LookupError(f"{' and '.join(sources)} both bring a plugin of this name: uninstall one of them")
        (point,) = points
        self.plugins[name].version = point.dist.version if point.dist is not None else ""
        with self._calls.loading(name, "import"):
            return point.load()

    def _publish(self, name: str, plugin: object) -> None:
        """Take the hooks of a plugin's own, which others may implement. Those of a plugin that is left out later stay,
        and nobody collects what they return."""
        with self.leaving_out(name, "published hooks"):
            implementations = Implementations(name, plugin, self.manager, self._calls, self._published)
            answer: Sequence[PublishedHook] = getattr(implementations, "register_hooks", list)()
            names = [hook.name for hook in answer]
            for hook in answer:
                if not hook.name.isidentifier() or not hook.name.startswith(f"{name}_"):
                    raise ValueError(f"the hook '{hook.name}' is not called '{name}_...'")
                if names.count(hook.name) > 1 or hasattr(self.manager.hook, hook.name):
                    raise ValueError(f"there is a hook '{hook.name}' already")
            for hook in answer:
                self._published[hook.name] = Capability(hook.item, hook.calls)
                self._collected[hook.name] = Providers(hook.capability, self._prefer)
            if answer:
                self.manager.add_hookspecs(type(name, (), {hook.name: _specification() for hook in answer}))

    def collected(self, plugin: str, hook: str) -> Mapping[str, Any]:
        """What plugins offer by a hook that `plugin` has published, by name. Raises ValueError."""
        if not any(each.name == hook for each in self._hooks.of(plugin)):
            raise ValueError(f"plugin '{plugin}' publishes no hook '{hook}'")
        return {name: item for name, (_, item) in self._collected[hook].by_name.items()}

    def _register(self, name: str, plugin: object) -> None:
        if "published hooks" in self.plugins[name].faults:
            return  # it was left out
        with self.leaving_out(name, "hooks"):
            implementations = Implementations(name, plugin, self.manager, self._calls, self._published)
            self.manager.register(implementations, name)
            self.plugins[name].offers = [f"hook:{hook}" for hook in implementations.answers]
            for hook, note in implementations.notes.items():
                self.blame(name, hook, f"{hook}: {note}")

    def _collect(self, name: str) -> None:
        """Take what a plugin provides. A wrapper of another plugin that fails meanwhile is left out, and then the
        plugin is asked again."""
        is_done = False
        while self.manager.has_plugin(name) and not is_done:
            with self.leaving_out(name, "providers"):
                self._take(name)
                is_done = True

    def _take(self, name: str) -> None:
        """All or nothing: everything is asked for before anything is kept."""
        every = self._offers | self._collected
        answers = [(offers, self._provided(name, hook)) for hook, offers in every.items()]
        for offers, items in answers:
            for item in items:
                offers.add(name, item)
                self.plugins[name].offers.append(f"{offers.capability}:{item.name}")

    def _provided(self, name: str, hook: str) -> list[Any]:
        """The answer of one plugin, which the wrappers of all plugins see."""
        answers: list[list[Any]] = alone(self.manager, name, hook)()
        return [item for answer in answers for item in answer]

    def lifespan(self, plugin: str, platform: Platform) -> AbstractAsyncContextManager[None] | None:
        """The context that a plugin wants around a process. Raises HookFailed."""
        answers: list[AbstractAsyncContextManager[None]] = alone(self.manager, plugin, "lifespan")(platform=platform)
        return answers[0] if answers else None

    def _settle(self) -> None:
        """Tell everybody who offers what others offer as well, unless a setting decides."""
        every = [each for each in (self._offers | self._collected).values() if isinstance(each, Providers)]
        for providers in every:
            for name, said in providers.contested.items():
                for plugin in providers.offered[name]:
                    self.blame(plugin, f"{providers.capability}:{name}", f"{said}: name one of them in `prefer`")

    @contextmanager
    def leaving_out(self, name: str, step: str) -> Iterator[None]:
        """Whatever is raised within the block leaves the plugin out, or the one whose hook it was: also what a plugin
        should not raise, such as SystemExit."""
        try:
            yield
        except Interrupted:
            raise
        except BaseException as error:
            self.leave_out(error.plugin if isinstance(error, HookFailed) else name, step, error)

    def leave_out(self, name: str, step: str, error: BaseException) -> None:
        """Unregister a plugin whole, at whatever step it has failed, and record why. Where it was to decide who may do
        what and never can, nobody may anything: the roles would allow what it is there to forbid."""
        self.manager.unregister(name=name)
        self.left_out_trackers |= dict.fromkeys(self._trackers_of(name), name)
        for offers in (*self._offers.values(), *self._collected.values()):
            offers.remove(name)
        self.plugins[name].offers = []
        if isinstance(error, HookRefused) and error.hook == "authorize":
            self.requests.undecided = name
        self.blame(name, step, gist(error))

    def blame(self, name: str, about: str, said: str) -> None:
        """Record what is wrong with a plugin, and log it the first time."""
        if self.plugins[name].faults.get(about) != said:
            self.plugins[name].faults[about] = said
            log.warning("something is wrong with a plugin", plugin=name, error=said)

    def check_sections(self, settings: Settings) -> None:
        """Raises StartRefused for a settings section that belongs to no installed plugin, and for one that its plugin's
        model refuses. A plugin whose model fails, or needs settings that nobody has written, is left out, unless it
        needs them as the scheduler or tracker that the settings choose. One whose model refuses the section is left
        out, too, when it offers a tracker and the settings choose another: only the runs of that one are affected."""
        if self.installed is not None and (unknown := sorted(set(settings.sections) - self.installed)):
            raise StartRefused(
                f"settings: {choice('plugin for the section', unknown[0], self.installed)}",
                fix="correct the section's name, install the plugin, or remove the section",
            )
        for plugin, _ in [*self.settings]:
            try:
                self.section(plugin, settings)
            except Incomplete as error:
                if plugin in self._chosen(settings):
                    raise
                self.leave_out(plugin, "settings", error)
            except StartRefused as error:
                if plugin in self._chosen(settings) or not self._trackers_of(plugin):
                    raise
                self.leave_out(plugin, "settings", error)
            except Exception as error:
                self.leave_out(plugin, "settings", error)

    def _chosen(self, settings: Settings) -> set[str]:
        """The plugins whose scheduler and tracker the settings choose."""
        found = (self.schedulers.by_name.get(settings.scheduler), self.trackers.by_name.get(settings.tracker))
        return {each[0] for each in found if each}

    def _trackers_of(self, plugin: str) -> list[str]:
        """The names of the trackers that a plugin offers."""
        return [name for name, offers in self.trackers.offered.items() if plugin in offers]

    def section(self, plugin: str, settings: Settings) -> Any:
        """A plugin's section of the settings: an instance of its model, or without a model a mapping. Raises
        StartRefused."""
        offered = self.settings.of(plugin)
        return read_section(plugin, offered[0].model, settings) if offered else settings.sections.get(plugin, {})

    def sections(self, settings: Settings) -> dict[str, dict[str, Any]]:
        """The sections that have a model, with its defaults."""
        return {plugin: self.section(plugin, settings).model_dump() for plugin, _ in self.settings}

    def scheduler_checks(self) -> dict[str, SchedulerCheck]:
        """What schedulers say of an operation before it runs, by the names of those that say anything."""
        return {name: each.check for name, (_, each) in self.schedulers.by_name.items() if each.check is not None}

    def scheduler(self, name: str, settings: Settings, *, url: str) -> Scheduler:
        """The scheduler of that name, built. Raises StartRefused for one that is not there or does not start."""
        from trainyard_core.contracts.scheduler import Scheduler

        plugin, provider = self.schedulers.get(name)
        made: Scheduler = self._build(
            plugin, f"scheduler '{name}'", provider, self.context(plugin, settings, url=url), Scheduler
        )
        return made

    def tracker(self, name: str, settings: Settings) -> Tracker:
        """The tracker of that name, built. Raises StartRefused for one that is not there or does not start."""
        from trainyard_core.contracts.tracker import Tracker

        plugin, provider = self.trackers.get(name)
        made: Tracker = self._build(plugin, f"tracker '{name}'", provider, self.context(plugin, settings), Tracker)
        return made

    def optimizer(self, name: str, settings: Settings) -> Optimizer:
        """The optimizer of that kind of matrix, built. Raises StartRefused for one that is not there or does not
        start."""
        from trainyard_core.contracts.optimizer import Optimizer

        plugin, provider = self.optimizers.get(name)
        context = self.context(plugin, settings)
        made: Optimizer = self._build(plugin, f"optimizer '{name}'", provider, context, Optimizer)
        return made

    def director(self, kind: str, platform: Platform) -> Director:
        """The director of that kind of run, built. Raises StartRefused for one that is not there or does not start."""
        from trainyard_core.contracts.director import Director

        plugin, provider = self.directors.get(kind)
        made: Director = self._build(plugin, f"director '{kind}'", provider, platform, Director)
        return made

    def _build(self, plugin: str, what: str, provider: Provider, context: Context | Platform, contract: type) -> Any:
        try:
            with self._calls.loading(plugin, f"the builder of {what}"):
                made = provider.build(context)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            said = str(error) if isinstance(error, ValueError) else gist(error)
            self._refuse(
                plugin, what, said, f"correct the section [{plugin}] of the settings, or choose another", error
            )
        if missing := lacking(made, contract):
            self._refuse(plugin, what, missing, "update the plugin or mend its builder, or choose another")
        self.plugins[plugin].faults.pop(what, None)  # of an earlier try
        return made

    def _refuse(self, plugin: str, what: str, said: str, fix: str, cause: BaseException | None = None) -> NoReturn:
        self.blame(plugin, what, f"{what}: {said}")
        raise StartRefused(f"{what} of plugin '{plugin}' does not start: {said}", fix=fix) from cause

    def missing(self) -> list[str]:
        """The capabilities that nothing offers here."""
        return [each.capability for each in (self.schedulers, self.trackers) if not each.offered]

    def context(self, plugin: str, settings: Settings, *, url: str = "") -> Context:
        """What a plugin's builder gets; `url` is where runs report. Raises StartRefused for its settings."""
        section = self.section(plugin, settings)
        return Context(folder=settings.data / "plugins" / plugin, settings=section, url=url)


def _specification() -> Callable[[], object]:
    """That of a hook which is given nothing."""

    @hookspecs.hookspec
    def collects() -> None:
        """Return what the plugin offers."""

    return collects
