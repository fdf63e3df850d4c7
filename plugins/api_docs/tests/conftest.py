"""A server with these pages."""

from __future__ import annotations

import pytest_asyncio

from trainyard_core.registry import Registry
from trainyard_core.testing.server import serving


@pytest_asyncio.fixture
async def web(tmp_path):
    """The API in process; the pages do not ask for the database."""
    registry = Registry.load(["api_docs", "tracker_folder"])
    async with serving(f"sqlite:///{tmp_path / 'trainyard.db'}", tmp_path / "data", registry=registry) as served:
        yield served
