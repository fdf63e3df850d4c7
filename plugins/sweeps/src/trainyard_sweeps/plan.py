"""What is to be done about a sweep, and the same as a plan for core."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from trainyard_core.contracts.director import ChildStop, End, NewChild, Plan, Write
from trainyard_sweeps import planned_trials, sweeps
from trainyard_sweeps.outcome import SweepOutcome
from trainyard_sweeps.planned_trials import NewTrial, TrialResult, TrialSync
from trainyard_sweeps.reason import SweepReason
from trainyard_sweeps.setup import progress
from trainyard_sweeps.view import SweepView

__all__ = ["SweepPlan", "TrialRequest", "TrialStart", "plan_of"]

_encode = msgspec.json.Encoder().encode


class TrialRequest(NamedTuple):
    """A program outside asks for so many trials at most."""

    limit: int
    asker: str


class TrialStart(NamedTuple):
    """A trial that gets its run: a new one, or (without `new`) one that was prepared."""

    child: NewChild
    new: NewTrial | None = None


@dataclass(slots=True)
class SweepPlan:
    """Trials that have ended (`settled`) and runs of a tuner that have (`tuned`); trials to stop, with the reason;
    trials that get a run and such as are prepared; the optimizer's state, and what is in it. `outcome` is how the sweep
    will end, `final` how it ends now. `request` is who has asked for the trials that begin. `complete`: nothing more is
    to be done before something happens. `trouble` is what keeps the sweep's rules from being followed."""

    settled: list[TrialResult] = field(default_factory=list)
    tuned: list[TrialResult] = field(default_factory=list)
    stops: list[ChildStop] = field(default_factory=list)
    started: list[TrialStart] = field(default_factory=list)
    prepared: list[NewTrial] = field(default_factory=list)
    drops: int = 0
    state: bytes | None = None
    synced: Sequence[TrialSync] = ()
    exhausted: bool = False
    outcome: SweepOutcome | None = None
    final: SweepOutcome | None = None
    request: TrialRequest | None = None
    complete: bool = False
    trouble: tuple[str, ...] = ()

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
        return sum(each.reason == SweepReason.NO_OBJECTIVE for each in self.settled)


def plan_of(view: SweepView, plan: SweepPlan, *, at: int) -> Plan:
    """The plan as core carries it out."""
    if plan.is_empty(view):
        return Plan()
    total = view.max_trials if view.max_trials is not None else view.created + plan.created
    ended = view.succeeded + view.failed + view.stopped + len(plan.settled)
    final = plan.final
    return Plan(
        create=[each.child for each in plan.started],
        stop=plan.stops,
        finish=None if final is None else End(final.status, final.reason, final.message),
        state=plan.state,
        progress=progress(ended, view.max_trials, total=total, trouble=plan.trouble),
        writes=[*_writes(view.run, plan, at)],
        rests=plan.complete and plan.outcome is None,
    )


def _writes(sweep: str, plan: SweepPlan, at: int) -> Iterator[Write]:
    yield sweeps.change(sweep, _change(plan))
    syncs = {each.key: each for each in plan.synced}
    if ended := [*plan.settled, *plan.tuned]:
        yield planned_trials.results(sweep, [(each, syncs.pop(each.key, None)) for each in ended], at=at)
    if plan.drops:
        yield planned_trials.drop_prepared(sweep)
    new = [msgspec.structs.replace(s.new, run=s.child.run) for s in plan.started if s.new is not None]
    if new or plan.prepared:
        yield planned_trials.insertion(sweep, [*new, *plan.prepared], at=at)
    if taken := [each.child for each in plan.started if each.new is None]:
        yield planned_trials.start(sweep, [(each.key, each.run, syncs.pop(each.key, None)) for each in taken])
    if syncs:
        yield planned_trials.synced(sweep, syncs.values())


def _change(plan: SweepPlan) -> sweeps.SweepChange:
    return sweeps.SweepChange(
        created=plan.created,
        succeeded=plan.count("succeeded"),
        failed=plan.count("failed"),
        stopped=plan.count("stopped"),
        unscored=plan.unscored,
        exhausted=plan.exhausted,
        outcome="" if plan.outcome is None else _encode(plan.outcome).decode(),
    )
