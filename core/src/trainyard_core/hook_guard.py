"""What stands between pluggy and a plugin: what a hook raises or answers wrongly never leaves it as it is. Hooks are
taken one by one, and whatever is wrong with one becomes one line that names the plugin, the hook, what it gave and what
is wanted."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple

import msgspec
import pluggy

from trainyard_core import redact
from trainyard_core.capabilities import CAPABILITIES, Capability
from trainyard_core.errors import TrainyardError
from trainyard_core.plugin_calls import HookCalls

__all__ = ["HookFailed", "HookRefused", "Implementations", "gist", "plain_operation", "shown"]

LONGEST = 300
REFUSES = "amend_operation"
"""The hook that may raise errors for whoever sends a request."""


class HookFailed(Exception):
    """A plugin raised in a hook, answered what the hook does not take, or did not answer in time."""

    def __init__(self, plugin: str, hook: str, detail: str) -> None:
        super().__init__(f"plugin '{plugin}' failed in {hook}: {detail}")
        self.plugin, self.hook, self.gist = plugin, hook, f"{hook}: {detail}"


class HookRefused(Exception):
    """A hook can never be called, as is seen before it is. `str()` says which, and what is wanted."""

    def __init__(self, hook: str, detail: str) -> None:
        self.hook, self.gist = hook, f"{hook}: {detail}"
        super().__init__(self.gist)


def gist(error: BaseException) -> str:
    """An error in one line without secrets: its type and the first line of its text."""
    if isinstance(error, HookFailed | HookRefused):
        return redact.text(error.gist)[:LONGEST]
    lines = str(error).strip().splitlines()
    said = redact.text(": ".join([type(error).__name__, *lines[:1]]))[:LONGEST]
    return "".join(each if each.isprintable() else " " for each in said)


def plain_operation(plugin: str, operation: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a plugin gave, as data that can be stored. Raises HookFailed for what cannot."""
    try:
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(operation))
    except (TypeError, ValueError, RecursionError) as error:
        raise HookFailed(plugin, REFUSES, f"it gave an operation that is no JSON ({type(error).__name__})") from error
    return plain


class Implementations:
    """The hooks that one plugin implements, each guarded: what pluggy is given in the plugin's stead. `published` says
    what the hooks collect that plugins have published.

    `notes` say, by hook, what is not called: hooks that this core does not know, and functions that are called like a
    hook and not marked with `@hookimpl`. `answers` are the hooks whose answers are the plugin's own offer: those that
    do not register providers."""

    def __init__(
        self,
        name: str,
        plugin: object,
        manager: pluggy.PluginManager,
        calls: HookCalls,
        published: Mapping[str, Capability],
    ) -> None:
        """Raises HookRefused."""
        self.notes: dict[str, str] = {}
        self.answers: list[str] = []
        for attribute, options in _marked(plugin, manager):
            hook = str(options.get("specname") or attribute)
            caller: pluggy.HookCaller | None = getattr(manager.hook, hook, None)
            if caller is not None and caller.spec is not None:
                function = getattr(plugin, attribute)
                wanted = _answer_of(hook, published)
                _check(hook, function, options, caller.spec.argnames, wanted.wanted)
                guarded = _guarded(name, hook, function, options, calls, wanted)
                setattr(self, attribute if hasattr(self, hook) else hook, guarded)
                if not wanted.collects:
                    self.answers.append(hook)
            elif not options.get("optionalhook"):
                said = "this version of Trainyard has no such hook, and no plugin that is loaded publishes it"
                self.notes[hook] = f"{said}; it is not called"
        for hook in _unmarked(plugin, manager):
            self.notes[hook] = "it is not marked with @hookimpl; it is not called"


def _marked(plugin: object, manager: pluggy.PluginManager) -> Iterator[tuple[str, dict[str, Any]]]:
    for attribute in dir(plugin):
        if (options := manager.parse_hookimpl_opts(plugin, attribute)) is not None:
            yield attribute, dict(options)


def _unmarked(plugin: object, manager: pluggy.PluginManager) -> Iterator[str]:
    for hook in vars(manager.hook):
        function = inspect.getattr_static(plugin, hook, None)
        if inspect.isroutine(function) and manager.parse_hookimpl_opts(plugin, hook) is None:
            yield hook


def _check(
    hook: str, function: Callable[..., object], options: Mapping[str, Any], given: tuple[str, ...], answer: str
) -> None:
    """Raises HookRefused for a function that can never answer this hook."""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise HookRefused(hook, "it is async; wanted is an ordinary function")
    is_wrapper = bool(options.get("wrapper") or options.get("hookwrapper"))
    if inspect.isgeneratorfunction(function) is not is_wrapper:
        wanted = "one that yields once" if is_wrapper else f"one that returns {answer}"
        raise HookRefused(hook, f"it is {'no' if is_wrapper else 'a'} generator function; wanted is {wanted}")
    needed = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    if unknown := [name for name in needed if name not in given]:
        raise HookRefused(hook, f"it takes {', '.join(unknown)}; the hook gives {', '.join(given) or 'nothing'}")


def _guarded(
    plugin: str,
    hook: str,
    function: Callable[..., Any],
    options: Mapping[str, Any],
    calls: HookCalls,
    wanted: _Answer,
) -> Callable[..., Any]:
    """The function, of which nothing comes but an answer of the right type or HookFailed."""

    @functools.wraps(function)
    def answering(*given: object) -> object:
        with calls.hook(plugin, hook):
            try:
                answer = function(*given)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                if hook == REFUSES and isinstance(error, TrainyardError):
                    raise
                raise HookFailed(plugin, hook, gist(error)) from error
        return _checked(plugin, hook, answer, wanted)

    @functools.wraps(function)
    def wrapping(*given: object) -> Generator[None, object, object]:
        with calls.hook(plugin, hook):
            try:
                answer = yield from function(*given)
            except (KeyboardInterrupt, GeneratorExit, HookFailed):
                raise
            except BaseException as error:
                raise HookFailed(plugin, hook, gist(error)) from error
        return answer if options.get("hookwrapper") or wanted.collects else _checked(plugin, hook, answer, wanted)

    guard: Callable[..., Any] = wrapping if inspect.isgeneratorfunction(function) else answering
    vars(guard)["trainyard_impl"] = {**options, "specname": hook}
    return guard


def _checked(plugin: str, hook: str, answer: object, wanted: _Answer) -> object:
    """The answer, if the hook takes it. Raises HookFailed."""
    if not wanted.takes(answer):
        if inspect.iscoroutine(answer):
            answer.close()
        raise HookFailed(plugin, hook, f"it gave {shown(answer)}; wanted is {wanted.wanted}")
    return answer


class _Answer(NamedTuple):
    """What a hook may answer, in words and as a test; whether it collects items from all plugins."""

    wanted: str
    takes: Callable[[object], bool]
    collects: bool = False


def _answer_of(hook: str, published: Mapping[str, Capability]) -> _Answer:
    capability = CAPABILITIES.get(hook) or published.get(hook)
    return OTHERS[hook] if capability is None else _Answer(capability.wanted, capability.takes_all, collects=True)


def _or_none(kind: type) -> Callable[[object], bool]:
    return lambda answer: answer is None or isinstance(answer, kind)


OTHERS: Mapping[str, _Answer] = {
    "authorize": _Answer("True, False or None", _or_none(bool)),
    "amend_operation": _Answer("an operation as a mapping, or None", _or_none(Mapping)),
    "lifespan": _Answer("an async context manager, or None", _or_none(AbstractAsyncContextManager)),
}


def shown(answer: object) -> str:
    """What an answer is. Its content is not told: it may be a secret."""
    if isinstance(answer, list | tuple):
        kinds = sorted({type(each).__name__ for each in answer})
        return f"a {type(answer).__name__} of {', '.join(kinds)}"
    return type(answer).__name__
