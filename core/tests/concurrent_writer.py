"""One of several processes that write to the same runs: `concurrent_writer.py URL KIND RUN...`. It prints a line when
it is ready and starts when a line comes in."""

from __future__ import annotations

import asyncio
import sys

from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.db.connect import connect
from trainyard_core.lifecycle import Status
from trainyard_core.testing.factories import Arrange


async def race(url: str, kind: str, ids: list[str]) -> None:
    """Write one kind of thing to each run."""
    database = await connect(url)
    one = Arrange(database)
    print("ready", flush=True)  # noqa: T201 - the parent reads it
    sys.stdin.readline()
    for run in ids:
        if kind == "exit":
            await one.report(await one.current(run), Phase.EXITED, exit=Exit(code=0))
        elif kind == "stop":
            await one.stop(run)
        else:
            await one.move(run, Status.FAILED)
    await database.close()


if __name__ == "__main__":
    asyncio.run(race(sys.argv[1], sys.argv[2], sys.argv[3:]))
