"""Calls an optimizer in another process, where hashes of strings have another order. When this module is run as a
program, it is that other process: it reads its task from standard input and writes the answers to standard output."""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence

import msgspec

from trainyard_core.contracts.optimizer import Optimizer, Study, Suggestions
from trainyard_core.testing.optimizer_simulation import Call, ask

__all__ = ["asked", "loaded", "main"]

DEADLINE_S = 300


def asked(build: Callable[[], Optimizer], calls: Sequence[Call]) -> list[Suggestions]:
    """Make these calls of `suggest` on an instance in another process and return the answers."""
    return msgspec.msgpack.decode(_run("suggest", build, msgspec.msgpack.encode(calls)), type=list[Suggestions])


def loaded(build: Callable[[], Optimizer], studies: Sequence[Study]) -> set[str]:
    """Check and outline these studies in another process and return the top-level modules that it has loaded then."""
    return msgspec.msgpack.decode(_run("check", build, msgspec.msgpack.encode(studies)), type=set[str])


def main() -> None:
    """Run the task that standard input holds."""
    task, build, data = pickle.load(sys.stdin.buffer)
    sys.stdout.buffer.write(asyncio.run(_suggest(build, data) if task == "suggest" else _check(build, data)))


def _run(task: str, build: Callable[[], Optimizer], data: bytes) -> bytes:
    done = subprocess.run(
        [sys.executable, "-P", "-m", __name__],
        input=pickle.dumps((task, build, data)),
        env={**os.environ, "PYTHONHASHSEED": "4242"},
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, f"the other process failed: {done.stderr.decode(errors='replace')[-2000:]}"
    return done.stdout


async def _suggest(build: Callable[[], Optimizer], data: bytes) -> bytes:
    optimizer = build()
    try:
        answers = [await ask(optimizer, call) for call in msgspec.msgpack.decode(data, type=list[Call])]
    finally:
        await optimizer.aclose()
    return msgspec.msgpack.encode(answers)


async def _check(build: Callable[[], Optimizer], data: bytes) -> bytes:
    optimizer = build()
    for study in msgspec.msgpack.decode(data, type=list[Study]):
        optimizer.check(study)
        optimizer.outline(study)
    modules = {name.partition(".")[0] for name in sys.modules}
    await optimizer.aclose()
    return msgspec.msgpack.encode(modules)


if __name__ == "__main__":
    main()
