"""The part of the Optimizer suite (see `optimizer_suite`) about trials that do not simply succeed."""

from __future__ import annotations

import msgspec
import pytest

from trainyard_core.contracts.optimizer import Optimizer, TrialPhase
from trainyard_core.testing.optimizer_simulation import Fate, Play, all_fail, all_well, mixed, of
from trainyard_core.testing.optimizer_tools import OptimizerHarness

__all__ = ["FatePromises"]


def all_stopped(_: int) -> TrialPhase:
    """Every trial is stopped."""
    return TrialPhase.STOPPED


class FatePromises:
    """Trials that fail, are stopped, never end, or change again after they ended."""

    @pytest.mark.parametrize("fate", [all_fail, all_stopped, mixed])
    async def test_a_sweep_goes_on_whatever_its_trials_come_to(
        self, optimizer: Optimizer, harness: OptimizerHarness, fate: Fate
    ) -> None:
        for case in harness.searched:
            play = await Play(case, of(optimizer), together=2, fate=fate).run()
            assert play.exhausted or len(play.suggested) == case.budget, f"{case.name}: it came to a halt"

    async def test_it_goes_on_beside_a_trial_that_never_ends(
        self, optimizer: Optimizer, harness: OptimizerHarness
    ) -> None:
        for case in harness.searched:
            play = Play(case, of(optimizer), together=1)
            await play.step(1)
            if not play.suggested:
                continue  # its first word is a tuner's run, which must end
            for _ in range(3):
                await play.step(1)

    async def test_a_trial_that_changes_again_replaces_what_was_told(
        self, optimizer: Optimizer, harness: OptimizerHarness
    ) -> None:
        for case in harness.searched:
            play = await Play(case, of(optimizer), fate=all_well).run(most=max(1, case.budget // 2))
            ended = [trial for trial in play.trials.values() if not trial.outputs]
            fail = [msgspec.structs.replace(t, phase=TrialPhase.FAILED, values={}, intermediate=()) for t in ended]
            play.tell(*fail)
            await play.step(0)
            play.tell(*ended)
            await play.step(0)
            if not play.exhausted:
                await play.step(1)

    async def test_values_that_say_nothing_of_the_objectives_break_nothing(
        self, optimizer: Optimizer, harness: OptimizerHarness
    ) -> None:
        for case in harness.searched:
            play = Play(case, of(optimizer), together=1)
            await play.step(1)
            odd = [
                msgspec.structs.replace(trial, phase=TrialPhase.STOPPED, values={"another metric": 1.0})
                for trial in play.trials.values()
                if trial.key in {suggestion.key for suggestion in play.suggested}
            ]
            play.tell(*odd)
            await play.step(1)
