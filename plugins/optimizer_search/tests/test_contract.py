"""Every kind keeps every promise of the contract."""

import pytest

from trainyard.matrix.objective import Goal, Limit, Objective
from trainyard.matrix.space import Choice, Linear, Normal, Ordered, Space, Uniform, Weighted
from trainyard_core.contracts.optimizer import Study
from trainyard_core.testing.optimizer_suite import OptimizerHarness, OptimizerSuite, Searched
from trainyard_optimizer_search.asha import AshaOptimizer
from trainyard_optimizer_search.grid import GridOptimizer
from trainyard_optimizer_search.hyperband import HyperbandOptimizer
from trainyard_optimizer_search.iterative import IterativeOptimizer
from trainyard_optimizer_search.mapping import MappingOptimizer
from trainyard_optimizer_search.random import RandomOptimizer
from trainyard_optimizer_search.tpe import HyperoptOptimizer, TpeOptimizer

LOSS = (Objective(name="loss", goal=Goal.MINIMIZE),)
SCORE = (Objective(name="score", goal=Goal.MAXIMIZE),)
BOTH = (*LOSS, *SCORE)
HEAVY = ("numpy", "optuna", "scipy")

EVERY_SHAPE = Space(
    params={
        "rate": Uniform(low=1e-5, high=0.1, log=True),
        "drop": Uniform(low=0, high=1),
        "tenths": Uniform(low=0.1, high=0.9, step=0.1),
        "layers": Uniform(low=1, high=512, integer=True, log=True),
        "shift": Normal(loc=0, scale=2),
        "scale": Normal(loc=0, scale=1, log=True, step=0.5),
        "optimizer": Choice(values=("adam", None, 3, {"name": "sgd", "momentum": 0.9})),
        "init": Weighted(values=("he", "xavier", "zero"), weights=(0.7, 0.3, 0.0)),
        "width": Ordered(values=(16, 32, 64)),
        "day": Ordered(values=("2026-01-01", "2026-01-02")),
    }
)
BOUND = Space(
    params={"x": Uniform(low=0, high=10), "y": Uniform(low=0, high=10, integer=True)},
    constraints=(Linear(terms={"x": 1.0, "y": 1.0}, at_most=8.0), Linear(terms={"x": -1.0}, at_most=-1.0)),
)
SMALL = Space(params={"a": Choice(values=("p", "q", "r")), "b": Ordered(values=(1, 2, 3, 4))})
SMALL_BOUND = Space(
    params={"a": Uniform(low=0, high=4, integer=True), "b": Ordered(values=(1, 2, 3, 4))},
    constraints=(Linear(terms={"a": 1.0, "b": 1.0}, at_most=3.0),),
)
WEIGHTED = Space(params={"a": Weighted(values=(1, 2, 3), weights=(0.98, 0.02, 0.0)), "b": Choice(values=(True, False))})
MIXED = Space(params={"a": Choice(values=(1, 1.0, True, "1")), "b": Uniform(low=0.1, high=0.3, step=0.1)})
IMPOSSIBLE = Space(params={"x": Uniform(low=0, high=1)}, constraints=(Linear(terms={"x": 1.0}, at_most=-1.0),))


def tuner(params):
    batch = [{"x": 1.5 + params["iteration"] + n / 8, "y": n} for n in range(3)]
    return {"suggestions": batch if params["iteration"] < 2 else []}


def named(kind, space, *, objectives=LOSS, budget=12, holds=None, adds=(), name="", random=True, **options):
    study = Study(space=space, objectives=objectives, options=options)
    return Searched(name=f"{kind} {name}", study=study, budget=budget, holds=holds, adds=frozenset(adds), random=random)


class TestMapping(OptimizerSuite):
    @pytest.fixture
    def harness(self):
        values = [{"a": n, "b": [n, None]} for n in range(5)]
        case = named("mapping", Space(), holds=5, adds=("a", "b"), random=False, values=values)
        refused = {"no values": Study(space=Space()), "a list": Study(space=Space(), options={"values": [[1]]})}
        return OptimizerHarness(build=MappingOptimizer, searched=(case,), refused=refused, heavy=HEAVY)


class TestGrid(OptimizerSuite):
    @pytest.fixture
    def harness(self):
        return OptimizerHarness(
            build=GridOptimizer,
            searched=(
                named("grid", SMALL, holds=12, random=False),
                named("grid", SMALL_BOUND, name="with constraints", holds=6, random=False),
                named("grid", MIXED, name="with equal values", holds=12, random=False),
                named("grid", SMALL, name="cut off", holds=7, numRuns=7, random=False),
            ),
            refused={
                "a distribution": Study(space=Space(params={"x": Uniform(low=0, high=1)})),
                "weights": Study(space=WEIGHTED),
                "no params": Study(space=Space()),
                "no runs": Study(space=SMALL, options={"numRuns": 0}),
                "constraints that nothing keeps": Study(
                    space=Space(params=SMALL.params, constraints=(Linear(terms={"b": 1.0}, at_most=0.0),))
                ),
            },
            heavy=HEAVY,
        )


class TestRandom(OptimizerSuite):
    @pytest.fixture
    def harness(self):
        return OptimizerHarness(
            build=RandomOptimizer,
            searched=(
                named("random", EVERY_SHAPE, name="every shape", numRuns=20),
                named("random", BOUND, name="constraints", numRuns=20),
                named("random", SMALL, name="small", holds=12, numRuns=100),
                named("random", SMALL_BOUND, name="small with constraints", holds=6, numRuns=100),
                named("random", WEIGHTED, name="weights", holds=4, numRuns=100),
                named("random", MIXED, name="equal values", holds=12, numRuns=100),
            ),
            refused={
                "no count": Study(space=SMALL),
                "no params": Study(space=Space(), options={"numRuns": 3}),
                "constraints that nothing keeps": Study(space=IMPOSSIBLE, options={"numRuns": 3}),
            },
            heavy=HEAVY,
        )


class TestHyperband(OptimizerSuite):
    @pytest.fixture
    def harness(self):
        resource = {"name": "epochs", "type": "int"}
        common = {"maxIterations": 9, "eta": 3, "resource": resource}
        return OptimizerHarness(
            build=HyperbandOptimizer,
            searched=(
                named("hyperband", EVERY_SHAPE, name="every shape", budget=40, adds=("epochs",), **common),
                named("hyperband", SMALL, name="small", budget=40, adds=("epochs",), resume=True, **common),
                named("hyperband", SMALL_BOUND, name="bound", budget=40, adds=("epochs",), objectives=SCORE, **common),
            ),
            refused={
                "no metric": Study(space=SMALL, options=common),
                "two metrics": Study(space=SMALL, objectives=BOTH, options=common),
                "no resource": Study(space=SMALL, objectives=LOSS, options={"maxIterations": 9}),
                "a resource that is searched": Study(
                    space=SMALL, objectives=LOSS, options={**common, "resource": {"name": "a"}}
                ),
                "eta of 1": Study(space=SMALL, objectives=LOSS, options={**common, "eta": 1}),
            },
            heavy=HEAVY,
        )


class TestAsha(OptimizerSuite):
    @pytest.fixture
    def harness(self):
        common = {"numRuns": 20, "maxIterations": 9}
        return OptimizerHarness(
            build=AshaOptimizer,
            searched=(
                named("asha", EVERY_SHAPE, name="every shape", **common),
                named("asha", SMALL, name="small", holds=12, objectives=SCORE, **common),
            ),
            refused={
                "no metric": Study(space=SMALL, options=common),
                "no rung": Study(space=SMALL, objectives=LOSS, options={**common, "minIterations": 9}),
            },
            heavy=HEAVY,
        )


def tpe_harness(build):
    limits = (Limit(name="size", at_most=1.0),)
    limited = Study(space=EVERY_SHAPE, objectives=LOSS, limits=limits, options={"numRuns": 20})
    return OptimizerHarness(
        build=build,
        searched=(
            named("tpe", EVERY_SHAPE, name="every shape", budget=16, numRuns=20),
            named("tpe", BOUND, name="constraints", budget=16, objectives=SCORE, numRuns=20),
            named("tpe", SMALL, name="small", holds=12, numRuns=100),
            named("tpe", SMALL_BOUND, name="small with constraints", holds=6, numRuns=100),
            named("tpe", WEIGHTED, name="weights", holds=4, numRuns=100),
            named("tpe", BOUND, name="two metrics", budget=16, objectives=BOTH, numRuns=20),
            Searched(name="tpe with a limit", study=limited, budget=16),
        ),
        refused={
            "no metric": Study(space=SMALL, options={"numRuns": 3}),
            "no count": Study(space=SMALL, objectives=LOSS),
            "no params": Study(space=Space(), objectives=LOSS, options={"numRuns": 3}),
        },
        heavy=HEAVY,
    )


class TestTpe(OptimizerSuite):
    @pytest.fixture
    def harness(self):
        return tpe_harness(TpeOptimizer)


class TestHyperopt(OptimizerSuite):
    @pytest.fixture
    def harness(self):
        return tpe_harness(HyperoptOptimizer)


class TestIterative(OptimizerSuite):
    @pytest.fixture
    def harness(self):
        options = {"maxIterations": 3, "tuner": {"hubRef": "tuner"}}
        study = Study(space=BOUND, objectives=LOSS, options=options)
        return OptimizerHarness(
            build=IterativeOptimizer,
            searched=(Searched(name="iterative", study=study, random=False, tuner=tuner),),
            refused={
                "no tuner": Study(space=Space(), options={"maxIterations": 3}),
                "no end": Study(space=Space(), options={"tuner": {"hubRef": "tuner"}}),
            },
            heavy=HEAVY,
        )
