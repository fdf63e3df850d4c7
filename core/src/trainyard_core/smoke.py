"""A quick look at every installed plugin: does it load, build and do its work here? `yard plugins check` prints it.

It does what is cheap and leaves nothing behind: a scheduler runs two commands of a second at most, a tracker keeps and
gives back a value, a line and an artifact. That an implementation keeps *every* promise is its contract's suite's to
show. Providers are built on a folder of their own, with the settings of the data directory.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from array import array
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec

from trainyard.track import frames
from trainyard_core.contracts.scheduler import Scheduler
from trainyard_core.contracts.tracker import RunRef, Tracker
from trainyard_core.contracts.workload import AttemptRef, Exit, Phase, Workload
from trainyard_core.hookspecs import Context
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings

__all__ = ["Broken", "Finding", "check", "keep"]

PATIENCE = 30.0
"""Seconds after which a plugin that does not answer has failed."""
PROJECT = "yard-plugins-check"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one thing that a plugin offers, or of the plugin itself when it offers nothing. `state` is `ok`,
    `failed` or `unset`: it asks for settings, and is not the one that the settings choose."""

    plugin: str
    offer: str = ""
    state: str = "ok"
    detail: str = ""


class Broken(Exception):
    """A promise that was not kept, in words."""


async def check(registry: Registry, settings: Settings, folder: Path) -> list[Finding]:
    """One finding an offer, in the order of the plugins' names. Leaves nothing in `folder` that matters."""
    found = [
        Finding(plugin=loaded.name, state="failed", detail=loaded.error)
        for loaded in registry.plugins.values()
        if loaded.error
    ]
    for name, (plugin, scheduler) in registry.schedulers.by_name.items():
        context = _context(plugin, settings, folder)
        found.append(
            await _look(plugin, f"scheduler:{name}", name == settings.scheduler, _Trial(scheduler.build, context, _run))
        )
    for name, (plugin, tracker) in registry.trackers.by_name.items():
        context = _context(plugin, settings, folder)
        found.append(
            await _look(plugin, f"tracker:{name}", name == settings.tracker, _Trial(tracker.build, context, keep))
        )
    seen = {finding.plugin for finding in found}
    idle = [Finding(plugin=name, detail="it offers nothing") for name in registry.plugins if name not in seen]
    return sorted([*found, *idle], key=lambda finding: (finding.plugin, finding.offer))


class _Trial:
    """A provider's builder, what it is given, and what its object is asked to do."""

    def __init__(
        self, build: Callable[[Context], Any], context: Context, work: Callable[[Any], Coroutine[Any, Any, None]]
    ) -> None:
        self.build, self.context, self.work = build, context, work

    async def run(self) -> None:
        """Do the work, then free the object."""
        made = self.build(self.context)
        try:
            async with asyncio.timeout(PATIENCE):
                await self.work(made)
        finally:
            await made.aclose()


async def _look(plugin: str, offer: str, is_chosen: bool, trial: _Trial) -> Finding:
    try:
        await trial.run()
    except Broken as error:
        return Finding(plugin=plugin, offer=offer, state="failed", detail=str(error))
    except TimeoutError:
        return Finding(plugin=plugin, offer=offer, state="failed", detail=f"no answer within {PATIENCE:g} s")
    except ValueError as error:
        return Finding(plugin=plugin, offer=offer, state="failed" if is_chosen else "unset", detail=str(error))
    except Exception as error:  # whatever a foreign plugin raises is what it is asked about here
        return Finding(plugin=plugin, offer=offer, state="failed", detail=_told(error))
    return Finding(plugin=plugin, offer=offer)


def _told(error: BaseException) -> str:
    """The error and the line of the plugin that raised it."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}: {error} ({place})"


def _context(plugin: str, settings: Settings, folder: Path) -> Context:
    own = folder / plugin
    own.mkdir(parents=True, exist_ok=True)
    return Context(folder=own, settings=settings.sections.get(plugin, {}))


async def _run(scheduler: Scheduler) -> None:
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
            raise Broken("render: the manifest holds the token, which must never be in it")
        try:
            await scheduler.submit(workload)
            told = await _end(scheduler, workload.ref)
            if told.code != code:
                raise Broken(f"observe: a command that exited {code} is told as {told.code}; {told.message}")
        finally:
            await scheduler.stop(workload.ref, grace=0)
            await scheduler.release(workload.ref)
        if workload.ref in await scheduler.adopt():
            raise Broken("release: the attempt is still adopted after its release")


async def _end(scheduler: Scheduler, ref: AttemptRef) -> Exit:
    while True:
        for seen in await scheduler.observe([ref]):
            if seen.phase is Phase.EXITED and seen.exit is not None:
                return seen.exit
            if seen.phase is Phase.GONE:
                raise Broken(f"observe: the attempt is told as gone and never ran; {seen.message}")
        await asyncio.sleep(0.02)  # a scheduler tells when it is asked


async def keep(tracker: Tracker) -> None:
    """A value, a line and an artifact are kept once and given back, and go with their run. Raises Broken."""
    run, writer = RunRef(PROJECT, str(uuid.uuid4())), uuid.uuid4().hex
    sent = _frames(writer)
    try:
        for _ in range(2):
            if (durable := await tracker.append(run, sent)) != len(sent):
                raise Broken(f"append: {len(sent)} frames are told to be durable up to {durable}")
        series = await tracker.read_series(run, ["checked"])
        if [point.last for point in series[0].points] != [1.0]:
            raise Broken(f"read_series: one value was sent and {series[0].points} came back")
        lines = (await tracker.read_logs(run)).lines
        if [line.text for line in lines] != ["checked"]:
            raise Broken(f"read_logs: one line was sent and {len(lines)} came back")
        await _artifact(tracker, run)
    finally:
        await tracker.delete_run(run)
    if await tracker.durable(run, writer) or await tracker.list_artifacts(run):
        raise Broken("delete_run: something of the run is still there")


async def _artifact(tracker: Tracker, run: RunRef) -> None:
    data = b"checked\n" * 1000
    info = await tracker.put_artifact(run, "a/b.txt", _stream(data), digest=_digest(data))
    if (info.size, info.digest) != (len(data), _digest(data)):
        raise Broken(f"put_artifact: {len(data)} bytes are told as {info.size} bytes with digest {info.digest}")
    pieces = [piece async for piece in tracker.read_artifact(run, "a/b.txt", start=8, end=16)]
    if b"".join(pieces) != data[8:16]:
        raise Broken("read_artifact: a range came back as other bytes")
    await tracker.delete_artifact(run, "a/b.txt")
    if await tracker.list_artifacts(run):
        raise Broken("delete_artifact: the artifact is still listed")


def _frames(writer: str) -> list[frames.Frame]:
    block = frames.Block(("checked",), array("q", [1]), array("q", [1]), [array("d", [1.0])])
    raw = frames.encode(frames.Kind.METRICS, writer, 1, frames.pack_metrics([block]))
    raw += frames.encode(frames.Kind.LOGS, writer, 2, frames.pack_lines([frames.Line(1, 1, "checked")]), final=True)
    return frames.split(raw)


async def _stream(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
