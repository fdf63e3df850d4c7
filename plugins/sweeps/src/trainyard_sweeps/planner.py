"""Plans one sweep: evaluate the trials that have ended; decide what is to be stopped; ask the optimizer; and put the
new trials, the optimizer's new state and what was consumed into one plan."""

from __future__ import annotations

from typing import Any

from trainyard.matrix.sweep import SweepSpec
from trainyard_core.contracts.database import PluginTx
from trainyard_core.contracts.director import Parent, Plan, Planner, PlanTools, Status, View
from trainyard_sweeps import concurrency, decision, planned_trials, trial_update
from trainyard_sweeps.installed_policies import InstalledPolicies
from trainyard_sweeps.intermediate import IntermediateResults, stop_of
from trainyard_sweeps.outcome import SweepOutcome, natural
from trainyard_sweeps.plan import SweepPlan, plan_of
from trainyard_sweeps.reason import SweepReason
from trainyard_sweeps.setup import Algorithms
from trainyard_sweeps.suggest import Suggester
from trainyard_sweeps.view import SweepView, load, view_of
from trainyard_sweeps.warm_start import earlier_trials

__all__ = ["SweepPlanner"]


class SweepPlanner(Planner):
    """Plans one sweep; its plans come one after the other."""

    def __init__(self, run: str, algorithms: Algorithms, policies: InstalledPolicies) -> None:
        self.run = run
        self._policies = policies
        self._suggester = Suggester(algorithms)
        self._intermediate: IntermediateResults | None = None
        self._sweep: SweepSpec | None = None

    async def load(self, read: PluginTx, parent: Parent) -> Any:
        """See `Planner`."""
        return await load(read, self.run, whole=self._sweep is None)

    async def plan(self, view: View, tools: PlanTools) -> Plan:
        """See `Planner`."""
        sweep = view_of(view, self._sweep)
        self._sweep = sweep.sweep
        request = None if view.request is None else view.request.data
        settled = [decision.trial_result(sweep, trial) for trial in sweep.ended if not trial.tuner]
        plan = SweepPlan(
            settled=settled,
            tuned=[decision.tuner_result(trial) for trial in sweep.ended if trial.tuner],
            exhausted=sweep.exhausted,
            outcome=sweep.outcome or decision.outcome(sweep, settled),
            request=request,
        )
        await self._decide(sweep, plan, tools)
        return plan_of(sweep, plan, at=tools.clock.now())

    async def _decide(self, view: SweepView, plan: SweepPlan, tools: PlanTools) -> None:
        if plan.outcome is None:
            await self._go_on(view, plan, tools)
        if plan.outcome is not None:
            decision.wind_up(view, plan, plan.outcome)
        elif decision.has_run_out(view, plan):
            plan.outcome = plan.final = await self._natural(view, plan, tools)

    async def _go_on(self, view: SweepView, plan: SweepPlan, tools: PlanTools) -> None:
        """What is stopped, started and suggested while the sweep goes on."""
        intermediate = await self._refreshed(view, tools)
        plan.stops = await intermediate.stops(view)
        plan.trouble = intermediate.trouble
        free = view.concurrency - sum(not trial.tuner for trial in view.open)
        self._suggester.start_prepared(view, plan, free)
        free -= len(plan.started)
        changed = trial_update.changed(view, {each.key: each for each in plan.settled}, intermediate.since)
        count = concurrency.wanted(view, plan, free)
        plan.complete = concurrency.can_wait(view, plan, changed, count)
        if plan.complete or (plan.started and concurrency.comes_first(view, quick=self._suggester.is_quick)):
            return  # the slot is taken at once; what comes next is thought about afterwards
        if not view.state and not view.created:
            changed = [*await earlier_trials(view, tools), *changed]
        answer, stops = await self._suggester.ask(view, changed, count)
        going = {trial.key: trial for trial in view.open if not trial.stopping}
        plan.stops += [stop_of(going[stop.key], stop) for stop in stops if stop.key in going]
        plan.state, plan.exhausted = answer.state, plan.exhausted or answer.exhausted
        plan.synced = trial_update.syncs(changed, {trial.key: trial.synced_step for trial in view.unfinished})
        plan.complete = answer.exhausted or len(answer.suggestions) >= count
        if answer.failure:
            plan.outcome = SweepOutcome(status=Status.FAILED, reason=SweepReason.OPTIMIZER, message=answer.failure)
        else:
            await self._suggester.take(view, plan, answer, free=free, tools=tools)

    async def _refreshed(self, view: SweepView, tools: PlanTools) -> IntermediateResults:
        if self._intermediate is None:
            judges = self._suggester.judging(view) is not None
            self._intermediate = IntermediateResults(view, self._policies, judges=judges)
        await self._intermediate.refresh(view, tools)
        return self._intermediate

    async def _natural(self, view: SweepView, plan: SweepPlan, tools: PlanTools) -> SweepOutcome:
        succeeded = view.succeeded + plan.count("succeeded")
        last = next((each.message or each.reason for each in reversed(plan.settled) if each.phase == "failed"), "")
        if not last and not succeeded:
            last = await tools.read(lambda tx: planned_trials.last_failure(tx, view.run))
        return natural(succeeded=succeeded, total=view.created + plan.created, last_failure=last)
