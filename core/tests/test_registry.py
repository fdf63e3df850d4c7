"""Plugins: each loaded alone; a broken one is reported, and it and the others go on as far as they can."""

from __future__ import annotations

import signal
import threading
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest
from foreign_plugins import IMPORTS, NUMBERS, OURS, allowing, is_whole, offering

from trainyard_core import plugin_calls, registry
from trainyard_core.errors import StartRefused
from trainyard_core.hookspecs import TrackerProvider, hookimpl
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings
from trainyard_core.testing.distributions import VERSION, install


@pytest.fixture
def found(monkeypatch):
    """Instead of what is installed."""
    points: list[EntryPoint] = []
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    return points


BROKEN = {
    "raises at import": ("raise RuntimeError('no GPU here')", "RuntimeError: no GPU here"),
    "leaves at import": ("import sys\nsys.exit('I am done')", "SystemExit: I am done"),
    "interrupts at import": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "raises in a hook": (
        "@hookimpl\ndef register_trackers():\n    raise RuntimeError('no disk')",
        "register_trackers: RuntimeError: no disk",
    ),
    "leaves in a hook": (
        "@hookimpl\ndef register_trackers():\n    raise SystemExit(3)",
        "register_trackers: SystemExit: 3",
    ),
    "answers nothing": (
        "@hookimpl\ndef register_trackers():\n    pass",
        "register_trackers: it gave NoneType; wanted is a list of TrackerProvider, each with a name and a builder",
    ),
    "answers something else": (
        "@hookimpl\ndef register_schedulers():\n    return ['slurm']",
        "register_schedulers: it gave a list of str; wanted is a list of SchedulerProvider, each with a name and a"
        " builder",
    ),
    "has no builder": (
        "@hookimpl\ndef register_schedulers():\n    return [SchedulerProvider(name='x', build=None)]",
        "register_schedulers: it gave a list of SchedulerProvider; wanted is a list of SchedulerProvider, each with a"
        " name and a builder",
    ),
    "is async": (
        "@hookimpl\nasync def register_schedulers():\n    return []",
        "register_schedulers: it is async; wanted is an ordinary function",
    ),
    "is a generator": (
        "@hookimpl\ndef register_schedulers():\n    yield 1",
        "register_schedulers: it is a generator function; wanted is one that returns a list of SchedulerProvider, each"
        " with a name and a builder",
    ),
    "takes what is not given": (
        "@hookimpl\ndef lifespan(platform, loop):\n    return None",
        "lifespan: it takes loop; the hook gives platform",
    ),
    "offers a name twice": (
        "@hookimpl\ndef register_trackers():\n    return [TrackerProvider(name='x', build=print)] * 2",
        "ValueError: it offers the tracker 'x' twice",
    ),
}


@pytest.mark.parametrize(("source", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_left_out_and_told_in_one_line_and_ours_are_whole(beside, source, said):
    plugins, name = beside(source)
    assert (plugins.plugins[name].error, plugins.plugins[name].offers) == (said, [])
    assert not plugins.manager.has_plugin(name)
    assert is_whole(plugins)


def test_a_hook_that_this_core_does_not_know_is_told_and_the_plugin_works(beside):
    plugins, name = beside(
        "@hookimpl\ndef register_teapots():\n    return []\n"
        "@hookimpl(optionalhook=True)\ndef register_cups():\n    return []\n"
        "@hookimpl\ndef register_trackers():\n    return [TrackerProvider(name='shelf', build=print)]"
    )
    assert plugins.plugins[name].error == (
        "register_teapots: this version of Trainyard has no such hook, and no plugin that is loaded publishes it; it is"
        " not called"
    )
    assert plugins.trackers.get("shelf")[0] == name
    assert is_whole(plugins)


def test_only_what_is_marked_as_a_hook_is_one(beside):
    plugins, name = beside("def register_trackers():\n    return [TrackerProvider(name='shelf', build=print)]")
    assert plugins.plugins[name].error == "register_trackers: it is not marked with @hookimpl; it is not called"
    assert "shelf" not in plugins.trackers.offered
    assert is_whole(plugins)


async def test_a_plugin_that_was_left_out_is_asked_nothing(beside):
    plugins, name = beside(
        "@hookimpl\ndef register_trackers():\n    raise RuntimeError('no disk')\n"
        "@hookimpl\ndef authorize(actor):\n    return True\n"
        "from trainyard_core.contracts.plugin import Authenticator\n"
        "@hookimpl\ndef register_authenticators():\n    return [Authenticator(name='mallory', authenticate=print)]"
    )
    assert "no disk" in plugins.plugins[name].error
    assert not plugins.requests.has("authorize")
    assert await allowing(plugins) is None
    assert [*plugins.authenticators] == []


@pytest.mark.parametrize("names", [("a_foreign", "scheduler_process"), ("scheduler_process", "zz_foreign")])
def test_a_name_that_two_plugins_offer_is_used_of_neither_until_a_setting_decides(tmp_path, monkeypatch, names):
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    (foreign,) = set(names) - {"scheduler_process"}
    source = "@hookimpl\ndef register_schedulers():\n    return [SchedulerProvider(name='process', build=print)]"
    install(tmp_path / "site", foreign, IMPORTS + source, module=f"foreign_{next(NUMBERS)}")
    plugins = Registry.load([*OURS, foreign])
    said = f"scheduler 'process' is offered by {names[0]} and {names[1]}; neither is used"
    for name in names:
        assert plugins.plugins[name].error == f"{said}: name one of them in `prefer`"
    with pytest.raises(StartRefused, match=f"{said}.*`prefer`"):
        plugins.schedulers.get("process")
    assert "process" not in plugins.schedulers.by_name
    assert plugins.missing() == []
    for name in names:
        decided = Registry.load([*OURS, foreign], prefer=["tracker_folder", name])
        assert decided.schedulers.get("process")[0] == name
        assert [decided.plugins[each].error for each in names] == ["", ""]


def test_two_distributions_that_bring_one_plugin_are_both_named_and_neither_is_loaded(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    for distribution in ("theirs-one", "theirs-two"):
        install(tmp_path / "site", "twin", "raise SystemExit", distribution=distribution)
    plugins = Registry.load(["twin", "tracker_folder"])
    assert plugins.plugins["twin"].error == (
        "LookupError: theirs-one and theirs-two both bring a plugin of this name: uninstall one of them"
    )
    assert plugins.plugins["tracker_folder"].error == ""


def test_what_is_installed_says_its_version_and_all_that_it_offers(beside):
    plugins, name = beside(
        "@hookimpl\ndef register_trackers():\n    return [TrackerProvider(name='shelf', build=print)]\n"
        "@hookimpl\ndef authorize(actor):\n    return None"
    )
    loaded = plugins.plugins[name]
    assert (loaded.version, loaded.offers, loaded.error) == (VERSION, ["hook:authorize", "tracker:shelf"], "")


def test_what_is_asked_for_and_not_there_says_what_is():
    plugins = Registry()
    plugins.add("one", offering(["process", "late"]))
    with pytest.raises(StartRefused, match="no scheduler 'proces'; existing: late, process; did you mean process"):
        plugins.schedulers.get("proces")
    with pytest.raises(StartRefused, match="no tracker 'folder'; existing: none"):
        plugins.trackers.get("folder")
    assert plugins.missing() == ["tracker"]


@pytest.mark.parametrize("setting", ["plugins", "prefer"])
def test_an_unknown_plugin_in_the_settings_says_which_are_installed(found, setting):
    found.append(EntryPoint("tracker_folder", "trainyard_tracker_folder.plugin", "trainyard"))
    with pytest.raises(StartRefused, match=f"no plugin 'tracker_floder'; existing: tracker_folder.*`{setting}`"):
        Registry.load(**{"only" if setting == "plugins" else "prefer": ["tracker_floder"]})


def test_only_the_plugins_that_are_named_are_loaded(found):
    found += [EntryPoint(name, "no_such_module", "trainyard") for name in ("a", "b")]
    assert list(Registry.load(["b"]).plugins) == ["b"]


def test_a_builder_gets_its_folder_and_its_section(tmp_path):
    settings = Settings(data=tmp_path, sections={"one": {"cpu": 2}, "two": {}})
    context = Registry().context("one", settings)
    assert context.folder == tmp_path / "plugins" / "one"
    assert context.settings == {"cpu": 2}
    assert Registry().context("three", settings).settings == {}


def built(tmp_path, build):
    plugins = Registry()
    provider = TrackerProvider(name="t", build=build)
    plugins.add("shelf", SimpleNamespace(register_trackers=hookimpl(lambda: [provider])))
    with pytest.raises(StartRefused) as refused:
        plugins.tracker("t", Settings(data=tmp_path))
    assert plugins.plugins["shelf"].error.startswith("tracker 't': ")
    return refused.value


def test_a_provider_that_refuses_its_settings_refuses_the_start_and_says_whose_they_are(tmp_path):
    def build(context):
        raise ValueError("unknown field `rooot`; known are root")

    refused = built(tmp_path, build)
    assert refused.detail == "tracker 't' of plugin 'shelf' does not start: unknown field `rooot`; known are root"
    assert refused.fix == "correct the section [shelf] of the settings, or choose another"


def test_a_builder_that_ends_the_process_ends_nothing(tmp_path):
    def build(context):
        raise SystemExit(1)

    assert built(tmp_path, build).detail.endswith("does not start: SystemExit: 1")


@pytest.mark.parametrize("made", [None, SimpleNamespace(append=print)])
def test_a_builder_that_gives_something_else_is_told_what_that_lacks(tmp_path, made):
    refused = built(tmp_path, lambda context: made)
    kind = "NoneType" if made is None else "SimpleNamespace"
    assert f"its builder gave {kind}; wanted is a Tracker: it lacks " in refused.detail
    assert ("append" in refused.detail) is (made is None)
    assert "section" not in refused.fix


def test_a_wrapper_that_fails_is_left_out_and_not_those_it_is_around(beside):
    plugins, name = beside(
        "@hookimpl(wrapper=True)\ndef register_trackers():\n    yield\n    raise RuntimeError('mine')"
    )
    assert plugins.plugins[name].error == "register_trackers: RuntimeError: mine"
    assert is_whole(plugins)


async def test_each_call_is_printed_with_its_time_and_without_what_it_was_given(monkeypatch, capsys, beside):
    monkeypatch.setenv("TRAINYARD_TRACE_HOOKS", "1")
    plugins, name = beside("@hookimpl\ndef authorize(action):\n    return None")
    await allowing(plugins, action="geheim")
    printed = capsys.readouterr().err
    assert [line.split(":")[0] for line in printed.splitlines()] == [
        *[f"hook import of {each}" for each in sorted([*OURS, name])],
        "hook register_settings of scheduler_process",
        "hook register_schedulers of scheduler_process",
        "hook register_settings of tracker_folder",
        "hook register_trackers of tracker_folder",
        f"hook authorize of {name}",
    ]
    assert all(line.endswith(" ms") for line in printed.splitlines())
    assert "geheim" not in printed


def test_an_import_that_takes_seconds_is_named_while_it_does(monkeypatch, beside):
    monkeypatch.setattr(plugin_calls, "STUCK", 0.01)
    said = threading.Event()
    monkeypatch.setattr(plugin_calls, "_tell_stuck", lambda plugin, step: said.set() if step == "import" else None)
    monkeypatch.setattr(threading, "foreign_wait", said.wait, raising=False)
    plugins, name = beside("import threading\nassert threading.foreign_wait(20)")
    assert plugins.plugins[name].error == ""


@pytest.fixture
def interruptible():
    """SIGINT raises, also where these tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_plugins_are_imported_is_nobody_elses(beside):
    with pytest.raises(KeyboardInterrupt):
        beside(f"import signal\nsignal.raise_signal({int(signal.SIGINT)})")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
