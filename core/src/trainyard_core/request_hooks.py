"""The hooks of requests: whether something may be done, and what is made of an operation. They are called off the loop,
each with a deadline, so that the server answers others while one hangs."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pluggy

from trainyard_core.auth import Actor
from trainyard_core.contracts.plugin import OperationContext
from trainyard_core.executor import BlockingCalls
from trainyard_core.hook_guard import HookFailed, gist, plain_operation
from trainyard_core.plugin_calls import HookCalls

__all__ = ["HOOK_DEADLINE", "RequestHooks", "alone", "implementing"]

HOOK_DEADLINE = 2.0
"""Seconds that plugins have for one hook of a request."""


def alone(manager: pluggy.PluginManager, plugin: str, hook: str) -> pluggy.HookCaller:
    """A hook of one plugin, with the wrappers of all."""
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    others = [
        each.plugin
        for each in caller.get_hookimpls()
        if each.plugin_name != plugin and not (each.wrapper or each.hookwrapper)
    ]
    return manager.subset_hook_caller(hook, others)


def implementing(manager: pluggy.PluginManager, hook: str) -> list[str]:
    """The plugins that answer a hook, in the order of their names."""
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    return sorted({each.plugin_name for each in caller.get_hookimpls() if not (each.wrapper or each.hookwrapper)})


class RequestHooks:
    """`blame` records what is wrong with a plugin. `undecided` is the plugin that was to authorize and never can."""

    def __init__(self, manager: pluggy.PluginManager, calls: HookCalls, blame: Callable[[str, str, str], None]) -> None:
        self._manager, self._calls, self._blame = manager, calls, blame
        self._authorizing, self._amending = BlockingCalls("authorize"), BlockingCalls("amend_operation")
        self.undecided = ""

    def has(self, hook: str) -> bool:
        """Whether a plugin answers this hook. One that is there to authorize and never can counts: it forbids."""
        asked: pluggy.HookCaller = getattr(self._manager.hook, hook)
        return bool(asked.get_hookimpls()) or (hook == "authorize" and bool(self.undecided))

    async def authorize(self, *, actor: Actor, action: str, project: str, run: str, agent: str) -> bool | None:
        """Whether a plugin allows or forbids an action; None: none says anything. Raises HookFailed when one fails to
        decide: then it is not allowed."""
        if self.undecided:
            raise HookFailed(self.undecided, "authorize", "it can never be called")
        caller = self._manager.hook.authorize
        said: bool | None = await self._ask(
            caller, self._authorizing, actor=actor, action=action, project=project, run=run, agent=agent
        )
        return said

    async def amend_operation(
        self, operation: Mapping[str, Any], context: OperationContext
    ) -> Mapping[str, Any] | None:
        """What the plugins make of an operation, one after the other in the order of their names; None: they leave it
        as it is. Raises HookFailed, and what a plugin refuses it with."""
        if not (plugins := implementing(self._manager, "amend_operation")):
            return None

        def ask() -> Mapping[str, Any] | None:
            amended = None
            for plugin in plugins:
                shown = copy.deepcopy(dict(operation if amended is None else amended))
                answers = alone(self._manager, plugin, "amend_operation")(operation=shown, context=context)
                amended = plain_operation(plugin, answers[0]) if answers else amended
            return amended

        given: Mapping[str, Any] | None = await self._off_loop("amend_operation", plugins[-1], ask, self._amending)
        return given

    async def try_hook(self, plugin: str, hook: str) -> None:
        """Ask one plugin alone, about nobody in particular. Raises HookFailed."""
        others = [each for name, each in self._manager.list_name_plugin() if name != plugin]
        caller = self._manager.subset_hook_caller(hook, others)
        if hook == "authorize":
            nobody = Actor(name="user:nobody")
            await self._ask(caller, self._authorizing, actor=nobody, action="read", project="", run="", agent="")

    async def _ask(self, caller: pluggy.HookCaller, off_loop: BlockingCalls, **given: object) -> Any:
        """The answer of a hook of requests, which is called off the loop. What fails is recorded and raised as
        HookFailed."""
        if not (asked := caller.get_hookimpls()):
            return None
        return await self._off_loop(caller.name, asked[-1].plugin_name, lambda: caller(**given), off_loop)

    async def _off_loop(self, hook: str, plugin: str, ask: Callable[[], object], off_loop: BlockingCalls) -> Any:
        """What `ask` returns, which asks plugins, this one last. What fails is recorded and raised as HookFailed."""
        threads: list[int] = []

        def call() -> object:
            threads.append(threading.get_ident())
            return ask()

        try:
            return await off_loop.call(call, deadline=HOOK_DEADLINE)
        except TimeoutError as error:
            name = self._calls.plugin_of(threads[0]) if threads else ""
            failed = HookFailed(name or plugin, hook, str(error))
        except HookFailed as error:
            failed = error
        self._blame(failed.plugin, failed.hook, gist(failed))
        raise failed
