"""The Optimizer suite: every promise of the contract (`trainyard_core.contracts.optimizer`), as tests that any
implementation runs. Subclass it and give one fixture::

    class TestMyOptimizer(OptimizerSuite):
        @pytest.fixture
        def harness(self):
            return OptimizerHarness(
                build=MyOptimizer,                                   # also called in another process
                searched=(Searched(name="two numbers", study=...),),  # what it can search
                refused={"no metric": Study(...)},                   # what its check must refuse
            )

The suite knows no implementation and no algorithm. It needs pytest and pytest-asyncio. It runs no programs: it computes
results from the params of a trial. Several suites may run at the same time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

pytest.register_assert_rewrite(
    "trainyard_core.testing.optimizer_answers",
    "trainyard_core.testing.optimizer_outcomes",
    "trainyard_core.testing.optimizer_simulation",
    "trainyard_core.testing.optimizer_capabilities",
    "trainyard_core.testing.optimizer_repeats",
)

from trainyard_core.contracts.optimizer import Optimizer  # noqa: E402 - the tests are rewritten before they load
from trainyard_core.testing.optimizer_answers import AnswerPromises  # noqa: E402
from trainyard_core.testing.optimizer_capabilities import PowerPromises  # noqa: E402
from trainyard_core.testing.optimizer_outcomes import FatePromises  # noqa: E402
from trainyard_core.testing.optimizer_repeats import RepeatPromises  # noqa: E402
from trainyard_core.testing.optimizer_tools import OptimizerHarness, Searched, opened  # noqa: E402

__all__ = ["OptimizerHarness", "OptimizerSuite", "Searched"]


@pytest.mark.asyncio
class OptimizerSuite(AnswerPromises, RepeatPromises, FatePromises, PowerPromises):
    """All tests of the Optimizer contract. Tests of an optional protocol are skipped when the optimizer does not
    implement it."""

    @pytest.fixture
    def harness(self) -> OptimizerHarness:
        """The harness of the implementation under test, new for each test."""
        raise NotImplementedError("a subclass of OptimizerSuite gives the fixture `harness`")

    @pytest_asyncio.fixture
    async def optimizer(self, harness: OptimizerHarness) -> AsyncIterator[Optimizer]:
        """One instance of the optimizer."""
        async with opened(harness) as optimizer:
            yield optimizer
