"""Watches the calls into plugins: which is under way, which takes long, and with `TRAINYARD_TRACE_HOOKS=1` each with
its time. Arguments and answers are never printed, for they may hold secrets.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

__all__ = ["HookCalls"]

SLOW = 0.1
"""Seconds above which a hook is named in the log."""
STUCK = 3.0
"""Seconds after which an import or a builder that goes on is named in the log."""
log = structlog.get_logger("trainyard.plugins")


class _HookCall:
    """One call of a hook. `nested` is the time of the calls that a wrapper made within it; `outer` is its own."""

    def __init__(self, plugin: str, outer: _HookCall | None) -> None:
        self.plugin, self.outer = plugin, outer
        self.began, self.nested = time.perf_counter(), 0.0


class HookCalls:
    """The calls into the plugins of one registry, from any thread."""

    def __init__(self) -> None:
        self._traces = os.environ.get("TRAINYARD_TRACE_HOOKS", "") not in ("", "0")
        self._under_way: dict[int, _HookCall] = {}

    def plugin_of(self, thread: int) -> str:
        """The plugin whose hook the thread of that identity is in; empty when it is in none."""
        call = self._under_way.get(thread)
        return call.plugin if call else ""

    @contextmanager
    def loading(self, plugin: str, step: str) -> Iterator[None]:
        """Within the block a plugin is imported or builds something, on which a start may wait: when that takes
        seconds, the log names it while it does."""
        timer = threading.Timer(STUCK, _tell_stuck, (plugin, step))
        timer.daemon = True
        timer.start()
        began = time.perf_counter()
        try:
            yield
        finally:
            timer.cancel()
            self._trace(plugin, step, time.perf_counter() - began)

    @contextmanager
    def hook(self, plugin: str, hook: str) -> Iterator[None]:
        """Within the block a hook of a plugin is called; one that takes long is named in the log."""
        thread = threading.get_ident()
        call = self._under_way[thread] = _HookCall(plugin, self._under_way.get(thread))
        try:
            yield
        finally:
            took = time.perf_counter() - call.began
            self._leave(thread, call, took)
            self._trace(plugin, hook, took)
            if took - call.nested > SLOW:
                spent = round((took - call.nested) * 1000)
                log.warning("a plugin's hook is slow", plugin=plugin, hook=hook, milliseconds=spent)

    def _leave(self, thread: int, call: _HookCall, took: float) -> None:
        if call.outer is None:
            del self._under_way[thread]
        else:
            call.outer.nested += took
            self._under_way[thread] = call.outer

    def _trace(self, plugin: str, step: str, took: float) -> None:
        if self._traces:
            sys.stderr.write(f"hook {step} of {plugin}: {took * 1000:.3f} ms\n")


def _tell_stuck(plugin: str, step: str) -> None:
    log.warning("a plugin has not come back yet; the start waits for it", plugin=plugin, step=step, seconds=STUCK)
