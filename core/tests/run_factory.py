"""Lives of runs that were made through the API, for tests of what comes after them."""

from __future__ import annotations

from typing import Any

from web import Web

from trainyard.client.models import RunRecord
from trainyard_core.clock import SECOND
from trainyard_core.contracts.workload import AttemptRef, Exit, Phase


async def started(web: Web, script: str = "exit 0", **more: Any) -> RunRecord:
    """A run that an agent runs."""
    run = await web.run(script, **more)
    (ref,) = await web.arrange.assign()
    assert ref.run == run.id
    await web.arrange.report(ref, Phase.RUNNING, started_at=web.arrange.clock.now() / SECOND)
    return run


async def end(web: Web, run: RunRecord, *frames: bytes, code: int = 0) -> RunRecord:
    """Its frames, and its end."""
    for frame in frames:
        await web.admin.runs.append(run.id, frame)
    await web.arrange.report(await web.arrange.current(run.id), Phase.EXITED, exit=Exit(code=code))
    return await web.admin.runs.get(run.id)


async def ended(web: Web, *frames: bytes, code: int = 0, **more: Any) -> RunRecord:
    """A run that has ended."""
    return await end(web, await started(web, **more), *frames, code=code)


async def let_go(web: Web, run: RunRecord) -> None:
    """Its agent has released it."""
    orders = await web.arrange.orders() or []
    refs = [order.ref for order in orders if order.ref.run == run.id]
    assert all(order.todo == "release" for order in orders if order.ref in refs)
    await web.runtime.database.write(lambda tx: _released(tx, refs))


async def _released(tx: Any, refs: list[AttemptRef]) -> None:
    from trainyard_core.work import assignment

    await assignment.released(tx, refs)
