"""Delivery of what dead runners left: a pass that nobody waits for any more closes its connection at its end."""

from __future__ import annotations

import asyncio
import threading

import pytest

from trainyard.runner import delivery, lock
from trainyard.runner.layout import fold
from trainyard.track.shipper import Progress

PATIENCE = 20.0


class SlowCarrier:
    """Ships until it is told to end; it is not to be closed meanwhile."""

    def __init__(self):
        self.begun, self.may_end, self.closed = threading.Event(), threading.Event(), threading.Event()
        self.closed_while_shipping = False

    def ship(self):
        self.begun.set()
        assert self.may_end.wait(PATIENCE)
        self.closed_while_shipping = self.closed.is_set()
        return Progress(sent=0, pending=0)

    def close(self):
        self.closed.set()


@pytest.mark.parametrize("ending", ["forget", "aclose"])
async def test_a_connection_is_closed_after_the_pass_that_uses_it(tmp_path, monkeypatch, ending):
    folder, carrier = fold(tmp_path, "run", 1), SlowCarrier()
    folder.path.mkdir(parents=True)
    monkeypatch.setattr(delivery, "_opened", lambda folder: carrier)
    monkeypatch.setattr(lock, "probe", lambda folder: lock.Held.DEAD)
    delivering = delivery.Delivery()
    delivering.deliver(folder)
    assert await asyncio.to_thread(carrier.begun.wait, PATIENCE)
    if ending == "forget":
        delivering.forget(folder)
    await delivering.aclose()
    assert not carrier.closed.is_set()
    carrier.may_end.set()
    assert await asyncio.to_thread(carrier.closed.wait, PATIENCE)
    assert not carrier.closed_while_shipping
