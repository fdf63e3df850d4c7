"""Tasks end for certain, also those that lose a cancellation."""

from __future__ import annotations

import asyncio

from trainyard_core.cancellation import end_all


async def test_a_lost_cancellation_is_asked_for_again():
    lost = asyncio.Event()

    async def deaf_once():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(deaf_once())
    await asyncio.sleep(0)
    await end_all([task], patience=0.01)
    assert lost.is_set()
    assert task.cancelled()


async def test_what_never_ends_is_left_behind():
    never = asyncio.Event()

    async def deaf():
        while not never.is_set():
            try:
                await never.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await end_all([task], patience=0.01)
    assert not task.done()
    never.set()
    await task


async def test_what_broke_is_not_raised():
    async def broken():
        raise ValueError

    await end_all([asyncio.create_task(broken())], patience=1)
