"""The server's look at what it stands on: database, queue, tracker, agents, disk, and what plugins check. `yard doctor`
prints it.

Each look has a deadline and says what was seen and what to do; one that fails keeps no other from being taken. The
tracker is given a run of nobody's that is deleted again.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable

from trainyard.client.models import Check
from trainyard_core import probes, redact
from trainyard_core.clock import SECOND
from trainyard_core.contracts.plugin import CheckResult, PluginCheck
from trainyard_core.db import agents, jobs, migrations, observers, run_trackers
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.lease import time_of
from trainyard_core.db.migrate import migrations_in
from trainyard_core.errors import TrainyardError
from trainyard_core.observers import report
from trainyard_core.runtime import Runtime
from trainyard_core.settings import install

__all__ = ["diagnose"]

PATIENCE = 10.0
SLOW = 250.0
"""Milliseconds above which a look at the database or queue is told as slow."""
OVERDUE = 60
"""Seconds after which a job that nobody has taken is told."""
LITTLE = 1 << 30
"""Bytes below which a disk is told as nearly full."""

STATES = ("ok", "warning", "failed")

Look = Callable[[Runtime], Awaitable[Check]]


async def diagnose(runtime: Runtime) -> list[Check]:
    """One check a part, in the order in which they depend on each other; then those of plugins, made at once."""
    looks: dict[str, Look] = {
        "database": _database,
        "database write": _write,
        "migrations": _migrations,
        "queue": _queue,
        "tracker": _tracker,
        "plugins": _plugins,
        "agents": _agents,
        "jobs": _jobs,
        "observers": _observers,
        "server disk": _disk,
    }
    own = [await _timed(name, look, runtime) for name, look in looks.items()]
    brought = {f"{plugin}: {check.name}": _of_plugin(plugin, check) for plugin, check in runtime.registry.checks}
    return own + await asyncio.gather(*(_timed(name, look, runtime) for name, look in brought.items()))


def _of_plugin(plugin: str, check: PluginCheck) -> Look:
    """A plugin's check as a look of ours. What it says is told without secrets."""

    async def look(runtime: Runtime) -> Check:
        found = await check.run(runtime.platforms.of(plugin))
        if not isinstance(found, CheckResult) or found.state not in STATES:
            return _failed(f"it gave {type(found).__name__}; wanted is a CheckResult", "update the plugin")
        return Check(name="", state=found.state, detail=redact.text(found.detail), fix=redact.text(found.fix))

    return look


async def _timed(name: str, look: Look, runtime: Runtime) -> Check:
    start = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            found = await look(runtime)
    except TimeoutError:
        found = _failed(f"no answer within {PATIENCE:g} s", "see whether it is overloaded or cannot be reached")
    except probes.ProbeFailed as error:
        found = _failed(str(error), "see the server's log, and `yard plugins check` on its machine")
    except TrainyardError as error:
        found = _failed(error.detail, error.fix)
    except Exception as error:  # what a driver or a plugin raises is asked about here; its text may hold an address
        found = _failed(f"it failed with {type(error).__name__}", "see the server's log")
    took = (time.perf_counter() - start) * 1000
    slow = found.state == "ok" and took > SLOW and name in ("database", "database write", "queue")
    state = "warning" if slow else found.state
    fix = "see what else the machine and the network between do" if slow else found.fix
    return Check(name=name, state=state, detail=found.detail, fix=fix, milliseconds=round(took, 2))


def _ok(detail: str) -> Check:
    return Check(name="", state="ok", detail=detail)


def _failed(detail: str, fix: str) -> Check:
    return Check(name="", state="failed", detail=detail, fix=fix)


async def _database(runtime: Runtime) -> Check:
    await runtime.database.read(lambda tx: tx.one("SELECT 1 AS one FROM project LIMIT 1"))
    return _ok(f"{runtime.database.dialect} answers")


async def _write(runtime: Runtime) -> Check:
    async def work(tx: Tx) -> None:
        await tx.run("UPDATE project SET name = name WHERE name = ''")

    await runtime.database.write(work, name="diagnosis")
    return _ok("a transaction is written")


async def _migrations(runtime: Runtime) -> Check:
    rows: list[Row] = await runtime.database.read(lambda tx: tx.all("SELECT app, name FROM migration"))
    applied = {(row["app"], row["name"]) for row in rows}
    missing = [m.name for m in migrations_in("core", migrations) if (m.app, m.name) not in applied]
    if missing:
        return _failed(f"not applied: {', '.join(missing)}", "restart the server: it applies them when it starts")
    return _ok(f"{len(applied)} applied, none missing")


async def _queue(runtime: Runtime) -> Check:
    if not await runtime.notifier.ping():
        return _ok("one process, no queue needed")
    return _ok("Valkey answers")


async def _tracker(runtime: Runtime) -> Check:
    if runtime.tracker is None:
        return _failed("no plugin offers a tracker", f"install one: {install('tracker')}")
    current = runtime.settings.tracker
    await probes.keep(runtime.tracker)
    told = f"'{current}' keeps, gives back and deletes values, lines and an artifact"
    others = [each for each in await runtime.database.read(run_trackers.counts) if each["tracker"] not in ("", current)]
    missing = [(each, why) for each in others if (why := await _refusal(runtime, each["tracker"]))]
    if missing:
        lines = [f"{_many(each)} of tracker '{each['tracker']}' cannot be read: {why.detail}" for each, why in missing]
        return Check(name="", state="warning", detail="; ".join(lines), fix=missing[0][1].fix)
    kept = "".join(f"; '{each['tracker']}' has {_many(each)}" for each in others)
    return _ok(told + kept)


async def _refusal(runtime: Runtime, tracker: str) -> TrainyardError | None:
    """Why a tracker that keeps runs is not there; None when it is."""
    try:
        await runtime.trackers.get(tracker)
    except TrainyardError as error:
        return error
    return None


def _many(counted: Row) -> str:
    return f"{counted['n']} run{'' if counted['n'] == 1 else 's'} (such as {counted['example'][-8:]})"


async def _plugins(runtime: Runtime) -> Check:
    broken = {name: each.error for name, each in runtime.registry.plugins.items() if each.error}
    if broken:
        told = "; ".join(f"{name}: {error}" for name, error in sorted(broken.items()))
        return _failed(told, "`yard plugins check` on the server's machine says where; reinstall or remove it")
    return _ok(f"{len(runtime.registry.plugins)} loaded")


async def _agents(runtime: Runtime) -> Check:
    at, silence = runtime.clock.now(), runtime.policy.silence
    offers = await runtime.database.read(lambda tx: agents.offers(tx, at=at, silence=silence))
    waiting = await runtime.database.read(agents.not_ready)
    silent = sorted(offer.agent for offer in offers if not offer.alive)
    if not offers or len(silent) == len(offers):
        told = f"silent: {', '.join(silent)}" if silent else "there is none"
        return _failed(f"no agent is alive ({told}), so no run starts", "start one: `yard up`, or `yard agent`")
    if not_ready := {offer.agent: waiting[offer.agent] for offer in offers if offer.alive and offer.agent in waiting}:
        told = "; ".join(f"{name}: {why}" for name, why in sorted(not_ready.items()))
        fix = "see to what its scheduler needs; it is asked again by itself"
        state = "warning" if len(not_ready) + len(silent) < len(offers) else "failed"
        return Check(name="", state=state, detail=f"not ready: {told}", fix=fix)
    if silent:
        return Check(
            name="",
            state="warning",
            detail=f"{len(offers) - len(silent)} alive; silent: {', '.join(silent)}",
            fix="see whether they run, or remove them: yard agents rm",
        )
    return _ok(f"{len(offers)} alive")


async def _jobs(runtime: Runtime) -> Check:
    now = await runtime.database.read(lambda tx: time_of(tx, runtime.clock))
    counts = await runtime.database.read(jobs.count)
    if dead := [f"{row['n']} of {row['plugin']} {row['name']}" for row in counts if row["state"] == "dead"]:
        told = f"given up after several tries: {', '.join(dead)}"
        return Check(name="", state="warning", detail=told, fix="see yard jobs ls --state dead, then yard jobs retry")
    due = [row for row in counts if row["state"] == "waiting" and row["due_at"] < now - OVERDUE * SECOND]
    known = [row for row in due if runtime.job_kind(row["plugin"], row["name"])]
    if known:
        told = ", ".join(f"{row['plugin']} {row['name']}" for row in known)
        return _failed(f"due for over {OVERDUE} s: {told}", "see whether a worker runs: `yard up` has one")
    if due:
        told = ", ".join(f"{row['plugin']} {row['name']}" for row in due)
        fix = "install the plugin again, or delete them: yard jobs rm"
        return Check(name="", state="warning", detail=f"no plugin has a function for {told}", fix=fix)
    return _ok(f"{sum(row['n'] for row in counts)} wait or run")


async def _observers(runtime: Runtime) -> Check:
    rows = await runtime.database.read(observers.page)
    found = [report.observer(row, at=runtime.clock.now(), registry=runtime.registry) for row in rows]
    if told := [problem for each in found if (problem := report.problem(each))]:
        return Check(name="", state="warning", detail="; ".join(told), fix=report.FIX)
    return _ok(f"{len(found)}, none behind" if found else "no plugin observes")


async def _disk(runtime: Runtime) -> Check:
    data = runtime.settings.data.absolute()
    place = next(path for path in (data, *data.parents) if path.exists())
    found = await asyncio.to_thread(shutil.disk_usage, place)
    told = f"{found.free / LITTLE:.1f} GiB free of {found.total / LITTLE:.1f}"
    if found.free < LITTLE:
        return Check(name="", state="warning", detail=told, fix="make room, or move the data directory")
    return _ok(told)
