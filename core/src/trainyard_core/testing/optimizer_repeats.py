"""The part of the Optimizer suite (see `optimizer_suite`) about repeated calls. They are made on another instance, in
another process, after an answer was lost, and while other searches use the same instance."""

from __future__ import annotations

import asyncio

from trainyard_core.contracts.optimizer import Optimizer, Suggestions
from trainyard_core.testing import optimizer_process as elsewhere
from trainyard_core.testing.optimizer_simulation import Asker, Call, Fate, Play, all_well, ask, mixed, of, renewing
from trainyard_core.testing.optimizer_tools import OptimizerHarness, Searched, opened, text

__all__ = ["RepeatPromises"]


class RepeatPromises:
    """Answers are deterministic and depend on nothing but the arguments, of which the state is one."""

    async def test_the_same_calls_have_the_same_answers(self, harness: OptimizerHarness) -> None:
        for case in harness.searched:
            one, other = [await _played(harness, case) for _ in range(2)]
            assert _said(one) == _said(other), case.name

    async def test_a_new_instance_for_each_call_changes_nothing(self, harness: OptimizerHarness) -> None:
        for case in harness.searched:
            kept = await _played(harness, case, fate=mixed)
            renewed = await Play(case, renewing(harness), fate=mixed).run()
            assert _said(kept) == _said(renewed), f"{case.name}: something is kept that is not in the state"

    async def test_another_process_answers_the_same(self, harness: OptimizerHarness) -> None:
        calls: list[Call] = []
        answers: list[Suggestions] = []
        for case in harness.searched:
            play = await _played(harness, case, fate=mixed)
            calls += play.calls
            answers += play.answers
        others = await asyncio.to_thread(elsewhere.asked, harness.build, calls)
        for call, answer, other in zip(calls, answers, others, strict=True):
            assert answer.suggestions == other.suggestions, f"{call.study}: another process says something else"
            assert answer.exhausted == other.exhausted

    async def test_check_and_outline_import_nothing_heavy(self, harness: OptimizerHarness) -> None:
        studies = [case.study for case in harness.searched]
        loaded = await asyncio.to_thread(elsewhere.loaded, harness.build, studies)
        assert not loaded & set(harness.heavy), f"{loaded & set(harness.heavy)} is imported where files are linted"

    async def test_an_answer_that_was_lost_is_given_again(self, harness: OptimizerHarness) -> None:
        for case in harness.searched:
            async with opened(harness) as optimizer:
                play = await Play(case, _twice(optimizer), fate=mixed).run()
            assert _said(play) == _said(await _played(harness, case, fate=mixed)), case.name

    async def test_an_old_state_is_as_good_as_a_new_one(self, harness: OptimizerHarness) -> None:
        for case in harness.searched:
            async with opened(harness) as optimizer:
                play = await Play(case, of(optimizer)).run()
                for call, answer in list(zip(play.calls, play.answers, strict=True))[::-3]:
                    again = await ask(optimizer, call)
                    assert again.suggestions == answer.suggestions, f"{case.name}: asked again later"

    async def test_other_seeds_give_other_trials(self, harness: OptimizerHarness) -> None:
        for case in harness.searched:
            if not case.random:
                continue
            plays = [await _played(harness, case, seed=seed) for seed in (1, 2, 3)]
            assert len({text([s.params for s in play.suggested]) for play in plays}) > 1, case.name

    async def test_sweeps_that_overlap_on_one_instance_are_kept_apart(self, harness: OptimizerHarness) -> None:
        wanted = [(case, seed) for case in harness.searched for seed in (4, 5)][:6]
        alone = [await _played(harness, case, seed=seed) for case, seed in wanted]
        async with opened(harness) as optimizer:
            plays = [Play(case, of(optimizer), seed=seed) for case, seed in wanted]
            await asyncio.gather(*(play.run() for play in plays))
        for (case, _), one, other in zip(wanted, alone, plays, strict=True):
            assert _said(one) == _said(other), f"{case.name}: it knows of another sweep"


async def _played(harness: OptimizerHarness, case: Searched, *, seed: int = 7, fate: Fate = all_well) -> Play:
    """Run a whole simulation on an instance of its own."""
    async with opened(harness) as optimizer:
        return await Play(case, of(optimizer), seed=seed, fate=fate).run()


def _twice(optimizer: Optimizer) -> Asker:
    """Return an asker that makes each call twice and returns the second answer."""

    async def asked(call: Call) -> Suggestions:
        lost = await ask(optimizer, call)
        answer = await ask(optimizer, call)
        assert lost.suggestions == answer.suggestions, "the same call has another answer"
        return answer

    return asked


def _said(play: Play) -> list[tuple[object, bool]]:
    return [(answer.suggestions, answer.exhausted) for answer in play.answers]
