"""Fixtures of core's tests: real databases, a real Valkey, runs arranged through the real functions."""

from __future__ import annotations

import pytest_asyncio

from trainyard_core.testing.databases import database, database_url, postgres, postgres_url, valkey_url
from trainyard_core.testing.factories import Arrange

__all__ = ["database", "database_url", "postgres", "postgres_url", "valkey_url"]


@pytest_asyncio.fixture
async def arrange(database):
    return await Arrange(database).ground()
