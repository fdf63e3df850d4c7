"""A relay keeps the promises of the Director contract, on both databases."""

from __future__ import annotations

import pytest_asyncio
from relay import Relay, race, relaying

from trainyard_core.testing.director_suite import DirectorHarness, DirectorSuite


class TestRelay(DirectorSuite):
    @pytest_asyncio.fixture
    async def harness(self, database_url, tmp_path):
        async with relaying(database_url, tmp_path, Relay()) as web:
            yield DirectorHarness(web=web, kind="relay", begin=begin)


async def begin(web):
    return (await race(web, 3)).id
