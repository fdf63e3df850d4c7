"""Where runs report: the published address, and when it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainyard.runner.address import Carrier, publish, server_of
from trainyard.runner.layout import Folder, fold

WORKLOAD = {"project": "p", "run": "r", "url": "http://first:1"}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return fold(tmp_path, "r", 1)


def test_the_workloads_url_holds_while_nothing_is_published(folder: Folder) -> None:
    assert server_of(folder, WORKLOAD) == "http://first:1"


def test_the_last_published_address_holds(folder: Folder) -> None:
    publish(folder.root, "http://second:2")
    publish(folder.root, "https://third/base")
    assert server_of(folder, WORKLOAD) == "https://third/base"


def test_a_workload_that_reports_nowhere_goes_on_so(folder: Folder) -> None:
    publish(folder.root, "http://second:2")
    assert server_of(folder, {**WORKLOAD, "url": ""}) == ""


@pytest.mark.parametrize("junk", ["", "second:2", "ftp://second", "http://", "http://[", "\0"])
def test_junk_in_the_file_is_no_address(folder: Folder, junk: str) -> None:
    (folder.root / ".server").write_text(junk)
    assert server_of(folder, WORKLOAD) == "http://first:1"


def test_a_carrier_notices_a_move(folder: Folder) -> None:
    carrier = Carrier(folder, WORKLOAD)
    assert not carrier.moved
    publish(folder.root, "http://second:2")
    assert carrier.moved
    carrier.close()
