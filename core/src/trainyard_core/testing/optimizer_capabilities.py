"""The part of the Optimizer suite (see `optimizer_suite`) about the optional protocols that an optimizer implements."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import pytest

from trainyard_core.contracts.optimizer import (
    Judgement,
    Optimizer,
    Study,
    SupportsEarlyStopping,
    SupportsPrediction,
    Trial,
    TrialPhase,
)
from trainyard_core.testing.optimizer_simulation import Play, course, of
from trainyard_core.testing.optimizer_tools import OptimizerHarness, opened

__all__ = ["PowerPromises"]


class PowerPromises:
    """Early stopping and predictions."""

    async def test_a_judgement_is_of_known_trials_finite_and_repeatable(
        self, optimizer: Optimizer, harness: OptimizerHarness
    ) -> None:
        if not isinstance(optimizer, SupportsEarlyStopping):
            pytest.skip("it does not judge trials that run")
        for case in harness.searched:
            play = Play(case, of(optimizer), together=4)
            await play.step(4)
            running = [course(case.study, trial, TrialPhase.STOPPED) for trial in play.trials.values()]
            running = [msgspec.structs.replace(trial, phase=TrialPhase.RUNNING, reason="") for trial in running]
            said = await _judged(optimizer, case.study, running, play.state)
            _check(said, {trial.key for trial in running})
            async with opened(harness) as other:
                assert isinstance(other, SupportsEarlyStopping)
                again = await _judged(other, case.study, running, play.state)
            assert again.stops == said.stops, f"{case.name}: another instance judges otherwise"
            play.state = said.state
            await play.run()

    async def test_a_judgement_of_nothing_new_stops_nothing_that_was_not_stopped(
        self, optimizer: Optimizer, harness: OptimizerHarness
    ) -> None:
        if not isinstance(optimizer, SupportsEarlyStopping):
            pytest.skip("it does not judge trials that run")
        for case in harness.searched:
            assert not (await _judged(optimizer, case.study, [], b"")).stops, case.name

    async def test_predictions_come_one_a_point_and_are_finite(
        self, optimizer: Optimizer, harness: OptimizerHarness
    ) -> None:
        if not isinstance(optimizer, SupportsPrediction):
            pytest.skip("it predicts nothing")
        for case in harness.searched:
            play = await Play(case, of(optimizer)).run()
            points = [suggestion.params for suggestion in play.suggested[:3]]
            said = await optimizer.predict(case.study, points=points, state=play.state)
            assert len(said) == len(points), case.name
            for one in said:
                if one is None:
                    continue
                assert set(one.mean) == set(one.deviation) == {o.name for o in case.study.objectives}, case.name
                assert all(map(math.isfinite, one.mean.values())), f"{case.name}: {one}"
                assert all(deviation >= 0 for deviation in one.deviation.values()), f"{case.name}: {one}"


async def _judged(optimizer: SupportsEarlyStopping, study: Study, changed: Sequence[Trial], state: bytes) -> Judgement:
    return await optimizer.judge(study, changed=changed, seed=7, state=state)


def _check(said: Judgement, keys: set[str]) -> None:
    stopped = [stop.key for stop in said.stops]
    assert set(stopped) <= keys, f"{stopped} were not all told of"
    assert len(stopped) == len(set(stopped)), f"{stopped} has a trial twice"
    for stop in said.stops:
        assert stop.rule and math.isfinite(stop.value) and math.isfinite(stop.against), stop
