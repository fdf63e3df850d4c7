"""Fixtures of core's tests: real databases, a real Valkey, runs arranged through the real functions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import pytest_asyncio

from trainyard.client import AsyncClient
from trainyard_core.testing.databases import database, database_url, empty_url, postgres, postgres_url, valkey_url
from trainyard_core.testing.factories import Arrange

pytest.register_assert_rewrite("trainyard_core.testing.tracker_tools")  # before tests of ours import it
sys.path.insert(0, str(Path(__file__).parent))  # for what the tests share: `places`
__all__ = ["database", "database_url", "empty_url", "postgres", "postgres_url", "valkey_url"]


@pytest_asyncio.fixture
async def web(request, database_url, tmp_path):
    """The API in process, on both databases; by `both_clients` for each client."""
    from threaded_client import threaded_client
    from web import serving

    connect = threaded_client if getattr(request, "param", "") == "synchronous" else AsyncClient
    async with serving(database_url, tmp_path / "data", connect=connect) as served:
        yield served


@pytest_asyncio.fixture
async def arrange(database):
    return await Arrange(database).ground()
