"""`yard plugins check`: what is well, what is broken and where, and what only lacks its settings."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from trainyard_core import plugin_commands, smoke
from trainyard_core.contracts.tracker import RunRef
from trainyard_core.hookspecs import SchedulerProvider, TrackerProvider, hookimpl
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


def installed(*names):
    return Registry.load(names)


async def looked(registry, tmp_path, **settings):
    found = await smoke.check(registry, Settings(data=tmp_path, **settings), tmp_path / "check")
    return {finding.plugin: finding for finding in found}


async def test_what_is_installed_here_works_and_nothing_is_left(tmp_path):
    found = await looked(installed("tracker_folder", "scheduler_process"), tmp_path)
    assert {name: (one.offer, one.state, one.detail) for name, one in found.items()} == {
        "tracker_folder": ("tracker:folder", "ok", ""),
        "scheduler_process": ("scheduler:process", "ok", ""),
    }
    left = [path for path in (tmp_path / "check").rglob("*") if path.is_file() and smoke.PROJECT in str(path)]
    assert left == []


async def test_a_promise_that_is_not_kept_is_named(tmp_path):
    registry = installed("tracker_folder")
    _, provider = registry.trackers.get("folder")

    class Forgets:
        def __init__(self, tracker):
            self._tracker = tracker

        def __getattr__(self, name):
            return getattr(self._tracker, name)

        async def delete_run(self, run: RunRef):
            return

    registry = Registry()
    registry.add("forgets", plugin(trackers=[TrackerProvider(name="f", build=lambda c: Forgets(provider.build(c)))]))
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
    assert "test_smoke.py:" in found["broken"].detail
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
    registry.add("gone", SimpleNamespace(register_trackers=lambda: 1 / 0))
    found = await looked(registry, tmp_path)
    assert (found["gone"].state, found["gone"].detail) == ("failed", "ZeroDivisionError: division by zero")


async def test_one_that_does_not_answer_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(smoke, "PATIENCE", 0.05)

    class Silent:
        async def aclose(self):
            return

        async def append(self, run, frames):
            import asyncio

            await asyncio.Event().wait()

        async def delete_run(self, run):
            return

    registry = Registry()
    registry.add("silent", plugin(trackers=[TrackerProvider(name="s", build=lambda context: Silent())]))
    assert (await looked(registry, tmp_path))["silent"].detail == "no answer within 0.05 s"


def test_the_command_ends_with_1_when_something_is_wrong_and_prints_json(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(plugin_commands, "_quiet", lambda: None)
    assert plugin_commands.check(["tracker_folder"], tmp_path, as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {
        "items": [{"plugin": "tracker_folder", "offer": "tracker:folder", "state": "ok", "detail": ""}]
    }
    monkeypatch.setattr(
        Registry,
        "load",
        classmethod(lambda cls, only: _with_a_broken_one(cls())),
    )
    assert plugin_commands.check([], tmp_path, as_json=False) == 1
    assert capsys.readouterr().out.endswith("FAILED  bad: ZeroDivisionError: division by zero\n")
    assert plugin_commands.check(["nobody"], tmp_path / "none", as_json=False) == 1


def _with_a_broken_one(registry):
    registry.add("bad", SimpleNamespace(register_trackers=lambda: 1 / 0))
    return registry
