"""What both schedulers of programs do to an attempt's folder (`docs/runner.md`): start its runner, look, stop it before
it starts."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import msgspec

from trainyard.runner import finish, lock
from trainyard.runner.environ import base_of
from trainyard.runner.layout import Folder, read_json
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase

__all__ = ["locked", "look", "start", "stop_before_start"]

START_SECONDS = 20.0


def start(path: Path) -> None:
    """Start the runner of an attempt; it does nothing when the attempt was ever started."""
    command = [sys.executable, "-P", "-m", "trainyard.runner", "--detach", str(path)]
    subprocess.run(command, env=base_of(os.environ), stdin=subprocess.DEVNULL, check=True)


async def locked(folder: Folder) -> None:
    """Return once the runner has taken the lock. Raises TimeoutError after 20 seconds."""
    async with asyncio.timeout(START_SECONDS):
        while lock.probe(folder) is lock.Held.NEVER:
            await asyncio.sleep(0.01)


def stop_before_start(folder: Folder) -> None:
    """No runner starts what was stopped before."""
    handle = lock.claim_for_nobody(folder)
    if handle is not None:
        finish.conclude(folder, finish.End(reason="user", message="Stopped before it started."))
        os.close(handle)


def look(folder: Folder) -> Observation | None:
    """What the folder tells; None when nobody has started the attempt, and it is not gone."""
    ref = AttemptRef(folder.run, folder.attempt)
    held = lock.probe(folder)
    if held is lock.Held.DEAD:
        finish.bury(folder)
    if folder.exit.exists():
        told = msgspec.json.decode(folder.exit.read_bytes(), type=Exit)
        return Observation(ref=ref, phase=Phase.EXITED, reason=told.reason, message=told.message, exit=told)
    started = read_json(folder.started)
    if held is lock.Held.NEVER:
        return Observation(ref=ref, phase=Phase.GONE) if finish.is_gone(folder) else None
    if started is None:
        return Observation(ref=ref, phase=Phase.STARTING)
    return Observation(ref=ref, phase=Phase.RUNNING, started_at=started["started_at"])
