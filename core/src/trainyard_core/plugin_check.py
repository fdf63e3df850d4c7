"""A quick look at every installed plugin: does it load, build and do its work here? `yard plugins check` prints it.

It does what is cheap and leaves nothing behind (see `probes`). That an implementation keeps *every* promise is its
contract's suite's to show. Providers are built on a folder of their own, with the settings of the data directory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from trainyard_core import probes
from trainyard_core.contracts.optimizer import Optimizer
from trainyard_core.contracts.scheduler import Scheduler
from trainyard_core.contracts.tracker import Tracker
from trainyard_core.errors import StartRefused
from trainyard_core.executor import BlockingCalls
from trainyard_core.hook_guard import gist
from trainyard_core.hookspecs import Context
from trainyard_core.probes import ProbeFailed
from trainyard_core.providers import lacking
from trainyard_core.registry import HookFailed, Plugin, Registry
from trainyard_core.settings import Settings

__all__ = ["CheckResult", "check"]

PATIENCE = 30.0
"""Seconds after which a plugin that does not answer has failed."""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one thing that a plugin offers, or of the plugin itself when it offers nothing. `state` is `ok`,
    `failed` or `unset`: it asks for settings, and is not the one that the settings choose."""

    plugin: str
    offer: str = ""
    state: str = "ok"
    detail: str = ""


async def check(registry: Registry, settings: Settings, folder: Path) -> list[CheckResult]:
    """One finding an offer, in the order of the plugins' names. Leaves nothing in `folder` that matters."""
    found = [
        CheckResult(plugin=loaded.name, state="failed", detail=loaded.error)
        for loaded in registry.plugins.values()
        if loaded.error
    ]
    for trial in _trials(registry, settings, folder):
        found.append(await _look(trial))
    for loaded in list(registry.plugins.values()):
        for offer in loaded.offers:
            kind, _, hook = offer.partition(":")
            if kind == "hook":
                found.append(await _ask(registry, loaded.name, hook))
    seen = {finding.plugin for finding in found}
    idle = [CheckResult(plugin=name, detail=_idle(each)) for name, each in registry.plugins.items() if name not in seen]
    return sorted([*found, *idle], key=lambda finding: (finding.plugin, finding.offer))


def _idle(plugin: Plugin) -> str:
    """What is said of a plugin of which nothing was tried here."""
    return f"it offers {', '.join(plugin.offers)}, which a server uses" if plugin.offers else "it offers nothing"


class _ProviderCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's builder, what it is given, and what its object is asked to do."""

    plugin: str
    offer: str
    is_chosen: bool
    build: Callable[[Context], Any]
    context: Callable[[], Context]
    contract: type
    use: Callable[[Any], Awaitable[str | None]]

    async def run(self) -> str:
        """Use the object, then free it. A note on what was not tried."""
        made = await BlockingCalls("build").call(lambda: self.build(self.context()), deadline=PATIENCE)
        if missing := lacking(made, self.contract):
            raise ProbeFailed(missing)
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.use(made) or ""
        finally:
            await made.aclose()


def _trials(registry: Registry, settings: Settings, folder: Path) -> Iterator[_ProviderCheck]:
    """One for each provider, also of a name that several plugins offer."""
    for providers, chosen, contract, use in (
        (registry.schedulers, settings.scheduler, Scheduler, probes.run),
        (registry.trackers, settings.tracker, Tracker, probes.keep),
        (registry.optimizers, "", Optimizer, probes.suggest),
    ):
        for name, offers in providers.offered.items():
            for plugin, provider in offers.items():
                yield _ProviderCheck(
                    plugin=plugin,
                    offer=f"{providers.capability}:{name}",
                    is_chosen=name == chosen,
                    build=provider.build,
                    context=partial(_context, registry, plugin, settings, folder),
                    contract=contract,
                    use=use,
                )


async def _look(trial: _ProviderCheck) -> CheckResult:
    state, detail = "failed", ""
    try:
        state, detail = "ok", await trial.run()
    except ProbeFailed as error:
        detail = str(error)
    except TimeoutError:
        detail = f"no answer within {PATIENCE:g} s"
    except (ValueError, StartRefused) as error:
        state, detail = "failed" if trial.is_chosen else "unset", str(error)
    except Exception as error:  # whatever a foreign plugin raises is what it is asked about here
        detail = _told(error)
    return CheckResult(plugin=trial.plugin, offer=trial.offer, state=state, detail=detail)


async def _ask(registry: Registry, plugin: str, hook: str) -> CheckResult:
    """Ask one plugin for an answer about nobody in particular."""
    try:
        await registry.requests.try_hook(plugin, hook)
    except HookFailed as error:
        return CheckResult(plugin=plugin, offer=f"hook:{hook}", state="failed", detail=gist(error))
    return CheckResult(plugin=plugin, offer=f"hook:{hook}")


def _told(error: BaseException) -> str:
    """The error and the line of the plugin that raised it."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}: {error} ({place})"


def _context(registry: Registry, plugin: str, settings: Settings, folder: Path) -> Context:
    """Raises StartRefused for settings that the plugin's model refuses."""
    own = folder / plugin
    own.mkdir(parents=True, exist_ok=True)
    return Context(folder=own, settings=registry.section(plugin, settings))
