"""A real `yard up` for each module: on SQLite as one process, and split around PostgreSQL."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for what the journeys share: `yard`

from yard import Yard

LAYOUTS = ("alone", "split")


@pytest.fixture(scope="module", params=LAYOUTS)
def yard(request, tmp_path_factory):
    """A server that serves until the module ends; it must then leave no process and no file of its own."""
    folder = tmp_path_factory.mktemp("yard")
    if request.param == "alone":
        with Yard(folder) as served:
            yield served
        return
    cluster = request.getfixturevalue("postgres")
    url = cluster.create(empty=True)
    with Yard(folder, arguments=["--split", "--processes", "2"], environ={"TRAINYARD_DATABASE": url}) as served:
        yield served
    cluster.drop(url)


@pytest.fixture
def client(yard):
    """The SDK's client of that server."""
    with yard.client() as found:
        yield found
