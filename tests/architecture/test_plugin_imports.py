"""What plugins import of core: the contracts, the hooks, the errors and what is shipped for tests. Ours keep to it like
a stranger's, so nothing that they can do needs more."""

from __future__ import annotations

import ast

import pytest

from .workspace import ROOT, distributions, imports

SURFACE = ("trainyard_core.contracts", "trainyard_core.errors", "trainyard_core.hookspecs")
ALSO = {"trainyard_tracker_folder.upload": {"trainyard_core.failpoints"}}
"""Places where crash tests kill the process."""
PLUGINS = [each for each in distributions() if each.folder.parent != ROOT]


def is_surface(module: str) -> bool:
    return any(module == part or module.startswith(f"{part}.") for part in SURFACE)


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda each: each.folder.name)
def test_a_plugin_imports_of_core_what_is_its_surface(plugin):
    found = {
        f"{plugin.module(source)} imports {module}"
        for source in plugin.sources()
        for module in imports(source, names=True)
        if module.startswith("trainyard_core.")
        and not is_surface(module)
        and module not in ALSO.get(plugin.module(source), ())
    }
    assert found == set()


def test_the_surface_itself_imports_no_more_of_core_than_what_it_is_made_of():
    """What plugins are handed drags no database and no web framework along."""
    core = ROOT / "core" / "src" / "trainyard_core"
    found = {
        module
        for folder in ("contracts",)
        for source in (core / folder).rglob("*.py")
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
        for module in [node.module]
        if module.startswith("trainyard_core.") and not is_surface(module)
    }
    allowed = {
        "trainyard_core.auth",
        "trainyard_core.clock",
        "trainyard_core.ids",
        "trainyard_core.keyset",
        "trainyard_core.lifecycle",
    }
    assert found - allowed == set()
