"""Contexts of plugins around a process, and their checks in `yard doctor`."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs
from web import serving

from trainyard_core import diagnosis
from trainyard_core.contracts.plugin import CheckResult, PluginCheck
from trainyard_core.errors import Unavailable
from trainyard_core.hookspecs import hookimpl
from trainyard_core.plugin_host import lifespan
from trainyard_core.registry import Registry


@pytest.fixture
def serve(tmp_path):
    def of(**plugins):
        registry = Registry()
        for name, hooks in plugins.items():
            registry.add(name, SimpleNamespace(**{hook: hookimpl(function) for hook, function in hooks.items()}))
        return serving(f"sqlite:///{tmp_path / 'yard.db'}", tmp_path, registry=registry)

    return of


def context(said, *, entering="", leaving="", hangs=""):
    """A hook whose context says what happens to it, raises where it is to, and hangs where it is to."""

    @asynccontextmanager
    async def around(platform):
        said.append(f"enter {platform.plugin}")
        await _step(entering, hangs == "enter")
        yield
        said.append(f"leave {platform.plugin}")
        await _step(leaving, hangs == "leave")

    return {"lifespan": around}


async def _step(error, hangs):
    if hangs:
        await asyncio.Event().wait()
    if error:
        raise ValueError(error)


async def test_contexts_are_entered_by_name_and_left_in_reverse(serve):
    said = []
    async with serve(b=context(said), a=context(said), c={"lifespan": lambda platform: None}):
        assert said == ["enter a", "enter b"]
    assert said == ["enter a", "enter b", "leave b", "leave a"]


@pytest.mark.parametrize(
    ("how", "error"),
    [({"entering": "no room"}, "ValueError: no room"), ({"hangs": "enter"}, "not entered within 0.05 s")],
)
async def test_a_plugin_whose_context_is_not_entered_is_left_out_and_the_others_serve(serve, monkeypatch, how, error):
    monkeypatch.setattr(lifespan, "ENTERING", 0.05)
    said = []
    async with serve(a=context(said, **how), b=context(said)) as web:
        assert error in web.runtime.registry.plugins["a"].error
        assert not web.runtime.registry.manager.has_plugin("a")
        assert (await web.ask("GET", "runs")).status_code == 200
    assert said == ["enter a", "enter b", "leave b"]


@pytest.mark.parametrize(
    ("how", "event"),
    [
        ({"leaving": "stuck"}, "a plugin fails to leave its context"),
        ({"hangs": "leave"}, "a plugin does not leave its context in time"),
    ],
)
async def test_a_context_that_is_not_left_is_told_and_the_process_ends(serve, monkeypatch, how, event):
    monkeypatch.setattr(lifespan, "LEAVING", 0.05)
    said = []
    with capture_logs() as logs:
        async with serve(a=context(said), b=context(said, **how)):
            pass
    assert said[-1] == "leave a"
    assert [(each["event"], each["plugin"]) for each in logs if each["log_level"] == "error"] == [(event, "b")]


async def fine(platform):
    return CheckResult(detail=f"{platform.plugin} answers, http://me:hunter2@x")


async def down(platform):
    raise Unavailable("the forge does not answer", fix="start it")


async def broken(platform):
    raise ValueError("hunter2")


async def silent(platform):
    await asyncio.Event().wait()


async def other(platform):
    return "fine"


async def test_checks_of_plugins_are_made_by_name_each_with_a_deadline(serve, monkeypatch):
    monkeypatch.setattr(diagnosis, "PATIENCE", 0.5)
    checks = [PluginCheck(name=each.__name__, run=each) for each in (fine, down, broken, silent, other)]
    async with serve(forge={"register_checks": lambda: checks}) as web:
        items = (await web.ask("POST", "diagnosis")).json()["items"]
    assert {each["name"]: (each["state"], each["detail"]) for each in items if each["name"].startswith("forge: ")} == {
        "forge: fine": ("ok", "forge answers, http://me:[hidden]@x"),
        "forge: down": ("failed", "the forge does not answer"),
        "forge: broken": ("failed", "it failed with ValueError"),
        "forge: silent": ("failed", "no answer within 0.5 s"),
        "forge: other": ("failed", "it gave str; wanted is a CheckResult"),
    }
