"""One small use of each thing that a plugin can offer, which leaves nothing behind, for `yard plugins check`. A
scheduler runs two commands of a second at most, a tracker keeps and gives back a value, a line and an artifact, an
optimizer suggests two trials. Each raises `ProbeFailed` for a promise that is not kept."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from array import array
from collections.abc import AsyncIterator

from trainyard.matrix.objective import Goal, Objective
from trainyard.matrix.space import Choice, Space, allows
from trainyard.track import frames
from trainyard_core.contracts.optimizer import Optimizer, Study, Suggestion
from trainyard_core.contracts.scheduler import Scheduler
from trainyard_core.contracts.tracker import RunRef, Tracker
from trainyard_core.contracts.workload import AttemptRef, Exit, Phase, Workload

__all__ = ["PROJECT", "ProbeFailed", "keep", "run", "suggest"]

PROJECT = "yard-plugins-check"
MOST_TRIALS = 2
STUDY = Study(
    space=Space(params={"x": Choice(values=(1, 2, 3))}),
    objectives=(Objective(name="loss", goal=Goal.MINIMIZE),),
    options={"numRuns": 3, "maxIterations": 3},
)
"""What most algorithms can search; one that needs more options says so by `check`."""


class ProbeFailed(Exception):
    """A promise that was not kept, in words."""


async def run(scheduler: Scheduler) -> None:
    """Two attempts run to their ends, each told exactly, and are forgotten."""
    for code in (0, 3):
        workload = Workload(
            run=str(uuid.uuid4()),
            attempt=1,
            project=PROJECT,
            command=("sh", "-c", f"echo checked; exit {code}"),
            token="checked",  # noqa: S106 - a word to look for in the manifest, of no use to anybody
        )
        if "token" in scheduler.render(workload):
            raise ProbeFailed("render: the manifest holds the token, which must never be in it")
        try:
            await scheduler.submit(workload)
            told = await _end(scheduler, workload.ref)
            if told.code != code:
                raise ProbeFailed(f"observe: a command that exited {code} is told as {told.code}; {told.message}")
        finally:
            await scheduler.stop(workload.ref, grace=0)
            await scheduler.release(workload.ref)
        if workload.ref in await scheduler.adopt():
            raise ProbeFailed("release: the attempt is still adopted after its release")


async def _end(scheduler: Scheduler, ref: AttemptRef) -> Exit:
    while True:
        for seen in await scheduler.observe([ref]):
            if seen.phase is Phase.EXITED and seen.exit is not None:
                return seen.exit
            if seen.phase is Phase.GONE:
                raise ProbeFailed(f"observe: the attempt is told as gone and never ran; {seen.message}")
        await asyncio.sleep(0.02)  # a scheduler tells when it is asked


async def suggest(optimizer: Optimizer) -> str:
    """A study is checked, outlined and searched. Raises ProbeFailed. A note, when it cannot be searched without options
    that nobody but its users know."""
    if problems := optimizer.check(STUDY):
        return f"its check was tried only: {problems[0].message}"
    optimizer.outline(STUDY)
    answer = await optimizer.suggest(STUDY, changed=(), count=MOST_TRIALS, seed=1, state=b"")
    if len(answer.suggestions) > MOST_TRIALS:
        raise ProbeFailed(f"suggest: {MOST_TRIALS} trials were asked for and {len(answer.suggestions)} came")
    for suggestion in answer.suggestions:
        _check_suggestion(suggestion)
    if not answer.suggestions and not answer.exhausted:
        raise ProbeFailed(
            "suggest: no trial came of a study that has none yet, and it does not say that it is exhausted"
        )
    return ""


def _check_suggestion(suggestion: Suggestion) -> None:
    for name, param in STUDY.space.params.items():
        if name not in suggestion.params or not allows(param, suggestion.params[name]):
            raise ProbeFailed(
                f"suggest: the param '{name}' is {suggestion.params.get(name)!r}, which is not in its space"
            )


async def keep(tracker: Tracker) -> None:
    """A value, a line and an artifact are kept once and given back, and go with their run. Raises ProbeFailed."""
    run, writer = RunRef(PROJECT, str(uuid.uuid4())), uuid.uuid4().hex
    sent = _frames(writer)
    try:
        for _ in range(2):
            if (durable := await tracker.append(run, sent)) != len(sent):
                raise ProbeFailed(f"append: {len(sent)} frames are told to be durable up to {durable}")
        series = await tracker.read_series(run, ["checked"])
        if [point.last for point in series[0].points] != [1.0]:
            raise ProbeFailed(f"read_series: one value was sent and {series[0].points} came back")
        lines = (await tracker.read_logs(run)).lines
        if [line.text for line in lines] != ["checked"]:
            raise ProbeFailed(f"read_logs: one line was sent and {len(lines)} came back")
        await _artifact(tracker, run)
    finally:
        await tracker.delete_run(run)
    if await tracker.durable(run, writer) or await tracker.list_artifacts(run):
        raise ProbeFailed("delete_run: something of the run is still there")


async def _artifact(tracker: Tracker, run: RunRef) -> None:
    data = b"checked\n" * 1000
    info = await tracker.put_artifact(run, "a/b.txt", _stream(data), digest=_digest(data))
    if (info.size, info.digest) != (len(data), _digest(data)):
        raise ProbeFailed(f"put_artifact: {len(data)} bytes are told as {info.size} bytes with digest {info.digest}")
    pieces = [piece async for piece in tracker.read_artifact(run, "a/b.txt", start=8, end=16)]
    if b"".join(pieces) != data[8:16]:
        raise ProbeFailed("read_artifact: a range came back as other bytes")
    await tracker.delete_artifact(run, "a/b.txt")
    if await tracker.list_artifacts(run):
        raise ProbeFailed("delete_artifact: the artifact is still listed")


def _frames(writer: str) -> list[frames.Frame]:
    block = frames.Block(("checked",), array("q", [1]), array("q", [1]), [array("d", [1.0])])
    raw = frames.encode(frames.Kind.METRICS, writer, 1, frames.pack_metrics([block]))
    raw += frames.encode(frames.Kind.LOGS, writer, 2, frames.pack_lines([frames.Line(1, 1, "checked")]), final=True)
    return frames.split(raw)


async def _stream(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
