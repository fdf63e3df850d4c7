"""Core stands alone: neither its code nor its tests know of a plugin that they could do without."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from .workspace import ROOT, distributions

CORE = ROOT / "core"
PLUGINS = [each for each in distributions() if each.folder.parent != ROOT]
NAMES_PLUGINS = {"settings.py"}
"""The defaults of the settings are the only place in core that knows which plugins come with Trainyard."""
HISTORY = "conversion"
"""Steps that hand tables over to plugins say to which."""
WORDS_OF_CORE = {"registry"}
"""Names of plugins that are words of core, too, which has a registry of plugins: these count as packages, and as whole
texts, such as the name of a plugin to load."""
NOUNS_OF_CORE = {"connections", "notify"}
"""Names of plugins that are words of core's API, tables and functions: these count as packages only."""
INSTALLED = {ROOT / folder for folder in runpy.run_path(str(ROOT / "tools" / "bootstrap.py"))["CORE"]}
"""What is installed where `make test-core` runs core's tests."""


def test_core_names_no_plugin():
    """Neither as a package, a module or a section of the settings."""
    sources = [
        path
        for path in (CORE / "src").rglob("*")
        if path.is_file() and path.suffix != ".pyc" and path.name not in NAMES_PLUGINS and path.parent.name != HISTORY
    ]
    assert [*naming(PLUGINS, sources)] == []


def test_cores_tests_name_no_plugin_that_they_could_do_without():
    """They may name `tracker_folder` and `scheduler_process`, which the settings choose unless told otherwise: what a
    server stores and runs cannot be tested without a tracker and a scheduler, and any that were written for the tests
    would do the work of these two again. Of all others core knows the contracts only: a test that needs an optimizer, a
    director or a resolver brings one of its own, or is a test of the plugin."""
    needless = [each for each in PLUGINS if each.folder not in INSTALLED]
    assert {each.folder.name for each in PLUGINS if each not in needless} == {"scheduler_process", "tracker_folder"}
    assert [*naming(needless, (CORE / "tests").rglob("*.py"))] == []


def test_cores_tests_load_plugins_by_name():
    """What else happens to be installed must not matter to them."""
    found = [
        f"{source.relative_to(ROOT)}:{node.lineno}"
        for source in (CORE / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Registry.load"
        if not node.args and not node.keywords
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "from trainyard_sweeps.rules import ends_trials",
        "pip install trainyard-registry",
        'Registry.load(["optimizer_search"])',
        'Registry.load(["registry"])',
        "settings of [api-docs]",
        "import trainyard_alternate_pipe",
    ],
)
def test_a_plugin_that_is_named_is_seen(tmp_path, line):
    source = tmp_path / "source.py"
    source.write_text(f"plugins = registry.plugins\n{line}\n")
    assert [*naming(PLUGINS, [source])] == [f"{source}:2: {line}"]


def naming(plugins, sources: Iterator[Path] | list[Path]) -> Iterator[str]:
    """The lines of these sources that name one of the plugins, each with its place. The plugins that stand in for those
    of strangers have ordinary words for names, and count as packages only."""
    packages = {name for each in plugins for name in (each.package.name, each.project["name"])}
    names = {each.folder.name for each in plugins if each.folder.parent.name == "plugins"} - NOUNS_OF_CORE
    words = {form for name in names for form in (name, name.replace("_", "-"))}
    pattern = re.compile(
        rf"\b({'|'.join(sorted(packages))})\b"
        rf"|\b({'|'.join(sorted(words - WORDS_OF_CORE))})\b"
        rf"|([\"'])({'|'.join(sorted(words & WORDS_OF_CORE))})\3"
    )
    for path in sorted(sources):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if pattern.search(line):
                yield f"{path}:{number}: {line.strip()}"
