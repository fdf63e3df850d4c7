"""Plugins: each loaded alone; a broken one is reported and the others go on."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest

from trainyard_core import registry
from trainyard_core.errors import StartRefused
from trainyard_core.hookspecs import SchedulerProvider, TrackerProvider, hookimpl
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings


def offering(schedulers=(), trackers=()):
    return SimpleNamespace(
        register_schedulers=hookimpl(lambda: [SchedulerProvider(name=n, build=lambda c: c) for n in schedulers]),
        register_trackers=hookimpl(lambda: [TrackerProvider(name=n, build=lambda c: c) for n in trackers]),
    )


@pytest.fixture
def found(monkeypatch):
    """Instead of what is installed."""
    points: list[EntryPoint] = []
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    return points


def test_a_plugin_that_cannot_be_imported_is_reported_and_the_others_serve(found):
    found += [
        EntryPoint("broken", "no_such_module.plugin", "trainyard"),
        EntryPoint("tracker_folder", "trainyard_tracker_folder.plugin", "trainyard"),
    ]
    loaded = Registry.load()
    assert "no_such_module" in loaded.plugins["broken"].error
    assert loaded.plugins["tracker_folder"].error == ""
    assert loaded.plugins["tracker_folder"].offers == ["tracker:folder"]
    assert loaded.missing() == ["scheduler"]


def test_a_hook_that_raises_is_recorded_against_its_plugin():
    plugins = Registry()

    def explode():
        raise RuntimeError("no GPU here")

    plugins.add("bad", SimpleNamespace(register_schedulers=hookimpl(explode)))
    plugins.add("good", offering(["a"]))
    assert "no GPU here" in plugins.plugins["bad"].error
    assert list(plugins.schedulers.by_name) == ["a"]


def test_a_name_that_is_taken_is_the_second_plugins_fault():
    plugins = Registry()
    plugins.add("one", offering(["a"]))
    plugins.add("two", offering(["a"]))
    assert plugins.plugins["one"].error == ""
    assert "'a' is offered by 'one' already" in plugins.plugins["two"].error
    assert plugins.schedulers.get("a")[0] == "one"


def test_an_unknown_hook_is_reported():
    plugins = Registry()

    @hookimpl
    def pour():
        return []

    plugins.add("odd", SimpleNamespace(register_teapots=pour))
    assert "register_teapots" in plugins.plugins["odd"].error


def test_what_is_asked_for_and_not_there_says_what_is():
    plugins = Registry()
    plugins.add("one", offering(["process", "late"]))
    with pytest.raises(StartRefused, match="no scheduler 'proces'; existing: late, process; did you mean process"):
        plugins.schedulers.get("proces")
    with pytest.raises(StartRefused, match="no tracker 'folder'; existing: none"):
        plugins.trackers.get("folder")


def test_an_unknown_plugin_in_the_settings_says_which_are_installed(found):
    found.append(EntryPoint("tracker_folder", "trainyard_tracker_folder.plugin", "trainyard"))
    with pytest.raises(StartRefused, match="no plugin 'tracker_floder'; existing: tracker_folder"):
        Registry.load(["tracker_floder"])


def test_only_the_plugins_that_are_named_are_loaded(found):
    found += [EntryPoint(name, "no_such_module", "trainyard") for name in ("a", "b")]
    assert list(Registry.load(["b"]).plugins) == ["b"]


def test_a_builder_gets_its_folder_and_its_section(tmp_path):
    settings = Settings(data=tmp_path, sections={"one": {"cpu": 2}, "two": {}})
    context = Registry().context("one", settings)
    assert context.folder == tmp_path / "plugins" / "one"
    assert context.settings == {"cpu": 2}
    assert Registry().context("three", settings).settings == {}


def test_a_provider_that_cannot_be_built_refuses_the_start_and_says_whose_settings_are_wrong(tmp_path):
    def explode(_):
        raise ValueError("unknown field `rooot`; known are root")

    plugins = Registry()
    provider = TrackerProvider(name="t", build=explode)
    plugins.add("shelf", SimpleNamespace(register_trackers=hookimpl(lambda: [provider])))
    with pytest.raises(
        StartRefused, match=r"tracker 't' of plugin 'shelf' does not start: unknown field `rooot`.*\[shelf\]"
    ):
        plugins.tracker("t", Settings(data=tmp_path))
    assert "rooot" in plugins.plugins["shelf"].error
