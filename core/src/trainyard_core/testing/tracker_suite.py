"""The Tracker suite: every promise of the contract (`trainyard_core.contracts.tracker`), as tests that any
implementation runs. Subclass it and give one fixture::

    class TestMyTracker(TrackerSuite):
        @pytest.fixture
        def harness(self, tmp_path):
            return MyHarness(tmp_path)      # make_tracker() -> a new instance on the same storage

The suite knows no implementation. It needs pytest, pytest-asyncio and hypothesis. It leaves nothing behind but what the
storage holds. Several suites may run at the same time when each harness has a storage of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

pytest.register_assert_rewrite(
    "trainyard_core.testing.tracker_append",
    "trainyard_core.testing.tracker_artifacts",
    "trainyard_core.testing.tracker_crash",
    "trainyard_core.testing.tracker_event_suite",
    "trainyard_core.testing.tracker_logs",
    "trainyard_core.testing.tracker_many",
    "trainyard_core.testing.tracker_series",
    "trainyard_core.testing.tracker_tools",
    "trainyard_core.testing.tracker_uploads",
)

from trainyard_core.contracts.tracker import RunRef, Tracker  # noqa: E402 - the tests are rewritten before they load
from trainyard_core.testing.tracker_append import AppendPromises  # noqa: E402
from trainyard_core.testing.tracker_artifacts import ArtifactPromises  # noqa: E402
from trainyard_core.testing.tracker_crash import CrashPromises  # noqa: E402
from trainyard_core.testing.tracker_event_suite import EventPromises  # noqa: E402
from trainyard_core.testing.tracker_logs import LogPromises  # noqa: E402
from trainyard_core.testing.tracker_many import ManySeriesPromises  # noqa: E402
from trainyard_core.testing.tracker_series import SeriesPromises  # noqa: E402
from trainyard_core.testing.tracker_tools import TrackerHarness, new_run, opened  # noqa: E402
from trainyard_core.testing.tracker_uploads import UploadPromises  # noqa: E402

__all__ = ["TrackerHarness", "TrackerSuite"]


@pytest.mark.asyncio
class TrackerSuite(
    AppendPromises,
    SeriesPromises,
    ManySeriesPromises,
    LogPromises,
    EventPromises,
    CrashPromises,
    ArtifactPromises,
    UploadPromises,
):
    """All tests of the Tracker contract. Tests of an optional protocol are skipped when the tracker does not implement
    it."""

    @pytest.fixture
    def harness(self) -> TrackerHarness:
        """The harness of the storage under test, new for each test."""
        raise NotImplementedError("a subclass of TrackerSuite gives the fixture `harness`")

    @pytest_asyncio.fixture
    async def tracker(self, harness: TrackerHarness) -> AsyncIterator[Tracker]:
        """One instance on the storage."""
        async with opened(harness) as tracker:
            yield tracker

    @pytest.fixture
    def run(self) -> RunRef:
        """A run without frames and artifacts."""
        return new_run()
