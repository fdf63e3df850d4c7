"""The director of one sweep: it looks at what has become of the trials and plans the next ones.

One look is: read the view; judge the trials that have ended; decide what is to be stopped; ask the optimizer, outside
of any transaction; then write all of it in one, with the optimizer's new state, the new trials and their runs, and what
was consumed. A look may be cut off anywhere and made again by anybody: until the commit nothing has happened, and of
two who planned on the same view one writes (`db.sweeps.claim_version`).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from trainyard_core.clock import SECOND
from trainyard_core.contracts.optimizer import SupportsEarlyStopping
from trainyard_core.db import sweeps
from trainyard_core.lifecycle import FINAL, Intent, Status, Step
from trainyard_core.sweeps import pacing, rules, telling
from trainyard_core.sweeps.ending import Ending, blind, natural
from trainyard_core.sweeps.judging import NO_OBJECTIVE, judge, number
from trainyard_core.sweeps.means import Means
from trainyard_core.sweeps.plan import Asking, Plan, Written, write
from trainyard_core.sweeps.proposing import Proposer
from trainyard_core.sweeps.view import Open, View, load
from trainyard_core.sweeps.warm import learned
from trainyard_core.sweeps.watching import Watcher, stop_of

__all__ = ["Director", "Looked"]

THINKING, STILL = 15.0, 5.0
"""Seconds for which one process is left to think alone, and after which it says that it still does. One that dies is
waited for that long."""


class Looked(NamedTuple):
    """What came of a look: whether the sweep is over, and whether anything was written. `busy`: another process is
    about it."""

    over: bool
    wrote: bool
    busy: bool = False


class Director:
    """Plans one sweep; its looks come one after the other."""

    def __init__(self, run: str, means: Means) -> None:
        self.run, self._means = run, means
        self._proposer = Proposer(means)
        self._watcher: Watcher | None = None

    async def look(self, asking: Asking | None = None) -> Looked:
        """Look and plan until there is nothing more to do now; with trials for a program outside that asks. Raises what
        the database and the optimizer raise; nothing is lost by it."""
        wrote = False
        while True:
            view = await self._means.database.read(lambda tx: load(tx, self.run))
            if view is None or view.status in FINAL:
                return Looked(True, wrote)
            if view.status not in (Status.RUNNING, Status.STOPPING):
                return Looked(False, wrote)
            plan = await self._plan(view, asking)
            if plan is None or plan.is_empty(view):
                await self._rest(view, until=view.planner_until if plan is None else None)
                if plan is not None and plan.state is not None:
                    await self._thought(view)
                return Looked(False, wrote, busy=plan is None)
            written = await self._write(view, plan)
            wrote, asking = wrote or written.done, None if written.done else asking
            if written.rests:
                return Looked(False, wrote)

    async def _rest(self, view: View, *, until: int | None) -> None:
        """There is nothing to do until somebody wakes the sweep again, or until another process has thought enough."""
        if view.wake_at != until:
            await self._means.database.write(
                lambda tx: sweeps.rested(tx, view.run, seen=view.wake_seq, until=until), name="rest"
            )

    async def _write(self, view: View, plan: Plan) -> Written:
        at, policy = self._means.clock.now(), self._means.policy
        written = await self._means.database.write(lambda tx: write(tx, view, plan, policy=policy, at=at), name="plan")
        if written.done and (plan.stops or plan.started):
            self._means.call()
        return written

    async def _plan(self, view: View, asking: Asking | None) -> Plan | None:
        """What to write now; None when another process is about it."""
        ended = [trial for trial in view.going if trial.ended]
        plan = Plan(
            settled=[_judged(view, trial) for trial in ended if not trial.tuner],
            tuned=[_tuned(trial) for trial in ended if trial.tuner],
            exhausted=view.exhausted,
            ending=view.ending or _ending(view, [_judged(view, t) for t in ended if not t.tuner]),
            asking=asking,
        )
        if plan.ending is None and not await self._go_on(view, plan):
            return None
        if plan.ending is not None:
            _wind_up(view, plan, plan.ending)
        elif _has_run_out(view, plan):
            plan.ending = plan.final = await self._natural(view, plan)
        return plan

    async def _go_on(self, view: View, plan: Plan) -> bool:
        """What is stopped, started and suggested while the sweep goes on. False when another process is about it."""
        watcher = await self._watched(view)
        plan.stops = watcher.stops(view)
        free = view.parallel - sum(not trial.tuner for trial in view.open)
        await self._proposer.start_prepared(view, plan, free)
        free -= len(plan.started)
        changed = telling.changed(view, {each.key: each for each in plan.settled}, watcher.since)
        count = pacing.wanted(view, plan, free)
        plan.complete = pacing.can_wait(view, plan, changed, count)
        if plan.complete or (plan.started and pacing.comes_first(view, quick=self._proposer.is_quick)):
            return True  # the slot is taken at once; what comes next is thought about afterwards
        if not view.state and not view.made:
            changed = [*await self._means.database.read(lambda tx: learned(tx, view)), *changed]
        if not await self._may_think(view):
            return False
        try:
            async with self._thinking(view):
                answer, stops = await self._proposer.ask(view, changed, count)
        except Exception:
            await self._thought(view)
            raise
        going = {trial.key: trial for trial in view.open if not trial.stopping}
        plan.stops += [stop_of(going[stop.key], stop) for stop in stops if stop.key in going]
        plan.state, plan.exhausted = answer.state, plan.exhausted or answer.exhausted
        plan.told = telling.told(changed, {trial.key: trial.told_step for trial in view.going})
        plan.complete = answer.exhausted or len(answer.suggestions) >= count
        if answer.failure:
            plan.ending = Ending(status=Status.FAILED, reason="optimizer", message=answer.failure)
        else:
            await self._proposer.take(view, plan, answer, free=free)
        return True

    async def _watched(self, view: View) -> Watcher:
        if self._watcher is None:
            judged = isinstance(self._proposer.optimizer(view), SupportsEarlyStopping)
            self._watcher = Watcher(self._means.database, self._means.tracker, view, judged=judged)
        await self._watcher.refresh(view)
        return self._watcher

    async def _may_think(self, view: View) -> bool:
        """Where several processes plan, one thinks at a time."""
        if self._means.database.exclusive:
            return True
        at, planner = self._means.clock.now(), self._means.planner
        until = at + int(THINKING * SECOND)
        return await self._means.database.write(
            lambda tx: sweeps.think(tx, view.run, planner, at=at, until=until), name="think"
        )

    async def _thought(self, view: View) -> None:
        """This process has thought and found nothing to write: another one may."""
        if not self._means.database.exclusive:
            at, planner = self._means.clock.now(), self._means.planner
            await self._means.database.write(
                lambda tx: sweeps.think(tx, view.run, planner, at=at, until=0), name="think"
            )

    @asynccontextmanager
    async def _thinking(self, view: View) -> AsyncIterator[None]:
        """Others are told that this process still thinks."""

        async def say() -> None:
            while True:
                await asyncio.sleep(STILL)
                await self._may_think(view)

        voice = asyncio.create_task(say(), name="thinking")
        try:
            yield
        finally:
            voice.cancel()
            with suppress(asyncio.CancelledError):
                await voice

    async def _natural(self, view: View, plan: Plan) -> Ending:
        succeeded = view.succeeded + plan.count("succeeded")
        last = next((each.message or each.reason for each in reversed(plan.settled) if each.phase == "failed"), "")
        if not last and not succeeded:
            last = await self._means.database.read(lambda tx: sweeps.last_failure(tx, view.run))
        return natural(succeeded=succeeded, total=view.made + plan.made, last_failure=last)


def _judged(view: View, trial: Open) -> sweeps.Settled:
    if trial.status is None:
        return sweeps.Settled(key=trial.key, phase="failed", reason="deleted", message="its run was deleted")
    return judge(
        trial.key,
        status=trial.status,
        reason=trial.reason,
        message=trial.message,
        outputs=trial.outputs,
        metrics={name: metric.last for name, metric in trial.metrics.items()},
        objectives=view.sweep.objectives,
        limits=view.sweep.limits,
    )


def _tuned(trial: Open) -> sweeps.Settled:
    phase = "succeeded" if trial.status is Status.SUCCEEDED else "failed"
    return sweeps.Settled(key=trial.key, phase=phase, reason=trial.reason, message=trial.message)


def _ending(view: View, settled: list[sweeps.Settled]) -> Ending | None:
    """How the sweep will end, when that is decided by what has happened so far."""
    if view.intent is Intent.STOP:
        return view.stop
    succeeded = view.succeeded + sum(each.phase == "succeeded" for each in settled)
    failed = view.failed + sum(each.phase == "failed" for each in settled)
    unjudged = [each.message for each in settled if each.reason == NO_OBJECTIVE]
    if unjudged:
        found = blind(succeeded=succeeded, unjudged=view.unjudged + len(unjudged), message=unjudged[-1])
        if found is not None:
            return found
    best = {trial.number: _extremes(trial) for trial in view.going if not trial.tuner}
    total = view.most if view.most is not None else view.made
    return rules.ends_sweep(view.sweep.rules, failed=failed, total=total, best=best)


def _extremes(trial: Open) -> dict[str, tuple[float | None, float | None]]:
    """The lowest and the highest of what it has logged and written so far."""
    found = {name: (metric.low, metric.high) for name, metric in trial.metrics.items()}
    for name, written in trial.outputs.items():
        value = number(written)
        if value is not None and math.isfinite(value):
            low, high = found.get(name, (None, None))
            found[name] = (value if low is None else min(low, value), value if high is None else max(high, value))
    return found


def _wind_up(view: View, plan: Plan, ending: Ending) -> None:
    """Nothing new begins; what runs is stopped, but for the trial that the ending spares unless a person stops the
    sweep; when nothing runs any more, that is the end."""
    plan.started.clear()
    plan.prepared.clear()
    plan.drops = len(view.prepared)
    why = Step(Status.STOPPED, ending.reason, ending.message)
    spares = 0 if view.intent is Intent.STOP else ending.spares
    plan.stops = [(t.run, why) for t in view.open if t.run and not t.stopping and (t.tuner or t.number != spares)]
    if not view.open:
        plan.final = ending


def _has_run_out(view: View, plan: Plan) -> bool:
    """Whether nothing goes on, and nothing will ever come."""
    if view.open or plan.started or plan.prepared or view.prepared:
        return False
    return plan.exhausted or (view.most is not None and view.made + plan.made >= view.most)
