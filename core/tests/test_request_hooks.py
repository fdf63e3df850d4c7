"""Hooks of requests: they decide within a deadline, and whoever fails to decide forbids."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import pytest
import structlog
from foreign_plugins import IMPORTS, NUMBERS, allowing, is_whole, offering

from trainyard_core import plugin_calls, request_hooks
from trainyard_core.hookspecs import hookimpl
from trainyard_core.registry import HookFailed, Registry
from trainyard_core.testing.distributions import install


class Deciding:
    """A plugin whose `authorize` answers what it is told to."""

    def __init__(self, answer=None, error=None):
        self._answer, self._error = answer, error

    @hookimpl
    def authorize(self, actor, action):
        if self._error:
            raise self._error
        return self._answer


@pytest.mark.parametrize("answer", [True, False, None])
async def test_a_plugin_decides_or_leaves_it_to_the_roles(answer):
    plugins = Registry()
    plugins.add("policy", Deciding(answer))
    assert await allowing(plugins) is answer


@pytest.mark.parametrize(
    ("plugin", "said"),
    [
        (Deciding("yes"), "authorize: it gave str; wanted is True, False or None"),
        (Deciding(1), "authorize: it gave int; wanted is True, False or None"),
        (Deciding(error=RuntimeError("no policy server\nat all")), "authorize: RuntimeError: no policy server"),
        (Deciding(error=SystemExit(1)), "authorize: SystemExit: 1"),
    ],
)
async def test_a_plugin_that_fails_to_decide_forbids_and_is_recorded(plugin, said):
    plugins = Registry()
    plugins.add("policy", plugin)
    plugins.add("other", offering())
    with pytest.raises(HookFailed):
        await allowing(plugins)
    assert plugins.plugins["policy"].error == said


async def test_an_answer_that_would_have_to_be_awaited_forbids():
    async def later():
        return True

    plugins = Registry()
    plugins.add("policy", SimpleNamespace(authorize=hookimpl(lambda actor: later())))
    with pytest.raises(HookFailed, match="it gave coroutine; wanted is True, False or None"):
        await allowing(plugins)


async def test_whoever_is_there_to_decide_and_never_can_closes_the_door(beside):
    plugins, name = beside("@hookimpl\nasync def authorize(actor):\n    return False")
    assert plugins.plugins[name].error == "authorize: it is async; wanted is an ordinary function"
    assert (plugins.requests.has("authorize"), plugins.requests.has("amend_operation")) == (True, False)
    with pytest.raises(HookFailed, match=name):
        await allowing(plugins)
    assert is_whole(plugins)


async def test_hooks_go_by_name_unless_they_say_otherwise(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    number = next(NUMBERS)
    for name, options in (("a_last", "trylast=True"), ("b_plain", ""), ("c_plain", ""), ("zz_first", "tryfirst=True")):
        source = f"@hookimpl({options})\ndef authorize(action):\n    action.append('{name}')"
        install(tmp_path / "site", name, IMPORTS + source, module=f"{name}_{number}")
    asked = []
    assert await allowing(Registry.load(["a_last", "b_plain", "c_plain", "zz_first"]), action=asked) is None
    assert asked == ["zz_first", "b_plain", "c_plain", "a_last"]


async def test_a_wrapper_sees_what_others_say_and_may_change_it(beside):
    plugins, _ = beside(
        "@hookimpl(wrapper=True)\ndef authorize(actor):\n    return (yield) is not False\n"
        "@hookimpl(wrapper=True)\ndef register_trackers():\n"
        "    return [[each for each in answer if each.name != 'hidden'] for answer in (yield)]"
    )
    assert await allowing(plugins) is True
    assert is_whole(plugins)
    plugins.add("shelf", offering(trackers=["hidden", "seen"]))
    plugins.add("policy", Deciding(False))
    assert sorted(plugins.trackers.by_name) == ["folder", "seen"]
    assert await allowing(plugins) is False


async def test_a_hook_that_hangs_holds_up_nothing_and_is_named(monkeypatch):
    monkeypatch.setattr(request_hooks, "HOOK_DEADLINE", 0.2)
    entered, gate = threading.Semaphore(0), threading.Event()

    class Hangs:
        @hookimpl
        def authorize(self, actor):
            entered.release()
            gate.wait()
            return True

    plugins = Registry()
    plugins.add("policy", Hangs())
    try:
        turns = asyncio.create_task(_turns(gate))
        answers = await asyncio.gather(*(allowing(plugins) for _ in range(40)), return_exceptions=True)
        assert all(isinstance(answer, HookFailed) and answer.plugin == "policy" for answer in answers)
        assert plugins.plugins["policy"].error == "authorize: no answer within 0.2 s"
        with pytest.raises(HookFailed, match="earlier calls have not come back yet"):
            await allowing(plugins)
        assert sum(iter(lambda: entered.acquire(blocking=False), False)) <= 16, "no more threads than that"
    finally:
        gate.set()
    assert await turns > 3, "the loop went on meanwhile"
    async with asyncio.timeout(10):
        while await _fails(plugins):  # until those that hung have come back
            await asyncio.sleep(0)
    assert await allowing(plugins) is True


async def _fails(plugins):
    try:
        return await allowing(plugins) is not True
    except HookFailed:
        return True


async def _turns(gate):
    turns = 0
    while not gate.is_set():
        await asyncio.sleep(0.01)
        turns += 1
    return turns


async def test_a_slow_hook_is_named_in_the_log(monkeypatch):
    plugins = Registry()
    plugins.add("policy", Deciding(True))
    for slow, lines in ((60.0, 0), (0.0, 1)):
        monkeypatch.setattr(plugin_calls, "SLOW", slow)
        with structlog.testing.capture_logs() as said:
            await allowing(plugins)
        assert [(line["event"], line["plugin"], line["hook"]) for line in said] == [
            ("a plugin's hook is slow", "policy", "authorize")
        ] * lines
