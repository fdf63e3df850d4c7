"""The notifier on a real Valkey that dies: whoever serves goes on serving, and ends when it is told to."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
import warnings

import pytest
import pytest_asyncio
from arq.connections import RedisSettings

from trainyard_core import valkey as valkey_of
from trainyard_core.errors import StartRefused
from trainyard_core.valkey import EmbeddedValkey
from trainyard_core.work.arq_notifier import ArqNotifier

PATIENCE = 20.0


@pytest_asyncio.fixture
async def valkey(tmp_path):
    server = EmbeddedValkey(tmp_path)
    try:
        await server.start()
    except StartRefused as error:
        pytest.skip(str(error))
    yield server
    server.close()


class Serving:
    """One process's notifier that only serves, and another's that only notifies."""

    def __init__(self, valkey: EmbeddedValkey) -> None:
        settings = RedisSettings(unix_socket_path=str(valkey.socket), conn_retries=1, conn_retry_delay=0)
        self.seen: list[str] = []
        self.here = ArqNotifier(self._look, settings)
        self.there = ArqNotifier(self._elsewhere, settings)
        self.task = asyncio.create_task(self.here.serve())

    async def _look(self, run: str) -> None:
        self.seen.append(run)

    async def _elsewhere(self, run: str) -> None:
        """While the queue is away the run is reconciled here."""

    async def rung(self, run: str) -> None:
        """Notify, as maintenance does, until it is received."""
        deadline, count = time.monotonic() + PATIENCE, 0
        while run not in self.seen:
            assert not self.task.done(), self.task
            assert time.monotonic() < deadline, f"nobody reconciles {run}"
            count += 1
            await self.there.notify([(run, count)])
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task], timeout=PATIENCE)
        await self.here.close()
        await self.there.close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()  # the queue's library leaves it a connection whose server died while it was being made


@pytest_asyncio.fixture
async def serving(valkey):
    found = Serving(valkey)
    yield found
    await found.close()


async def test_it_goes_on_each_time_that_the_queue_comes_back(valkey, serving):
    await serving.rung("first")
    for again in ("second", "third"):
        os.kill(valkey.pid, signal.SIGKILL)
        keeper = asyncio.create_task(valkey.keep())
        await serving.rung(again)
        keeper.cancel()


async def test_it_ends_when_it_is_told_to_also_while_the_queue_is_away(valkey, serving):
    await serving.rung("first")
    os.kill(valkey.pid, signal.SIGKILL)
    serving.task.cancel()
    done, _ = await asyncio.wait([serving.task], timeout=PATIENCE)
    assert done
    assert serving.task.cancelled()


async def test_a_queue_that_cannot_be_started_again_is_tried_until_it_can(valkey, monkeypatch):
    keeps = asyncio.create_task(valkey.keep())
    refused = asyncio.Event()

    def refuse():
        refused.set()
        raise StartRefused("there is no Valkey on this machine")

    monkeypatch.setattr(valkey_of, "AGAIN", 0.01)
    with monkeypatch.context() as without:
        without.setattr(valkey_of, "binary", refuse)
        os.kill(valkey.pid, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            await refused.wait()
    async with asyncio.timeout(PATIENCE):
        while valkey.is_gone:
            await asyncio.sleep(0.01)
    assert not keeps.done()
    keeps.cancel()
