"""Sweeps keep the promises of the Director contract, on both databases."""

from __future__ import annotations

import pytest_asyncio
import sweep_harness
from sweep_harness import Book, sweeping

from trainyard_core.testing.director_suite import DirectorHarness, DirectorSuite


class TestSweeps(DirectorSuite):
    @pytest_asyncio.fixture
    async def harness(self, database_url, tmp_path):
        async with sweeping(database_url, tmp_path / "data", Book()) as web:
            yield DirectorHarness(web=web, kind="sweep", begin=begin)


async def begin(web):
    return (await sweep_harness.begin(web, trials=4, parallel=2)).id
