"""What the plugin offers, and that offering it costs nothing."""

import subprocess
import sys

import pytest

from trainyard_core import plugin_check
from trainyard_core.hookspecs import Context
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings
from trainyard_optimizer_search import plugin

KINDS = ["asha", "grid", "hyperband", "hyperopt", "iterative", "mapping", "random", "tpe"]


def test_every_kind_has_an_optimizer():
    assert sorted(provider.name for provider in plugin.register_optimizers()) == KINDS


@pytest.mark.parametrize("provider", plugin.register_optimizers(), ids=lambda provider: provider.name)
async def test_an_optimizer_has_the_name_of_its_kind(tmp_path, provider):
    optimizer = provider.build(Context(folder=tmp_path, settings={}))
    assert optimizer.name == provider.name
    await optimizer.aclose()


async def test_yard_plugins_check_searches_with_every_kind_that_needs_no_options(tmp_path):
    registry = Registry.load(["optimizer_search"])
    found = await plugin_check.check(registry, Settings(data=tmp_path), tmp_path / "check")
    assert [one.offer for one in found] == [f"optimizer:{kind}" for kind in KINDS]
    assert {one.state for one in found} == {"ok"}
    tried = {one.offer for one in found if not one.detail}
    assert {"optimizer:asha", "optimizer:grid", "optimizer:random", "optimizer:tpe"} <= tried
    assert [one.detail for one in found if one.offer == "optimizer:iterative"] == [
        "its check was tried only: iterative has no tuner"
    ]


def test_no_model_is_imported_before_it_is_needed():
    code = """
import sys
from trainyard_optimizer_search import plugin
for provider in plugin.register_optimizers():
    provider.build(None)
sys.exit(str({'numpy', 'optuna', 'scipy', 'torch'} & set(sys.modules)) if {'numpy', 'optuna'} & set(sys.modules) else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
