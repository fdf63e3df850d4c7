"""Hooks that a plugin publishes and other plugins implement: collected by name, guarded like those of core."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import msgspec
import pytest

from trainyard_core.contracts.plugin import PublishedHook
from trainyard_core.hookspecs import TrackerProvider, hookimpl
from trainyard_core.registry import Registry
from trainyard_core.testing.distributions import install

PUBLISHER = """
import msgspec
from collections.abc import Callable
from trainyard_core.contracts.plugin import PublishedHook
from trainyard_core.hookspecs import hookimpl

class Cover(msgspec.Struct, frozen=True):
    name: str
    draw: Callable[[], str]

@hookimpl
def register_hooks():
    return [PublishedHook(name="shelf_register_covers", item=Cover, calls=("draw",), capability="cover")]
"""
COVERS = """
from trainyard_core.hookspecs import hookimpl

@hookimpl
def shelf_register_covers():
    from published_shelf import Cover
    return [{offered}]
"""
HOOK = "shelf_register_covers"


class Cover(msgspec.Struct, frozen=True):
    name: str
    draw: object = print


def publishing(*hooks, **more):
    return SimpleNamespace(register_hooks=hookimpl(lambda: [*hooks]), **more)


def covers(*offered):
    return SimpleNamespace(**{HOOK: hookimpl(lambda: [*offered])})


def published(*plugins, name=HOOK, prefer=()):
    """A registry of the publisher `shelf` and of such plugins, by name."""
    registry = Registry(prefer)
    registry.add("shelf", publishing(PublishedHook(name=name, item=Cover, capability="cover", calls=("draw",))))
    for each, plugin in plugins:
        registry.add(each, plugin)
    return registry


@pytest.mark.parametrize("name", ["a_foreign", "zz_foreign"])
def test_what_plugins_offer_by_a_published_hook_is_collected_whatever_they_are_called(tmp_path, monkeypatch, name):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "published_shelf", raising=False)
    install(tmp_path, "shelf", PUBLISHER, module="published_shelf")
    install(tmp_path, name, COVERS.format(offered="Cover('plain', str)"), module=f"covers_of_{name}")
    registry = Registry.load(["shelf", name])
    assert [*registry.collected("shelf", HOOK)] == ["plain"]
    assert (registry.plugins[name].offers, registry.plugins[name].error) == (["cover:plain"], "")
    assert registry.plugins["shelf"].offers == [f"hook:{HOOK}"]


@pytest.mark.parametrize(
    ("offered", "said"),
    [
        (
            ["plain"],
            f"{HOOK}: it gave a list of str; wanted is a list of Cover, each with a name and a function `draw`",
        ),
        ([Cover("plain", draw=None)], f"{HOOK}: it gave a list of Cover; wanted is a list of Cover, each with a name"),
        ([Cover("plain"), Cover("plain")], "ValueError: it offers the cover 'plain' twice"),
    ],
)
def test_a_plugin_that_offers_something_else_is_left_out_in_one_line(offered, said):
    registry = published(("mine", covers(*offered)), ("other", covers(Cover("red"))))
    assert said in registry.plugins["mine"].error
    assert [*registry.collected("shelf", HOOK)] == ["red"]


def test_a_name_that_two_plugins_offer_is_used_of_neither_until_a_setting_decides():
    both = [("mine", covers(Cover("plain"), Cover("red"))), ("other", covers(Cover("plain")))]
    registry = published(*both)
    assert [*registry.collected("shelf", HOOK)] == ["red"]
    assert "cover 'plain' is offered by mine and other; neither is used" in registry.plugins["other"].error
    assert {*published(*both, prefer=["other"]).collected("shelf", HOOK)} == {"plain", "red"}


@pytest.mark.parametrize("name", ["register_covers", "shelves_register_covers", "shelf_a b"])
def test_a_hook_that_is_not_called_by_its_plugin_is_refused(name):
    registry = published(name=name)
    assert registry.plugins["shelf"].error == f"ValueError: the hook '{name}' is not called 'shelf_...'"
    assert not registry.manager.has_plugin("shelf")


def test_what_extends_a_plugin_that_is_left_out_works_and_is_collected_by_nobody():
    registry = Registry()

    def fails():
        raise RuntimeError("no disk")

    hook = PublishedHook(name=HOOK, item=Cover, capability="cover")
    registry.add("shelf", publishing(hook, register_trackers=hookimpl(fails)))
    plugin = covers(Cover("red"))
    plugin.register_trackers = hookimpl(lambda: [TrackerProvider(name="mine", build=print)])
    registry.add("mine", plugin)
    assert "no disk" in registry.plugins["shelf"].error
    assert (registry.plugins["mine"].error, registry.trackers.get("mine")[0]) == ("", "mine")
    with pytest.raises(ValueError, match="publishes no hook"):
        registry.collected("shelf", HOOK)


def test_only_the_plugin_that_publishes_a_hook_collects():
    registry = published(("mine", covers(Cover("red"))))
    with pytest.raises(ValueError, match=f"plugin 'mine' publishes no hook '{HOOK}'"):
        registry.collected("mine", HOOK)


def test_a_hook_of_a_plugin_that_is_not_there_is_told_unless_it_is_optional():
    registry = Registry()
    registry.add("mine", covers(Cover("red")))
    assert "no plugin that is loaded publishes it" in registry.plugins["mine"].error
    optional = hookimpl(lambda: [Cover("red")], optionalhook=True)
    registry.add("other", SimpleNamespace(**{HOOK: optional}))
    assert registry.plugins["other"].error == ""


@pytest.mark.parametrize(
    ("plugin", "names", "said"),
    [
        ("shelf", [HOOK, "others_register"], "the hook 'others_register' is not called 'shelf_...'"),
        ("shelf", [HOOK, HOOK], f"there is a hook '{HOOK}' already"),
        ("register", ["register_settings"], "there is a hook 'register_settings' already"),
        ("shelf_register", [HOOK], f"there is a hook '{HOOK}' already"),
    ],
)
def test_hooks_that_cannot_be_published_leave_out_their_plugin_and_no_other(plugin, names, said):
    registry = published() if plugin == "shelf_register" else Registry()
    registry.add(plugin, publishing(*(PublishedHook(name=each, item=Cover, capability="cover") for each in names)))
    assert registry.plugins[plugin].error == f"ValueError: {said}"
    trackers = hookimpl(lambda: [TrackerProvider(name="mine", build=print)])
    registry.add("mine", SimpleNamespace(register_trackers=trackers))
    assert (registry.plugins["mine"].error, registry.trackers.get("mine")[0]) == ("", "mine")
