"""A second director: a relay runs its legs one after the other, and keeps their number in a table of its own. Tests
alter what it plans, or hold it while it plans."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import msgspec

from trainyard.client.models import RunRecord
from trainyard.compile.resolved import ResolvedOperation
from trainyard_core.contracts.database import PluginTx
from trainyard_core.contracts.director import (
    ChildStop,
    Director,
    End,
    Intent,
    NewChild,
    Opening,
    Parent,
    Plan,
    Planner,
    PlanTools,
    Progress,
    Status,
    View,
    Write,
)
from trainyard_core.contracts.plugin import Migrations
from trainyard_core.hookspecs import DirectorProvider, hookimpl
from trainyard_core.registry import Registry
from trainyard_core.testing.server import Web, serving

TABLE = "CREATE TABLE relay_race (run TEXT PRIMARY KEY, legs BIGINT NOT NULL, done BIGINT NOT NULL DEFAULT 0)"
LEG = {
    "version": 1.1,
    "kind": "operation",
    "component": {
        "inputs": [{"name": "leg", "type": "int"}],
        "run": {"kind": "job", "container": {"command": ["run", "{{ leg }}"]}},
    },
}


class Relay(Director):
    """Its legs are as many as the input `legs`. `alter` changes the next plan; a plan waits for `gate`."""

    def __init__(self) -> None:
        self.alter: Callable[[Plan], Plan] | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.planning = asyncio.Event()
        self.views: list[View] = []
        self.watches: frozenset[str] = frozenset()

    def check(self, operation):
        return []

    def open(self, run: str, operation: ResolvedOperation) -> Opening:
        return Opening(
            watches=self.watches,
            writes=[Write("INSERT INTO relay_race (run, legs) VALUES (?, ?)", [(run, operation.inputs["legs"])])],
            on_delete=[Write("DELETE FROM relay_race WHERE run = ?", [(run,)])],
            queued=False,
            progress=Progress(text="no leg has ended"),
        )

    def planner(self, run: str) -> Planner:
        return RelayPlanner(self, run)


class RelayPlanner(Planner):
    """The next leg when there is none."""

    def __init__(self, relay: Relay, run: str) -> None:
        self._relay, self._run = relay, run

    async def load(self, read: PluginTx, parent: Parent) -> Any:
        row = await read.one("SELECT legs, done FROM relay_race WHERE run = ?", self._run)
        assert row is not None
        return row["legs"], row["done"]

    async def plan(self, view: View, tools: PlanTools) -> Plan:
        self._relay.views.append(view)
        self._relay.planning.set()
        await self._relay.gate.wait()
        plan = _plan(view)
        alter, self._relay.alter = self._relay.alter, None
        return plan if alter is None else alter(plan)


def _plan(view: View) -> Plan:
    (legs, done), children = view.data, view.children.values()
    ended = [child for child in children if child.ended]
    going = [child for child in children if not child.ended]
    if view.parent.intent is Intent.STOP:
        stops = [ChildStop(child.key, "user", "the relay is stopped") for child in going if not child.stopping]
        return Plan(stop=stops, finish=None if going else End(Status.STOPPED))
    if fallen := next((child for child in ended if child.status is not Status.SUCCEEDED), None):
        return Plan(finish=End(Status.FAILED, fallen.reason, f"leg {fallen.key} fell"))
    done += len(ended)
    wanted = view.request.data if view.request is not None else 0
    create = [_leg(n) for n in range(done + 1, min(legs, done + max(1, wanted)) + 1)] if not going else []
    counts = [Write("UPDATE relay_race SET done = ? WHERE run = ?", [(done, view.parent.run)], changes=1)]
    return Plan(
        create=create,
        writes=counts if ended else (),
        finish=End(Status.SUCCEEDED, message=f"{done} legs") if done == legs else None,
        state=msgspec.json.encode(done),
        progress=Progress(share=done / legs, text=f"{done} of {legs} legs have ended"),
    )


def _leg(number: int) -> NewChild:
    return NewChild(key=str(number), params={"leg": number}, operation=LEG, name=f"leg-{number}")


@asynccontextmanager
async def relaying(url: str, folder: Path, relay: Relay | None) -> AsyncIterator[Web]:
    """The API with relays; without `relay` the plugin is not installed."""
    registry = Registry.load(["tracker_folder"])
    if relay is not None:
        registry.add("relay", _plugin(relay, folder))
    async with serving(url, folder / "data", registry) as web:
        yield web


def _plugin(relay: Relay, folder: Path) -> object:
    return SimpleNamespace(
        register_migrations=hookimpl(lambda: [Migrations(_steps(folder / "relay_steps"))]),
        register_directors=hookimpl(lambda: [DirectorProvider(name="relay", build=lambda platform: relay)]),
    )


def _steps(folder: Path) -> ModuleType:
    """The package of its migrations."""
    folder.mkdir(exist_ok=True)
    (folder / "m0001_race.py").write_text(f"async def forwards(tx):\n    await tx.run({TABLE!r})\n")
    module = ModuleType("relay_steps")
    module.__path__ = [str(folder)]
    sys.modules["relay_steps"] = module
    sys.modules.pop("relay_steps.m0001_race", None)
    return module


async def race(web: Web, legs: int = 3) -> RunRecord:
    """A relay that goes on."""
    actor = await web.runtime.platforms.of("relay").actor("user:admin")
    operation = ResolvedOperation(kind="relay", name="race", inputs={"legs": legs})
    return await web.runtime.platforms.of("relay").parents.create(actor, "default", operation)
