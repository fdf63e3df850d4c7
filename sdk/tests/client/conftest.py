"""Fixtures of the client's tests: a platform of one's own, and clients of it. A test that takes `client` or `connect`
runs twice, for the synchronous and for the asynchronous client."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trainyard.client import AsyncClient, Backoff, Client

sys.path.insert(0, str(Path(__file__).parents[1] / "fakes"))
sys.path.insert(0, str(Path(__file__).parent))

from blocking import Blocking
from fake_platform import TOKEN, FakePlatform

QUICK = Backoff(tries=4, base=0.001)


@pytest.fixture
def platform() -> Iterator[Any]:
    fake = FakePlatform().start()
    yield fake
    fake.stop()


@pytest.fixture(params=["synchronous", "asynchronous"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Makes clients, with the arguments of `Client`, and closes them at the end."""
    opened: list[Any] = []
    with asyncio.Runner() as runner:

        def make(*args: Any, **options: Any) -> Any:
            is_sync = request.param == "synchronous"
            opened.append(Client(*args, **options) if is_sync else Blocking(AsyncClient(*args, **options), runner))
            return opened[-1]

        yield make
        for client in opened:
            client.close()


@pytest.fixture
def client(platform: Any, connect: Callable[..., Any]) -> Any:
    return connect(platform.url, token=TOKEN, backoff=QUICK)
