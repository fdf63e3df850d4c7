"""What the plugin offers, and that offering it costs nothing."""

import subprocess
import sys

import pytest

from trainyard_core.hookspecs import Context
from trainyard_optimizer_search import plugin

KINDS = ["asha", "grid", "hyperband", "hyperopt", "iterative", "mapping", "random", "tpe"]


def test_every_kind_has_an_optimizer():
    assert sorted(provider.name for provider in plugin.register_optimizers()) == KINDS


@pytest.mark.parametrize("provider", plugin.register_optimizers(), ids=lambda provider: provider.name)
async def test_an_optimizer_has_the_name_of_its_kind(tmp_path, provider):
    optimizer = provider.build(Context(folder=tmp_path, settings={}))
    assert optimizer.name == provider.name
    await optimizer.aclose()


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
