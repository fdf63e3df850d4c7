"""Both kinds of the Ax optimizer keep every promise of the contract."""

from functools import partial

import pytest

from trainyard.matrix.objective import Goal, Limit, Objective
from trainyard.matrix.space import Choice, Linear, Normal, Ordered, Space, Uniform, Weighted
from trainyard_core.contracts.optimizer import Study
from trainyard_core.testing.optimizer_suite import OptimizerHarness, OptimizerSuite, Searched
from trainyard_optimizer_ax.optimizer import AxOptimizer
from trainyard_optimizer_ax.settings import Settings

PATIENT = Settings(deadline=240)  # the machine may be busy; what a deadline does is tested elsewhere
LOSS = Objective(name="loss", goal=Goal.MINIMIZE)
SPEED = Objective(name="images per second", goal=Goal.MAXIMIZE)
RATE = Uniform(low=1e-5, high=0.1, log=True)
COUNT = Uniform(low=1, high=20, integer=True)


def bayes(params, *, initial=2, most=10, objectives=(LOSS,), **space):
    options = {"numInitialRuns": initial, "maxIterations": most}
    return Study(space=Space(params=params, **space), objectives=objectives, options=options)


def ax(params, *, objectives=(LOSS,), limits=(), trials=9, method="fast", **space):
    options = {"numTrials": trials, "method": method}
    return Study(space=Space(params=params, **space), objectives=objectives, limits=limits, options=options)


TWO = {"learning rate": RATE, "drop": Uniform(low=0, high=1)}
SMALL = {"kind": Choice(values=("a", 2, None)), "flag": Choice(values=(True, False))}
FIXED = {"only": Choice(values=([1, 2],)), "size": Ordered(values=(1, 2, 4, 8))}
MIXED = {
    "n": COUNT,
    "m": Ordered(values=(10, 20, 30, 40)),
    "opt": Weighted(values=("sgd", "adam"), weights=(0.1, 0.9)),
    "step": Uniform(low=0, high=1, step=0.25),
    "day": Ordered(values=("2026-01-01", "2026-01-02")),
}
SUM = (Linear(terms={"n": 1.0, "m": 1.0}, at_most=60.0),)
LIMITS = (Limit(name="memory", at_most=1.9), Limit(name="loss", at_most=1.9, at_least=0.0))

REFUSED = {
    "no metric": bayes(TWO, objectives=()),
    "no params": bayes({}),
    "a normal distribution": bayes({"x": Normal(loc=0, scale=1)}),
    "a constraint on a logarithm": bayes(TWO, constraints=(Linear(terms={"learning rate": 1.0}, at_most=0.5),)),
    "a constraint that nothing keeps": bayes({"n": COUNT}, constraints=(Linear(terms={"n": 1.0}, at_most=0.5),)),
    "no trials": bayes(TWO, initial=0),
    "a metric twice": ax(TWO, objectives=(LOSS, LOSS)),
}


@pytest.mark.usefixtures("warm_worker")
class TestBayes(OptimizerSuite):
    @pytest.fixture
    def harness(self):
        searched = (
            Searched(name="two numbers", study=bayes(TWO, initial=4), budget=5),
            Searched(name="a small space", study=bayes(SMALL, initial=5), budget=6, holds=6),
            Searched(name="a single value", study=bayes(FIXED, initial=9), budget=4, holds=4),
        )
        several = {"several metrics": bayes(TWO, objectives=(LOSS, SPEED)), "an option of ax": ax(TWO)}
        return OptimizerHarness(
            build=partial(AxOptimizer, "bayes", PATIENT),
            searched=searched,
            refused=REFUSED | several,
            heavy=("ax", "torch", "botorch", "numpy"),
        )


@pytest.mark.usefixtures("warm_worker")
class TestAx(OptimizerSuite):
    @pytest.fixture
    def harness(self):
        searched = (
            Searched(
                name="a mixed space, two metrics, limits and a constraint",
                study=ax(MIXED, objectives=(LOSS, SPEED), limits=LIMITS, constraints=SUM),
                budget=6,
            ),
            Searched(name="no model", study=ax(TWO | MIXED, method="random_search", constraints=SUM), budget=9),
        )
        refused = REFUSED | {"an option of bayes": bayes(TWO), "no such method": ax(TWO, method="best")}
        return OptimizerHarness(
            build=partial(AxOptimizer, "ax", PATIENT),
            searched=searched,
            refused=refused,
            heavy=("ax", "torch", "botorch", "numpy"),
        )
