"""A server with the registry and nothing else, on both databases."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest_asyncio

from trainyard_core.registry import Registry
from trainyard_core.testing.databases import database_url, empty_url, postgres, postgres_url
from trainyard_core.testing.server import serving

sys.path.insert(0, str(Path(__file__).parents[3] / "tests" / "upgrades"))  # for `earlier`
__all__ = ["database_url", "empty_url", "postgres", "postgres_url"]


@pytest_asyncio.fixture
async def web(database_url, tmp_path):
    """The API in process."""
    async with serving(database_url, tmp_path / "data", registry=Registry.load(["registry"])) as served:
        yield served
