"""A spool, and shippers that send it to a real HTTP server that fails in every way."""

import sys
from pathlib import Path

import pytest

from trainyard.track.shipper import Shipper, Target

sys.path.insert(0, str(Path(__file__).parent))  # for what these tests share: `content`

from content import RUN


@pytest.fixture
def root(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def ship(root, platform, token_file):
    """Makes shippers for the fixture's spool and platform."""
    made = []

    def shipper(**changes):
        target = Target(changes.pop("url", platform.url), "my project", RUN, changes.pop("token_file", str(token_file)))
        made.append(Shipper(root, target, **changes))
        return made[-1]

    yield shipper
    for one in made:
        one.close()
