"""Authenticators of plugins: who is asked, what counts as an answer, and what becomes of one that hangs."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from trainyard_core.contracts.plugin import Authenticator
from trainyard_core.hook_guard import HookFailed
from trainyard_core.hookspecs import Identity, hookimpl
from trainyard_core.plugin_host import authenticators
from trainyard_core.plugin_host.authenticators import PluginAuthenticators
from trainyard_core.registry import Registry
from trainyard_core.testing.platform import FakePlatform


class Platforms:
    def of(self, plugin):
        return FakePlatform(plugin)


@pytest.fixture
def asking():
    """Authenticators of these plugins, in the order of their names."""

    def of(**functions):
        registry = Registry()
        for name, function in functions.items():
            offer = Authenticator(name="sso", authenticate=function)
            registry.add(name, SimpleNamespace(register_authenticators=hookimpl(lambda offer=offer: [offer])))
        return registry, PluginAuthenticators(registry, Platforms())

    return of


def answering(answer):
    async def authenticate(platform, headers):
        return answer

    return authenticate


async def known(platform, headers):
    return Identity(name=f"{platform.plugin}-{headers['user']}") if "user" in headers else None


async def test_the_first_that_knows_the_sender_vouches(asking):
    _, every = asking(b=known, a=answering(None), c=answering(Identity(name="too-late")))
    assert (await every.identify({"user": "ada"})).name == "b-ada"
    assert (await every.identify({})).name == "too-late"


WRONG = {
    "a name alone": "ada",
    "a role that there is not": Identity(name="ada", role="boss"),
    "no name": Identity(name=""),
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
async def test_a_wrong_answer_vouches_for_nobody_and_is_reported(asking, answer):
    registry, every = asking(a=answering(answer), b=known)
    assert (await every.identify({"user": "ada"})).name == "b-ada"
    with pytest.raises(HookFailed):
        await every.identify({})
    assert "wanted is an Identity with a name and one of the roles none, viewer" in registry.plugins["a"].error
    assert registry.plugins["b"].error == ""


async def test_one_that_is_no_async_function_fails(asking):
    registry, every = asking(a=lambda platform, headers: None)
    with pytest.raises(HookFailed):
        await every.identify({})
    assert "TypeError" in registry.plugins["a"].error


async def test_one_that_hangs_is_cancelled_and_switched_off_after_three_deadlines_in_a_row(asking, monkeypatch):
    monkeypatch.setattr(authenticators, "DEADLINE", 0.02)
    calls, cancelled, gate = [], asyncio.Semaphore(0), asyncio.Event()

    async def hangs(platform, headers):
        calls.append(headers)
        try:
            await gate.wait()
        except asyncio.CancelledError:
            cancelled.release()
            raise

    registry, every = asking(a=hangs, b=known)
    for _ in range(2):
        assert (await every.identify({"user": "ada"})).name == "b-ada"
        await cancelled.acquire()
    gate.set()
    assert (await every.identify({"user": "ada"})).name == "b-ada"
    gate.clear()
    for _ in range(3):
        await asyncio.gather(*(every.identify({"user": "ada"}) for _ in range(4)))
    assert len(calls) == 3 + 3 * 4
    assert (await every.identify({"user": "ada"})).name == "b-ada"
    with pytest.raises(HookFailed, match="switched off after 3 missed deadlines"):
        await every.identify({})
    assert len(calls) == 3 + 3 * 4
    assert "switched off after 3 missed deadlines in a row" in registry.plugins["a"].error
    for _ in range(12):
        await cancelled.acquire()
