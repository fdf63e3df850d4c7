"""`yard plugins check`: what is well, what is broken and where, and what only lacks its settings."""

from __future__ import annotations

import asyncio
import json
import threading
from types import SimpleNamespace

import pytest
from fake_tracker import folder_tracker

from trainyard.client.models import FieldProblem
from trainyard_core import plugin_check, plugin_commands, probes
from trainyard_core.contracts.optimizer import Optimizer, Outline, Suggestion, Suggestions
from trainyard_core.contracts.plugin import Authenticator
from trainyard_core.contracts.tracker import RunRef
from trainyard_core.hookspecs import OptimizerProvider, SchedulerProvider, TrackerProvider, hookimpl
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings


def plugin(*, trackers=(), schedulers=()):
    @hookimpl
    def register_trackers():
        return [*trackers]

    @hookimpl
    def register_schedulers():
        return [*schedulers]

    return SimpleNamespace(register_trackers=register_trackers, register_schedulers=register_schedulers)


class Other:
    """Another object's methods, some of which a test replaces."""

    def __init__(self, other):
        self._other = other

    def __getattr__(self, name):
        return getattr(self._other, name)


def installed(*names):
    return Registry.load(names)


async def looked(registry, tmp_path, **settings):
    found = await plugin_check.check(registry, Settings(data=tmp_path, **settings), tmp_path / "check")
    return {finding.plugin: finding for finding in found}


async def test_what_is_installed_here_works_and_nothing_is_left(tmp_path):
    found = await looked(installed("tracker_folder", "scheduler_process"), tmp_path)
    assert {name: (one.offer, one.state, one.detail) for name, one in found.items()} == {
        "tracker_folder": ("tracker:folder", "ok", ""),
        "scheduler_process": ("scheduler:process", "ok", ""),
    }
    left = [path for path in (tmp_path / "check").rglob("*") if path.is_file() and probes.PROJECT in str(path)]
    assert left == []


async def test_a_promise_that_is_not_kept_is_named(tmp_path):
    class Forgets(Other):
        async def delete_run(self, run: RunRef):
            return

    registry = Registry()
    registry.add(
        "forgets", plugin(trackers=[TrackerProvider(name="f", build=lambda c: Forgets(folder_tracker(c.folder)))])
    )
    found = await looked(registry, tmp_path)
    assert (found["forgets"].state, found["forgets"].detail) == (
        "failed",
        "delete_run: something of the run is still there",
    )


async def test_what_raises_is_told_with_its_place_and_the_others_go_on(tmp_path):
    def build(context):
        raise RuntimeError("no cluster")

    registry = installed("tracker_folder")
    registry.add("broken", plugin(schedulers=[SchedulerProvider(name="b", build=build)]))
    registry.add("idle", plugin())
    found = await looked(registry, tmp_path)
    assert found["broken"].state == "failed"
    assert found["broken"].detail.startswith("RuntimeError: no cluster (")
    assert "test_plugin_check.py:" in found["broken"].detail
    assert (found["tracker_folder"].state, found["idle"].detail) == ("ok", "it offers nothing")


@pytest.mark.parametrize(("chosen", "state"), [("folder", "unset"), ("needy", "failed")])
async def test_a_missing_setting_fails_only_what_the_settings_choose(tmp_path, chosen, state):
    def build(context):
        raise ValueError("settings of needy: url is missing")

    registry = Registry()
    registry.add("needy", plugin(trackers=[TrackerProvider(name="needy", build=build)]))
    found = await looked(registry, tmp_path, tracker=chosen)
    assert (found["needy"].state, found["needy"].detail) == (state, "settings of needy: url is missing")


async def test_a_plugin_that_cannot_be_imported_is_a_finding(tmp_path):
    registry = Registry()
    registry.add("gone", SimpleNamespace(register_trackers=hookimpl(lambda: 1 / 0)))
    found = await looked(registry, tmp_path)
    assert (found["gone"].state, found["gone"].detail) == (
        "failed",
        "register_trackers: ZeroDivisionError: division by zero",
    )


async def test_one_that_does_not_answer_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(plugin_check, "PATIENCE", 0.05)

    class Silent(Other):
        async def append(self, run, frames):
            await asyncio.Event().wait()

    registry = Registry()
    registry.add(
        "silent", plugin(trackers=[TrackerProvider(name="s", build=lambda c: Silent(folder_tracker(c.folder)))])
    )
    assert (await looked(registry, tmp_path))["silent"].detail == "no answer within 0.05 s"


async def test_a_builder_that_never_returns_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(plugin_check, "PATIENCE", 0.05)
    gate = threading.Event()
    registry = Registry()
    registry.add("stuck", plugin(trackers=[TrackerProvider(name="s", build=lambda context: gate.wait())]))
    try:
        assert (await looked(registry, tmp_path))["stuck"].detail == "no answer within 0.05 s"
    finally:
        gate.set()


async def test_what_is_built_and_is_no_tracker_is_told_by_what_it_lacks(tmp_path):
    registry = Registry()
    registry.add("none", plugin(trackers=[TrackerProvider(name="n", build=lambda context: None)]))
    found = (await looked(registry, tmp_path))["none"]
    assert found.state == "failed"
    assert found.detail.startswith("its builder gave NoneType; wanted is a Tracker: it lacks aclose, append, ")


class Listed(Optimizer):
    """Suggests what it was made with, or has a problem with every study."""

    name = "listed"

    def __init__(self, *params, problem=""):
        self._params, self._problem = params, problem

    def check(self, study):
        return [FieldProblem(message=self._problem)] if self._problem else []

    def outline(self, study):
        return Outline(trials=len(self._params), concurrency=1)

    async def suggest(self, study, *, changed, count, seed, state):
        return Suggestions(suggestions=tuple(Suggestion(params=params) for params in self._params))

    async def aclose(self):
        """Nothing is held."""


def offering(**optimizers):
    """A plugin that brings these optimizers, by their names."""
    offered = [OptimizerProvider(name=name, build=lambda c, made=made: made) for name, made in optimizers.items()]
    return SimpleNamespace(register_optimizers=hookimpl(lambda: offered))


async def test_every_algorithm_is_tried_as_far_as_it_can_be_without_options(tmp_path):
    registry = Registry()
    registry.add("search", offering(two=Listed({"x": 1}, {"x": 2}), tuned=Listed(problem="it has no tuner")))
    found = await plugin_check.check(registry, Settings(data=tmp_path), tmp_path / "check")
    assert [(one.plugin, one.offer, one.state, one.detail) for one in found] == [
        ("search", "optimizer:tuned", "ok", "its check was tried only: it has no tuner"),
        ("search", "optimizer:two", "ok", ""),
    ]


@pytest.mark.parametrize(
    ("suggestions", "said"),
    [
        (({"x": 4},), "suggest: the param 'x' is 4, which is not in its space"),
        (({},), "suggest: the param 'x' is None, which is not in its space"),
        (({"x": 1}, {"x": 2}, {"x": 3}), "suggest: 2 trials were asked for and 3 came"),
        ((), "suggest: no trial came of a study that has none yet, and it does not say that it is exhausted"),
    ],
)
async def test_an_algorithm_that_suggests_what_nobody_asked_for_is_named(tmp_path, suggestions, said):
    registry = Registry()
    registry.add("odd", offering(odd=Listed(*suggestions)))
    found = (await looked(registry, tmp_path))["odd"]
    assert (found.offer, found.state, found.detail) == ("optimizer:odd", "failed", said)


async def test_hooks_of_requests_are_asked(tmp_path):
    registry = Registry()
    registry.add("policy", SimpleNamespace(authorize=hookimpl(lambda actor: None)))
    registry.add("lax", SimpleNamespace(authorize=hookimpl(lambda actor: "yes")))
    registry.add(
        "sso", SimpleNamespace(register_authenticators=hookimpl(lambda: [Authenticator(name="x", authenticate=print)]))
    )
    found = await looked(registry, tmp_path)
    assert {name: (one.offer, one.state, one.detail) for name, one in found.items()} == {
        "policy": ("hook:authorize", "ok", ""),
        "lax": ("hook:authorize", "failed", "authorize: it gave str; wanted is True, False or None"),
        "sso": ("", "ok", "it offers authenticator:x, which a server uses"),
    }


async def test_a_name_that_two_plugins_offer_is_tried_of_both(tmp_path):
    registry = installed("tracker_folder")
    provider = TrackerProvider(name="folder", build=lambda c: folder_tracker(c.folder))
    registry.add("other", plugin(trackers=[provider]))
    found = await plugin_check.check(registry, Settings(data=tmp_path), tmp_path / "check")
    assert [(one.plugin, one.offer, one.state) for one in found] == [
        ("other", "", "failed"), ("other", "tracker:folder", "ok"),
        ("tracker_folder", "", "failed"), ("tracker_folder", "tracker:folder", "ok"),
    ]  # fmt: skip
    assert all("is offered by other and tracker_folder; neither is used" in one.detail for one in found[::2])


def test_the_command_ends_with_1_when_something_is_wrong_and_prints_json(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(plugin_commands, "_quiet", lambda: None)
    assert plugin_commands.check(["tracker_folder"], tmp_path, as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {
        "items": [{"plugin": "tracker_folder", "offer": "tracker:folder", "state": "ok", "detail": ""}]
    }
    monkeypatch.setattr(
        Registry,
        "load",
        classmethod(lambda cls, only, prefer: _with_a_broken_one(cls())),
    )
    assert plugin_commands.check([], tmp_path, as_json=False) == 1
    assert capsys.readouterr().out.endswith("FAILED  bad: register_trackers: ZeroDivisionError: division by zero\n")
    assert plugin_commands.check(["nobody"], tmp_path / "none", as_json=False) == 1


def _with_a_broken_one(registry):
    registry.add("bad", SimpleNamespace(register_trackers=hookimpl(lambda: 1 / 0)))
    return registry
