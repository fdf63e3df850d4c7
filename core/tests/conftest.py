"""Fixtures of core's tests: real databases, a real Valkey, runs arranged through the real functions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import pytest_asyncio

from trainyard_core.testing.databases import database, database_url, postgres, postgres_url, valkey_url
from trainyard_core.testing.factories import Arrange

pytest.register_assert_rewrite("trainyard_core.testing.tracker_tools")  # before tests of ours import it
sys.path.insert(0, str(Path(__file__).parent))  # for what the tests share: `places`
__all__ = ["database", "database_url", "postgres", "postgres_url", "valkey_url"]


@pytest_asyncio.fixture
async def web(database_url, tmp_path):
    """The API in process, on both databases."""
    from web import serving

    async with serving(database_url, tmp_path / "data") as served:
        yield served


@pytest_asyncio.fixture
async def arrange(database):
    return await Arrange(database).ground()
