"""The folder tracker keeps every promise of the contract."""

import pytest

from trainyard_core.testing.tracker_suite import TrackerSuite
from trainyard_tracker_folder.tracker import FolderTracker


class Harness:
    def __init__(self, root):
        self._root = root

    def make_tracker(self):
        return FolderTracker(self._root)


class TestFolderTracker(TrackerSuite):
    @pytest.fixture
    def harness(self, tmp_path):
        return Harness(tmp_path / "tracker")
