"""The arrange step of tests: creates runs, queues and agents in the state that a test needs. It does so through the
functions that the platform itself uses, and brings a clock that a test sets. This module asserts nothing about the code
under test."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from trainyard.compile.operation import compile_operation
from trainyard.compile.resolved import canonical_json
from trainyard.spec.load import load_text
from trainyard_core.agent.model import Order, Registration
from trainyard_core.clock import SECOND
from trainyard_core.contracts.capacity import Capacity
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase
from trainyard_core.db import agents, attempts, projects, queues, runs, uptime
from trainyard_core.db.engine import Database, Row
from trainyard_core.ids import new_id
from trainyard_core.lifecycle import Reason, Status, Step
from trainyard_core.policy import Policy
from trainyard_core.work import assignment
from trainyard_core.work.reconcile import reconcile

__all__ = ["OPERATION", "Arrange", "HandClock", "operation"]

OPERATION = """\
version: 1.1
kind: operation
component:
  run:
    kind: job
    container:
      command: [sh, -c, "{script}"]
"""
FIRST = 1_700_000_000 * SECOND
_STARTED = (Status.STARTING, Status.RUNNING, Status.RETRYING, Status.STOPPING, Status.SUCCEEDED, Status.FAILED)


def operation(script: str = "exit 0", *, head: str = "") -> str:
    """Return an operation in YAML that runs `script` with `sh`. `head` is added to its top level."""
    return OPERATION.replace("{script}", script.replace("\\", "\\\\").replace('"', '\\"')) + head


class HandClock:
    """A clock that moves only when a test turns it, forwards or back. `now` is in microseconds since 1970 UTC."""

    def __init__(self, at: int = FIRST) -> None:
        self._at = at

    def now(self) -> int:
        """Return the time that the clock shows."""
        return self._at

    def turn(self, seconds: float) -> int:
        """Turn the clock by so many seconds and return the time that it shows then."""
        self._at += int(seconds * SECOND)
        return self._at


class Arrange:
    """Arranges one database. Runs are assigned to `agent` unless a test names another one."""

    agent = "arranged"

    def __init__(self, database: Database, *, clock: HandClock | None = None, policy: Policy | None = None) -> None:
        self.database = database
        self.clock = clock or HandClock()
        self.policy = policy or Policy()

    async def ground(self) -> Arrange:
        """Insert the rows that every platform has, and register an agent with room for everything."""
        at = self.clock.now()
        await self.database.write(lambda tx: projects.ensure(tx, projects.DEFAULT, at=at))
        await self.queue(queues.DEFAULT)
        await self.register(self.agent)
        return self

    async def listen(self, seconds: float = 0.0) -> int:
        """Turn the clock by so many seconds, in which the platform was up; record that it was never down before. Return
        the time then."""
        at = self.clock.turn(seconds)
        await self.database.write(lambda tx: uptime.confirm(tx, at=at, anew=False))
        await self.database.write(lambda tx: tx.run("UPDATE uptime SET since = 0"))
        return at

    async def queue(self, name: str, *, concurrency: int | None = None, paused: bool = False) -> str:
        """Create or change a queue. Returns its name."""
        at = self.clock.now()
        await self.database.write(lambda tx: queues.put(tx, name, concurrency=concurrency, paused=paused, at=at))
        return name

    async def register(self, name: str, *, serves: tuple[str, ...] = ("*",), **capacity: Any) -> str:
        """Register an agent, with the fields of its capacity. Returns its name."""
        has = Capacity(**{"gpu": 0, "other": {}, "devices": "indexed", **capacity})
        who = Registration(name=name, scheduler="arranged", queues=serves, capacity=has)
        at = self.clock.now()
        await self.database.write(lambda tx: agents.register(tx, who, at=at))
        return name

    async def run(self, status: Status = Status.QUEUED, *, queue: str = queues.DEFAULT, **more: Any) -> str:
        """Create a run and bring it to `status` by the same transitions as the platform. `more` are fields of
        `runs.NewRun`. Returns its id."""
        run = str(more.pop("id", "") or new_id())
        if status is Status.CREATED:
            return await self._insert(run, queue, resolved="null", **more)
        if status is Status.COMPILED:
            return await self._insert(run, queue, hold="approval", **more)
        if status is Status.RETRYING:
            more = {"max_retries": 1, **more}
        live = status in (Status.SCHEDULED, *_STARTED)
        await self._insert(run, queue, **({"priority": 1 << 20} if live else {}), **more)
        if live:
            await self._lease(run)
        if status in _STARTED:
            await self._started(run, status)
        elif status is Status.STOPPED:
            await self.stop(run)
        elif status is Status.SKIPPED:
            await self.move(run, Status.SKIPPED)
        return run

    async def move(self, run: str, to: Status, *, reason: str = "") -> bool:
        """Call `runs.advance` for one status in a transaction of its own."""
        at = self.clock.now()
        return await self.database.write(lambda tx: runs.advance(tx, run, Step(to, reason), at=at))

    async def claim(self, run: str) -> int | None:
        """Call `runs.claim`, which schedules the run as a new attempt. No agent knows of that attempt."""
        at = self.clock.now()
        return await self.database.write(lambda tx: runs.claim(tx, run, at=at, actor="test"))

    async def stop(self, run: str, *, message: str = "by hand") -> bool:
        """Request the stop of a run and reconcile it. Returns whether the request is the first one."""
        at = self.clock.now()
        is_new = await self.database.write(
            lambda tx: runs.want_stop(tx, run, actor="test", reason=Reason.USER, message=message, at=at)
        )
        await self.reconcile(run)
        return is_new

    async def reconcile(self, run: str) -> Status | None:
        """Reconcile a run now."""
        at = self.clock.now()
        return await self.database.write(lambda tx: reconcile(tx, run, policy=self.policy, at=at))

    async def assign(self, agent: str = "", *, most: int = 64) -> list[AttemptRef]:
        """Assign runs to the agent now and return their attempts."""
        at, who = self.clock.now(), agent or self.agent
        return await self.database.write(lambda tx: assignment.assign(tx, who, policy=self.policy, at=at, most=most))

    async def report(
        self, ref: AttemptRef, phase: Phase, *, agent: str = "", exit: Exit | None = None, **more: Any
    ) -> None:
        """Report one observation on behalf of an agent."""
        seen = Observation(ref=ref, phase=phase, exit=exit, **more)
        at, who = self.clock.now(), agent or self.agent
        await self.database.write(lambda tx: assignment.report(tx, who, [seen], policy=self.policy, at=at))

    async def orders(self, agent: str = "") -> list[Order] | None:
        """Send the heartbeat of an agent and return its orders."""
        at, who = self.clock.now(), agent or self.agent
        given = await self.database.write(lambda tx: assignment.orders(tx, who, at=at))
        return None if given is None else given.items

    async def row(self, run: str) -> Row:
        """Return the row of a run."""
        row = await self.database.read(lambda tx: runs.get(tx, run))
        assert row is not None, f"no run {run}"
        return row

    async def status(self, run: str) -> Status:
        """Return the status of a run."""
        return Status((await self.row(run))["status"])

    async def attempts(self, run: str) -> list[Row]:
        """Return the attempts of a run, first to last."""
        return await self.database.read(lambda tx: attempts.of_run(tx, run))

    async def current(self, run: str) -> AttemptRef:
        """Return the current attempt of a run."""
        return AttemptRef(run, (await self.row(run))["attempt"])

    async def _insert(self, run: str, queue: str, *, priority: int = 0, **more: Any) -> str:
        at = self.clock.now()
        fields = {"resolved": _resolved(), "cpu": 1.0, "tracker": self.policy.tracker, **more}
        new = runs.NewRun(id=run, project=projects.DEFAULT, kind="job", actor="test", at=at, queue=queue, **fields)
        await self.database.write(lambda tx: runs.insert(tx, new))
        if priority:
            await self.database.write(lambda tx: tx.run("UPDATE run SET priority = ? WHERE id = ?", priority, run))
        if fields["resolved"] != "null":
            await self.reconcile(run)
        return run

    async def _lease(self, run: str) -> None:
        """Assign this run and no other. Its priority is higher than that of all others."""
        assigned = await self.assign(most=1)
        assert [ref.run for ref in assigned] == [run], f"run {run} was not assigned but {assigned}"

    async def _started(self, run: str, status: Status) -> None:
        ref = await self.current(run)
        if status is Status.STARTING:
            return await self.report(ref, Phase.STARTING)
        await self.report(ref, Phase.RUNNING, started_at=self.clock.now() / SECOND)
        if status is Status.STOPPING:
            await self.stop(run)
        elif status in (Status.RETRYING, Status.FAILED):
            await self.report(ref, Phase.EXITED, exit=Exit(code=1))
        elif status is Status.SUCCEEDED:
            await self.report(ref, Phase.EXITED, exit=Exit(code=0))
        return None


@lru_cache
def _resolved() -> str:
    document = load_text(operation(), file="arranged.yaml")
    names = {"uuid": new_id(), "name": "", "project_name": projects.DEFAULT}
    return canonical_json(compile_operation(document, globals=names, params={})).decode()
