"""The platforms of one process: one for each plugin, made when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard_core.plugin_host.platform import HostedPlatform
from trainyard_core.plugin_host.tables import Enqueue

if TYPE_CHECKING:
    from trainyard_core.runtime import Runtime

__all__ = ["Platforms"]


class Platforms:
    """Hands out the platform of each plugin."""

    def __init__(self, runtime: Runtime, enqueue: Enqueue) -> None:
        self._runtime, self._enqueue = runtime, enqueue
        self._made: dict[str, HostedPlatform] = {}

    def of(self, plugin: str) -> HostedPlatform:
        """The platform of that plugin."""
        if plugin not in self._made:
            section = self._runtime.registry.context(plugin, self._runtime.settings).settings
            self._made[plugin] = HostedPlatform(self._runtime, plugin, section, self._enqueue)
        return self._made[plugin]
