"""What is to be done about a sweep, and the one transaction that does all of it or nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from trainyard_core.db import planned_trials, runs, sweeps
from trainyard_core.db.engine import Tx
from trainyard_core.db.planned_trials import NewTrial, TrialResult
from trainyard_core.lifecycle import Reason, Status, Step
from trainyard_core.policy import Policy
from trainyard_core.sweeps.outcome import SweepOutcome
from trainyard_core.sweeps.trial_run import TrialRun
from trainyard_core.sweeps.view import SweepView
from trainyard_core.work import clone
from trainyard_core.work.actions import ActionContext
from trainyard_core.work.creation import add
from trainyard_core.work.reconcile import reconcile

__all__ = ["Bind", "SweepPlan", "TrialRequest", "TrialStart", "TrialSync", "WriteResult", "write"]

_encode = msgspec.json.Encoder().encode


Bind = Callable[[Tx, Sequence[str]], Awaitable[None]]
"""Bound to the trials that are written, by their runs, in the same transaction. What it raises undoes all of it."""


class TrialRequest(NamedTuple):
    """A program outside asks for so many trials at most, and is bound to those that it gets."""

    limit: int
    asker: str
    bind: Bind


class TrialStart(NamedTuple):
    """A trial that gets its run: a new one, or (without `new`) one that was prepared."""

    key: str
    made: TrialRun
    new: NewTrial | None = None


class TrialSync(NamedTuple):
    """What the optimizer's new state has of a trial: whether its end, and its objectives up to which step."""

    key: str
    ended: bool
    step: int


class WriteResult(NamedTuple):
    """What came of a plan: whether it was written, and whether the sweep rests now until it is woken."""

    done: bool
    rests: bool = False


@dataclass(slots=True)
class SweepPlan:
    """Trials that have ended (`settled`) and runs of a tuner that have (`tuned`); runs to stop, with the reason; trials
    that get a run and such as are prepared; the optimizer's state, and what is in it. `ending` is how the sweep will
    end, `final` how it ends now. `asking` is who has asked for the trials that begin. `complete`: nothing more is to be
    done before something happens."""

    settled: list[TrialResult] = field(default_factory=list)
    tuned: list[TrialResult] = field(default_factory=list)
    stops: list[tuple[str, Step]] = field(default_factory=list)
    started: list[TrialStart] = field(default_factory=list)
    prepared: list[NewTrial] = field(default_factory=list)
    drops: int = 0
    state: bytes | None = None
    synced: Sequence[TrialSync] = ()
    exhausted: bool = False
    outcome: SweepOutcome | None = None
    final: SweepOutcome | None = None
    asking: TrialRequest | None = None
    complete: bool = False

    def is_empty(self, view: SweepView) -> bool:
        """Whether nothing would be different."""
        lists = (self.settled, self.tuned, self.stops, self.started, self.prepared, self.synced)
        same = self.outcome == view.outcome and self.exhausted == view.exhausted
        return same and not any(lists) and not self.final and not self.drops and self.state in (None, view.state)

    @property
    def taken(self) -> int:
        """How many prepared trials get their run."""
        return sum(each.new is None for each in self.started)

    @property
    def created(self) -> int:
        """How many trials more there are. Those that were only prepared and are dropped have never been."""
        begun = sum(each.new is not None and not each.new.tuner for each in self.started)
        return begun + len(self.prepared) - self.drops

    def count(self, phase: str) -> int:
        """How many trials have just ended so."""
        return sum(each.phase == phase for each in self.settled)

    @property
    def unscored(self) -> int:
        """How many of them could not be judged."""
        return sum(each.reason == Reason.NO_OBJECTIVE for each in self.settled)


async def write(tx: Tx, view: SweepView, plan: SweepPlan, *, policy: Policy, at: int) -> WriteResult:
    """Do it. Not done when somebody else has planned meanwhile."""
    if not await sweeps.claim_version(tx, view.run, view.version, _change(plan)):
        return WriteResult(done=False)
    await planned_trials.settle(tx, view.run, [*plan.settled, *plan.tuned], at=at)
    if plan.drops:
        await planned_trials.drop_prepared(tx, view.run)
    for each in plan.started:
        await _begin(tx, each, policy, at)
    new = [msgspec.structs.replace(s.new, run=s.made.new.id) for s in plan.started if s.new is not None]
    await planned_trials.insert(tx, view.run, [*new, *plan.prepared], at=at)
    await planned_trials.start(tx, view.run, [(s.key, s.made.new.id) for s in plan.started if s.new is None])
    await planned_trials.tell(tx, view.run, plan.synced)
    for run, step in plan.stops:
        await _stop(tx, run, step, policy, at)
    if plan.asking is not None and plan.started:
        await plan.asking.bind(tx, [each.made.new.id for each in plan.started])
    await _tell_run(tx, view, plan, at)
    if not plan.complete or plan.outcome is not None:
        return WriteResult(done=True)
    return WriteResult(done=True, rests=await sweeps.rested(tx, view.run, seen=view.wake_seq, until=None))


def _change(plan: SweepPlan) -> sweeps.SweepChange:
    return sweeps.SweepChange(
        created=plan.created,
        succeeded=plan.count("succeeded"),
        failed=plan.count("failed"),
        stopped=plan.count("stopped"),
        unscored=plan.unscored,
        exhausted=plan.exhausted,
        outcome="" if plan.outcome is None else _encode(plan.outcome).decode(),
        state=plan.state,
    )


async def _begin(tx: Tx, started: TrialStart, policy: Policy, at: int) -> None:
    new, refused, continues = started.made.new, started.made.refused, started.made.continues
    if refused:
        await runs.insert(tx, new)
        await runs.advance(tx, new.id, Step(Status.FAILED, Reason.INVALID, refused), at=at)
        return
    source = await runs.get(tx, continues) if continues else None
    if source is None:
        await add(tx, new, policy)
        return
    by = ActionContext(actor="core", policy=policy, at=at)
    await clone.insert(tx, await clone.continuation(tx, new, source), by)


async def _stop(tx: Tx, run: str, why: Step, policy: Policy, at: int) -> None:
    if await runs.want_stop(tx, run, actor="core", reason=why.reason, message=why.message, at=at):
        await reconcile(tx, run, policy=policy, at=at)


async def _tell_run(tx: Tx, view: SweepView, plan: SweepPlan, at: int) -> None:
    """The sweep's own run, last: how far it is, or that it is over."""
    total = view.max_trials if view.max_trials is not None else view.created + plan.created
    ended = view.succeeded + view.failed + view.stopped + len(plan.settled)
    await sweeps.progressed(tx, view.run, ended / total if total else None, at=at)
    if plan.final is None:
        return
    last = Step(plan.final.status, plan.final.reason, plan.final.message)
    through = (Step(Status.STOPPING, last.reason, last.message),) if view.status is Status.RUNNING else ()
    await runs.advance(tx, view.run, *(through if last.to is Status.STOPPED else ()), last, at=at)
