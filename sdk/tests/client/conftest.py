"""Fixtures of the client's tests: a platform of one's own, and clients of it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from trainyard.client import AsyncClient, Backoff, Client

QUICK = Backoff(tries=4, base=0.001)


def _load_fake() -> ModuleType:
    """Tests are imported by file, so a module beside them is too."""
    name = "trainyard_fake_platform"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("fake_platform.py"))
        assert spec and spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def platform() -> Iterator[Any]:
    fake = _load_fake().FakePlatform().start()
    yield fake
    fake.stop()


@pytest.fixture
def client(platform: Any) -> Iterator[Client]:
    with Client(platform.url, token=_load_fake().TOKEN, backoff=QUICK) as opened:
        yield opened


@pytest.fixture
async def async_client(platform: Any) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(platform.url, token=_load_fake().TOKEN, backoff=QUICK) as opened:
        yield opened
