"""The optimizer at the end of a pipe keeps every promise of the contract."""

import pytest

from trainyard.matrix.space import Choice, Linear, Normal, Ordered, Space, Uniform
from trainyard_alternate_pipe import plugin
from trainyard_alternate_pipe.optimizer import PipeOptimizer
from trainyard_core.contracts.optimizer import Study
from trainyard_core.hookspecs import Context
from trainyard_core.testing.optimizer_suite import OptimizerHarness, OptimizerSuite, Searched

NUMBERS = {"rate": Uniform(low=1e-5, high=0.1, log=True), "drop": Uniform(low=0, high=1)}
LISTS = {"kind": Choice(values=("a", 2, None)), "size": Ordered(values=(1, 2, 4, 8))}
SEARCHED = (
    Searched(name="numbers", study=Study(space=Space(params=NUMBERS))),
    Searched(name="lists", study=Study(space=Space(params=LISTS), options={"numRuns": 9}), budget=9),
)
REFUSED = {
    "no params": Study(space=Space()),
    "a normal one": Study(space=Space(params={"x": Normal(loc=0, scale=1)})),
    "constraints": Study(space=Space(params=NUMBERS, constraints=(Linear(terms={"drop": 1.0}, at_most=0.5),))),
}


class TestPipeOptimizer(OptimizerSuite):
    @pytest.fixture
    def harness(self):
        return OptimizerHarness(build=PipeOptimizer, searched=SEARCHED, refused=REFUSED, heavy=("numpy", "optuna"))


async def test_the_plugin_offers_the_optimizer(tmp_path):
    (provider,) = plugin.register_optimizers()
    optimizer = provider.build(Context(folder=tmp_path, settings={}))
    assert provider.name == optimizer.name == "pipe"
    await optimizer.aclose()
