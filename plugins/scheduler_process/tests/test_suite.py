"""The process scheduler passes the suite of its contract."""

from __future__ import annotations

import pytest

from trainyard_core.testing.scheduler_suite import SchedulerHarness, SchedulerSuite


class TestProcessScheduler(SchedulerSuite):
    @pytest.fixture
    def harness(self, site: SchedulerHarness) -> SchedulerHarness:
        return site
