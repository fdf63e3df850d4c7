"""Fixtures of core's tests: real databases, a real Valkey, runs arranged through the real functions."""

from __future__ import annotations

import sys
from functools import partial
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


@pytest.fixture(params=["a_foreign", "zz_foreign"])
def beside(request, tmp_path, monkeypatch):
    """Loads ours and a plugin of this source, whose name sorts before or after them."""
    from foreign_plugins import load_beside

    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return partial(load_beside, tmp_path / "site", request.param)
