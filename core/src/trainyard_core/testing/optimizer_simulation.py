"""Simulates core for the Optimizer suite: asks for suggestions, makes up the results of the trials, reports them with
the next call, and records each call with its answer. It asserts what must hold for every answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from trainyard.matrix.space import misfit
from trainyard_core.contracts.optimizer import (
    IntermediateValue,
    Optimizer,
    Study,
    Suggestion,
    Suggestions,
    Trial,
    TrialPhase,
)
from trainyard_core.testing.optimizer_tools import OptimizerHarness, Searched, is_plain, measure, opened

__all__ = ["STEPS", "Asker", "Call", "Fate", "Play", "all_fail", "all_well", "ask", "course", "mixed", "of", "renewing"]

STEPS = 4
"""How many steps a trial logs before it ends."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of one `suggest`."""

    study: Study
    changed: tuple[Trial, ...]
    count: int
    seed: int
    state: bytes


Asker = Callable[[Call], Awaitable[Suggestions]]
Fate = Callable[[int], TrialPhase]
"""What becomes of the trial of that number, from 0."""


async def ask(optimizer: Optimizer, call: Call) -> Suggestions:
    """Make the call once."""
    return await optimizer.suggest(call.study, changed=call.changed, count=call.count, seed=call.seed, state=call.state)


def of(optimizer: Optimizer) -> Asker:
    """Return an asker that calls this one instance."""
    return lambda call: ask(optimizer, call)


def renewing(harness: OptimizerHarness) -> Asker:
    """Return an asker that calls a new instance each time."""

    async def asked(call: Call) -> Suggestions:
        async with opened(harness) as optimizer:
            return await ask(optimizer, call)

    return asked


def all_well(_: int) -> TrialPhase:
    """Every trial succeeds."""
    return TrialPhase.SUCCEEDED


def all_fail(_: int) -> TrialPhase:
    """Every trial fails."""
    return TrialPhase.FAILED


def mixed(number: int) -> TrialPhase:
    """Half of the trials succeed; the others fail or are stopped."""
    return (TrialPhase.SUCCEEDED, TrialPhase.FAILED, TrialPhase.SUCCEEDED, TrialPhase.STOPPED)[number % 4]


class Play:
    """The simulation of one sweep. `together` trials run at once; the oldest ends first, as `fate` says for its
    number."""

    def __init__(
        self, case: Searched, asker: Asker, *, seed: int = 7, together: int = 2, fate: Fate = all_well
    ) -> None:
        self.calls: list[Call] = []
        self.answers: list[Suggestions] = []
        self.suggested: list[Suggestion] = []
        self.trials: dict[str, Trial] = {}
        self.exhausted = False
        self.state = b""
        self._case, self._asker, self._seed, self._together, self._fate = case, asker, seed, together, fate
        self._live: list[Suggestion] = []
        self._numbers: dict[str, int] = {}
        self._news: dict[str, Trial] = {}

    async def run(self, *, most: int | None = None) -> Play:
        """Ask for trials and end them until the optimizer is exhausted or `most` trials (by default the budget of the
        case) were suggested, then end the trials that still run."""
        most = self._case.budget if most is None else most
        while len(self.suggested) < most and not self.exhausted:
            room = min(self._together - self._running, most - len(self.suggested))
            asked = await self.step(room)
            assert asked.suggestions or self._live or self.exhausted, (
                f"{self._case.name}: nothing is suggested while nothing runs, and it is not exhausted: it would hang"
            )
            self.end_oldest()
        while self._live:
            self.end_oldest()
        return self

    async def step(self, count: int) -> Suggestions:
        """Make one call with the trials that have changed, ask for `count` suggestions, and start these."""
        call = Call(
            study=self._case.study,
            changed=tuple(self._news.values()),
            count=count,
            seed=self._seed,
            state=self.state,
        )
        answer = await self._asker(call)
        self.calls.append(call)
        self.answers.append(answer)
        self._check(answer, count)
        self.state, self.exhausted, self._news = answer.state, answer.exhausted, {}
        for suggestion in answer.suggestions:
            self._begin(suggestion)
        return answer

    def tell(self, *trials: Trial) -> None:
        """Pass these trials to the next call as changed."""
        self._news |= {trial.key: trial for trial in trials}

    def end_oldest(self) -> None:
        """End the oldest live trial as `fate` says."""
        if self._live:
            suggestion = self._live.pop(0)
            self._news[suggestion.key] = self.trials[suggestion.key] = self._ended(suggestion)

    @property
    def _running(self) -> int:
        return sum(not suggestion.tuner for suggestion in self._live)

    def _begin(self, suggestion: Suggestion) -> None:
        """Start a trial. Every second one is reported as running before it ends, the others as pending."""
        suggestion = msgspec.structs.replace(suggestion, key=suggestion.key or f"core-{len(self._numbers)}")
        number = self._numbers[suggestion.key] = len(self._numbers)
        self._live.append(suggestion)
        if not suggestion.tuner:
            self.suggested.append(suggestion)
        phase = TrialPhase.RUNNING if number % 2 else TrialPhase.PENDING
        trial = Trial(key=suggestion.key, params=suggestion.params, phase=phase)
        self._news[suggestion.key] = self.trials[suggestion.key] = trial

    def _ended(self, suggestion: Suggestion) -> Trial:
        trial = Trial(key=suggestion.key, params=suggestion.params, phase=TrialPhase.SUCCEEDED)
        if suggestion.tuner:
            assert self._case.tuner is not None, f"{self._case.name}: a tuner is suggested, and the case gives none"
            return msgspec.structs.replace(trial, outputs=self._case.tuner(suggestion.params))
        phase = self._fate(self._numbers[suggestion.key])
        return course(self._case.study, trial, phase)

    def _check(self, answer: Suggestions, count: int) -> None:
        """Assert what holds for every answer."""
        trials = [suggestion for suggestion in answer.suggestions if not suggestion.tuner]
        assert len(trials) <= count, f"{self._case.name}: {count} asked for, {len(trials)} suggested"
        assert not (self.exhausted and answer.suggestions), f"{self._case.name}: suggested after it was exhausted"
        assert not answer.failure, f"{self._case.name}: failed with {answer.failure}"
        keys = [*self._numbers, *(suggestion.key for suggestion in answer.suggestions if suggestion.key)]
        assert len(keys) == len(set(keys)), f"{self._case.name}: a key is there twice in {keys}"
        for suggestion in answer.suggestions:
            self._check_one(suggestion)

    def _check_one(self, suggestion: Suggestion) -> None:
        where = f"{self._case.name}: {suggestion}"
        assert is_plain(suggestion.params), f"{where} has params that are no plain data"
        assert not suggestion.continues or suggestion.continues in self.trials, f"{where} continues what is not there"
        assert not suggestion.tuner or suggestion.key, f"{where} has no key"
        if not suggestion.tuner:
            own = {name: value for name, value in suggestion.params.items() if name not in self._case.adds}
            assert not misfit(self._case.study.space, own), f"{where}: {misfit(self._case.study.space, own)}"
            assert self._case.adds <= set(suggestion.params), f"{where} lacks what the algorithm adds"


def course(study: Study, trial: Trial, phase: TrialPhase) -> Trial:
    """Return the trial in this phase, with the values that it logged before."""
    names = [objective.name for objective in study.objectives] + [limit.name for limit in study.limits]
    logged = tuple(
        IntermediateValue(name, step, measure(name, trial.params, step))
        for step in range(1, STEPS + 1)
        for name in names
    )
    if phase is TrialPhase.SUCCEEDED:
        values = {name: measure(name, trial.params, STEPS) for name in names}
        return msgspec.structs.replace(trial, phase=phase, intermediate=logged, values=values)
    reason = "early_stopped" if phase is TrialPhase.STOPPED else "exit_code"
    part = logged[: len(logged) // 2] if phase is TrialPhase.STOPPED else ()
    return msgspec.structs.replace(trial, phase=phase, intermediate=part, reason=reason)
