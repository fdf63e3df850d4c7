"""A server with notifications and nothing else, on both databases, and a receiver of requests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import pytest_asyncio

from trainyard_core.registry import Registry
from trainyard_core.testing.databases import database_url, empty_url, postgres, postgres_url
from trainyard_core.testing.server import serving

sys.path.insert(0, str(Path(__file__).parent))  # for what stands for other servers
from http_receiver import receiving

__all__ = ["database_url", "empty_url", "postgres", "postgres_url"]

ALLOWED = {"notify": {"allow_private": True, "timeout": 10}}


@pytest_asyncio.fixture
async def receiver():
    async with receiving() as running:
        yield running


@pytest.fixture
def settings():
    """The section of the settings."""
    return ALLOWED


@pytest_asyncio.fixture
async def web(database_url, tmp_path, settings):
    """The API in process."""
    async with serving(
        database_url, tmp_path / "data", registry=Registry.load(["notify"]), sections=settings
    ) as served:
        yield served
