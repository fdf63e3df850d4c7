"""Fixtures of the client's tests: a platform of one's own, and clients of it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from trainyard.client import AsyncClient, Backoff, Client

sys.path.insert(0, str(Path(__file__).parents[1] / "fakes"))

from fake_platform import TOKEN, FakePlatform

QUICK = Backoff(tries=4, base=0.001)


@pytest.fixture
def platform() -> Iterator[Any]:
    fake = FakePlatform().start()
    yield fake
    fake.stop()


@pytest.fixture
def client(platform: Any) -> Iterator[Client]:
    with Client(platform.url, token=TOKEN, backoff=QUICK) as opened:
        yield opened


@pytest.fixture
async def async_client(platform: Any) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(platform.url, token=TOKEN, backoff=QUICK) as opened:
        yield opened
