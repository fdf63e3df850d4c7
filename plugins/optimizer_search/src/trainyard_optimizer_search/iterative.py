"""`iterative`: a program of the user's proposes the trials. Its run, the tuner, is given the iteration and all results
so far, and answers with its output `suggestions`; when those trials have ended, the next iteration asks it again. A
tuner that fails or answers with something else fails the sweep, in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trainyard.client.models import FieldProblem
from trainyard_core.contracts.optimizer import Optimizer, Outline, Study, Suggestion, Suggestions, Trial, TrialPhase
from trainyard_optimizer_search import checks
from trainyard_optimizer_search import state as states
from trainyard_optimizer_search.tuner_state import TunerFailed, TunerState, suggested

__all__ = ["IterativeOptimizer"]

TUNER = "tuner-"
LIVE = (TrialPhase.PENDING, TrialPhase.RUNNING)


class IterativeOptimizer(Optimizer):
    """Options: `maxIterations`, how often the tuner is asked at most, and `tuner`, which core makes its runs of.

    A tuner's params are `iteration`, from 0, and `trials`, a list of `{key, params, phase, values}`. Its answer is
    checked against the space when there is one."""

    name = "iterative"

    def check(self, study: Study) -> list[FieldProblem]:
        problems = checks.check_whole(study, "maxIterations", needed=True)
        if not study.options.get("tuner"):
            fix = "give `tuner: {hubRef: ...}`, a component that logs the output `suggestions`"
            problems.append(FieldProblem(message="iterative has no tuner", field="tuner", fix=fix))
        return problems

    def outline(self, study: Study) -> Outline:
        return Outline(trials=None, concurrency=4)

    async def suggest(
        self, study: Study, *, changed: Sequence[Trial], count: int, seed: int, state: bytes
    ) -> Suggestions:
        batch = states.read(self.name, TunerState, state)
        try:
            for trial in changed:
                _take(study, batch, trial)
        except TunerFailed as failed:
            batch.failure = str(failed)
        found = () if batch.failure else tuple(_next(study, batch, count))
        return Suggestions(
            suggestions=found,
            state=states.write(self.name, batch),
            exhausted=not batch.failure and _is_done(study, batch),
            failure=batch.failure,
        )

    async def aclose(self) -> None:
        """Nothing is held."""


def _take(study: Study, batch: TunerState, trial: Trial) -> None:
    """The tuner's answer, or a trial's result; also one of a trial that no tuner suggested."""
    if trial.phase in LIVE:
        return
    if trial.key.startswith(TUNER):
        if batch.asked and batch.answer is None and trial.key == _tuner(batch):
            batch.answer = _answer(study, trial)
        return
    batch.results[trial.key] = {
        "key": trial.key,
        "params": trial.params,
        "phase": trial.phase.value,
        "values": dict(trial.values),
    }
    batch.live = [key for key in batch.live if key != trial.key]


def _answer(study: Study, tuner: Trial) -> list[dict[str, object]]:
    if tuner.phase is not TrialPhase.SUCCEEDED:
        raise TunerFailed(f"{tuner.key} {tuner.phase.value} ({tuner.reason or 'no reason given'}); see its logs")
    return suggested(study.space, tuner.key, tuner.outputs)


def _next(study: Study, batch: TunerState, count: int) -> Iterator[Suggestion]:
    """The next of the answer's trials, or the next tuner when they have all ended."""
    if batch.answer and batch.begun == len(batch.answer) and not batch.live and not _is_done(study, batch):
        batch.iteration, batch.asked, batch.answer, batch.begun = batch.iteration + 1, False, None, 0
    if count and not batch.asked:
        batch.asked = True
        params: dict[str, object] = {"iteration": batch.iteration, "trials": list(batch.results.values())}
        yield Suggestion(params=params, key=_tuner(batch), tuner=True)
    for params in (batch.answer or [])[batch.begun : batch.begun + count]:
        key = f"{batch.iteration}-{batch.begun}"
        batch.begun += 1
        batch.live.append(key)
        yield Suggestion(params=params, key=key)


def _is_done(study: Study, batch: TunerState) -> bool:
    """Whether the tuner has said that this is all, or has been asked often enough and all of it was suggested."""
    if batch.answer is None or batch.begun < len(batch.answer):
        return False
    return not batch.answer or batch.iteration + 1 >= checks.whole(study, "maxIterations", 1)


def _tuner(batch: TunerState) -> str:
    return f"{TUNER}{batch.iteration}"
