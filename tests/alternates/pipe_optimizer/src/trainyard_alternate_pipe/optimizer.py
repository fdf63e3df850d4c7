"""The `pipe` optimizer: asks the other program for points and lays them over the space. Its state is four bytes, the
number of points taken; keys of trials it leaves to core.
"""

from __future__ import annotations

import asyncio
import json
import math
import struct
import sys
from collections.abc import Sequence

from trainyard.client.models import FieldProblem
from trainyard.matrix.space import Choice, Ordered, Uniform
from trainyard_core.contracts.optimizer import (
    Optimizer,
    Outline,
    StateUnreadable,
    Study,
    Suggestion,
    Suggestions,
    Trial,
)

__all__ = ["PipeOptimizer"]

MOST = 10
"""Dimensions: so many primes the other program knows."""


class PipeOptimizer(Optimizer):
    """Starts the other program with its first question, and asks one question at a time."""

    name = "pipe"

    def __init__(self) -> None:
        self._program: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    def check(self, study: Study) -> list[FieldProblem]:
        problems = [
            FieldProblem(
                message=f"param '{name}' has a shape that pipe cannot search", fix="use choice, a range or uniform"
            )
            for name, param in study.space.params.items()
            if not isinstance(param, Choice | Ordered | Uniform) or (isinstance(param, Uniform) and _grained(param))
        ]
        if not 0 < len(study.space.params) <= MOST:
            problems.append(FieldProblem(message=f"{len(study.space.params)} params", fix=f"give 1 to {MOST}"))
        if study.space.constraints:
            problems.append(FieldProblem(message="pipe keeps no constraints", fix="leave them out"))
        return problems

    def outline(self, study: Study) -> Outline:
        return Outline(trials=_trials(study), concurrency=3, prefetch=1)

    async def suggest(
        self, study: Study, *, changed: Sequence[Trial], count: int, seed: int, state: bytes
    ) -> Suggestions:
        first = _taken(state)
        count = min(count, _trials(study) - first)
        points = await self._ask(first, count, len(study.space.params), seed) if count else []
        taken = first + count
        return Suggestions(
            suggestions=tuple(Suggestion(params=_params(study, point)) for point in points),
            state=struct.pack(">I", taken),
            exhausted=taken >= _trials(study),
        )

    async def aclose(self) -> None:
        if self._program is not None and self._program.stdin is not None:
            self._program.stdin.close()
            await self._program.communicate()
            self._program = None

    async def _ask(self, *question: int) -> list[list[float]]:
        async with self._lock:
            if self._program is None:
                self._program = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "trainyard_alternate_pipe.points",
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    limit=2**24,
                )
            reader, writer = self._program.stdout, self._program.stdin
            if reader is None or writer is None:
                raise RuntimeError("the other program has no pipe")
            writer.write(json.dumps(question).encode() + b"\n")
            await writer.drain()
            points: list[list[float]] = json.loads(await reader.readline())
            return points


def _taken(state: bytes) -> int:
    if len(state) not in (0, 4):
        raise StateUnreadable(f"a state of pipe has 4 bytes, this one has {len(state)}; begin the sweep anew")
    taken = int.from_bytes(state)
    if taken > 2**24:
        raise StateUnreadable(f"a state of pipe that has taken {taken} points is damaged; begin the sweep anew")
    return taken


def _trials(study: Study) -> int:
    trials = study.options.get("numRuns", 16)
    return trials if isinstance(trials, int) else 16


def _params(study: Study, point: Sequence[float]) -> dict[str, object]:
    return {
        name: _value(param, u)
        for (name, param), u in zip(study.space.params.items(), point, strict=True)
        if isinstance(param, Choice | Ordered | Uniform)
    }


def _value(param: Choice | Ordered | Uniform, u: float) -> object:
    if not isinstance(param, Uniform):
        return param.values[int(u * len(param.values))]
    if not param.log:
        return min(param.low + u * (param.high - param.low), param.high)
    return min(max(math.exp(math.log(param.low) + u * math.log(param.high / param.low)), param.low), param.high)


def _grained(param: Uniform) -> bool:
    return bool(param.step or param.integer)
