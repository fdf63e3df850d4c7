"""The part of the Optimizer suite (see `optimizer_suite`) about single answers. It asks how many suggestions they have,
that params lie in the space and are plain data, and that `check` and `outline` agree with them."""

from __future__ import annotations

import msgspec
import pytest

from trainyard_core.contracts.optimizer import Optimizer, StateUnreadable, Trial, TrialPhase
from trainyard_core.testing.optimizer_simulation import Call, Play, ask, of
from trainyard_core.testing.optimizer_tools import OptimizerHarness, text

__all__ = ["AnswerPromises"]

GARBAGE = (b"\x00", b"\xff\xfe no state at all", b'{"version":987654321}', b"[]")
MANY = 1000


class AnswerPromises:
    """Counts, bounds, plain data, exhaustion, `check` and `outline`."""

    async def test_every_answer_is_in_the_space_plain_and_no_more_than_was_asked_for(
        self, optimizer: Optimizer, harness: OptimizerHarness
    ) -> None:
        for case in harness.searched:
            for together in (1, 3):
                play = await Play(case, of(optimizer), together=together).run()
                assert play.suggested, f"{case.name}: nothing was suggested at all"

    async def test_a_study_that_can_be_searched_has_no_fault(
        self, optimizer: Optimizer, harness: OptimizerHarness
    ) -> None:
        for case in harness.searched:
            assert optimizer.check(case.study) == [], case.name

    async def test_what_cannot_be_searched_is_refused_with_a_fix(
        self, optimizer: Optimizer, harness: OptimizerHarness
    ) -> None:
        assert harness.refused, "give at least one study that is refused"
        for name, study in harness.refused.items():
            problems = optimizer.check(study)
            assert problems, f"{name} is not refused"
            assert all(problem.message and problem.fix for problem in problems), (
                f"{name}: {problems} want a message and a fix"
            )
            assert optimizer.check(study) == problems, f"{name}: another answer to the same question"

    async def test_asked_for_none_it_suggests_none_and_goes_on_as_well(
        self, optimizer: Optimizer, harness: OptimizerHarness
    ) -> None:
        for case in harness.searched:
            play = Play(case, of(optimizer))
            for _ in range(case.budget):
                answer = await play.step(0)
                assert not answer.suggestions, f"{case.name}: asked for none, got {answer.suggestions}"
                if play.exhausted:
                    break
                await play.step(1)
                play.end_oldest()
            assert play.suggested, f"{case.name}: nothing was suggested at all"

    async def test_asked_for_more_than_there_is_it_gives_each_once_and_ends(
        self, optimizer: Optimizer, harness: OptimizerHarness
    ) -> None:
        for case in harness.searched:
            if case.holds is None:
                continue
            play = await Play(case, of(optimizer), together=MANY).run(most=MANY)
            different = {text(suggestion.params) for suggestion in play.suggested}
            assert play.exhausted, f"{case.name}: not exhausted"
            assert len(different) == len(play.suggested) == case.holds, f"{case.name}: {len(play.suggested)} suggested"

    async def test_one_by_one_a_small_space_is_searched_to_its_end_without_a_repetition(
        self, optimizer: Optimizer, harness: OptimizerHarness
    ) -> None:
        for case in harness.searched:
            if case.holds is None:
                continue
            play = await Play(case, of(optimizer), together=1).run(most=MANY)
            assert len({text(suggestion.params) for suggestion in play.suggested}) == case.holds, case.name
            assert len(play.suggested) == case.holds, f"{case.name}: something was suggested twice"

    async def test_the_outline_holds(self, optimizer: Optimizer, harness: OptimizerHarness) -> None:
        for case in harness.searched:
            outline = optimizer.outline(case.study)
            assert outline.concurrency >= 1 and outline.prefetch >= 0, f"{case.name}: {outline}"
            assert outline.trials is None or outline.trials >= 1, f"{case.name}: {outline}"
            most = case.budget if outline.trials is None else min(case.budget, outline.trials)
            play = await Play(case, of(optimizer), together=outline.concurrency).run(most=most)
            assert play.exhausted or len(play.suggested) == most, f"{case.name}: it ends before its outline says"

    async def test_what_is_exhausted_stays_so(self, optimizer: Optimizer, harness: OptimizerHarness) -> None:
        for case in harness.searched:
            play = await Play(case, of(optimizer)).run()
            if not play.exhausted:
                continue
            for count in (0, 1, 5):
                answer = await play.step(count)
                assert answer.exhausted and not answer.suggestions, f"{case.name}: {answer}"

    @pytest.mark.parametrize("state", GARBAGE)
    async def test_a_state_that_it_cannot_read_is_said_to_be_so(
        self, optimizer: Optimizer, harness: OptimizerHarness, state: bytes
    ) -> None:
        for case in harness.searched:
            call = Call(study=case.study, changed=(), count=1, seed=1, state=state)
            with pytest.raises(StateUnreadable) as raised:
                await ask(optimizer, call)
            assert str(raised.value), f"{case.name}: no word about the state"

    async def test_trials_that_were_never_suggested_here_are_taken_in(
        self, optimizer: Optimizer, harness: OptimizerHarness
    ) -> None:
        for case in harness.searched:
            elsewhere = await Play(case, of(optimizer), seed=99, together=1).run(most=min(3, case.budget))
            known = [msgspec.structs.replace(trial, key=f"warm-{key}") for key, trial in elsewhere.trials.items()]
            strange = Trial(key="strange", params={"no such param": 1}, phase=TrialPhase.SUCCEEDED, values={"x": 1.0})
            play = Play(case, of(optimizer))
            play.tell(*known, strange)
            assert (await play.run()).suggested or play.exhausted, case.name
