"""Asks the authenticators of plugins who sends a request that has no Trainyard token.

One that fails vouches for nobody, and the others are asked. One that misses its deadline three times in a row is
switched off for the rest of the process's life, so that it does not hold up every stranger."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

from trainyard_core.auth import ROLES
from trainyard_core.contracts.plugin import Authenticator
from trainyard_core.hook_guard import HookFailed, gist, shown
from trainyard_core.hookspecs import Identity
from trainyard_core.plugin_host.platform import HostedPlatform
from trainyard_core.plugin_host.platforms import Platforms
from trainyard_core.registry import Registry

__all__ = ["DEADLINE", "PluginAuthenticators"]

DEADLINE = 2.0
"""Seconds that one authenticator has for a request."""
MOST_MISSED = 3
"""Deadlines missed in a row after which it is switched off."""


class PluginAuthenticators:
    """All authenticators of one process."""

    def __init__(self, registry: Registry, platforms: Platforms) -> None:
        self._registry, self._platforms = registry, platforms
        self._missed: Counter[tuple[str, str]] = Counter()
        self._overdue: set[asyncio.Task[object]] = set()

    async def identify(self, headers: Mapping[str, str]) -> Identity | None:
        """Whom the first authenticator that knows the sender vouches for; None: nobody. Raises HookFailed when none
        knows the sender and one of them has failed."""
        failure: HookFailed | None = None
        for plugin, authenticator in self._registry.authenticators:
            try:
                identity = await self._ask(plugin, authenticator, headers)
            except HookFailed as error:
                failure = error
                self._registry.blame(plugin, error.hook, gist(error))
            else:
                if identity is not None:
                    return identity
        if failure is not None:
            raise failure
        return None

    async def _ask(self, plugin: str, authenticator: Authenticator, headers: Mapping[str, str]) -> Identity | None:
        """Raises HookFailed."""
        hook, key = f"authenticator '{authenticator.name}'", (plugin, authenticator.name)
        if (missed := self._missed[key]) >= MOST_MISSED:
            raise HookFailed(plugin, hook, f"switched off after {missed} missed deadlines in a row; restart the server")
        call = _called(authenticator, self._platforms.of(plugin), headers)
        task: asyncio.Task[object] = asyncio.create_task(call, name=hook)
        try:
            await asyncio.wait([task], timeout=DEADLINE)
        finally:
            self._cancel(task)
        if not task.done():
            self._missed[key] = max(self._missed[key], missed + 1)  # calls at once miss one deadline together
            raise HookFailed(plugin, hook, f"no answer within {DEADLINE:g} s")
        self._missed[key] = 0
        if task.cancelled():
            raise HookFailed(plugin, hook, "it was cancelled")
        if (error := task.exception()) is not None:
            raise HookFailed(plugin, hook, gist(error)) from error
        return _checked(plugin, hook, task.result())

    def _cancel(self, task: asyncio.Task[object]) -> None:
        """End one that is overdue, without waiting for its end."""
        if not task.done():
            self._overdue.add(task)
            task.add_done_callback(self._ended)
            task.cancel()

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._overdue.discard(task)
        if not task.cancelled():
            task.exception()  # it is too late to tell anybody


async def _called(authenticator: Authenticator, platform: HostedPlatform, headers: Mapping[str, str]) -> object:
    return await authenticator.authenticate(platform, headers)


def _checked(plugin: str, hook: str, answer: object) -> Identity | None:
    """Raises HookFailed for what is neither an identity nor None."""
    if answer is None or (isinstance(answer, Identity) and answer.name and answer.role in ROLES):
        return answer
    raise HookFailed(
        plugin,
        hook,
        f"it gave {shown(answer)}; wanted is an Identity with a name and one of the roles {', '.join(ROLES)}, or None",
    )
