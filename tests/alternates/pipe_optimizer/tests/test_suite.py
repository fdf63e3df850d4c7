"""The Optimizer suite finds what it is there to find: optimizers that break one promise each fail its test."""

import inspect
import itertools
import os

import msgspec
import pytest

from trainyard.matrix.space import Choice, Space, Uniform
from trainyard_alternate_pipe.points import point
from trainyard_core.contracts.optimizer import Optimizer, Outline, Study, Suggestion, Suggestions, TrialPhase
from trainyard_core.testing.optimizer_suite import OptimizerHarness, OptimizerSuite, Searched
from trainyard_core.testing.optimizer_tools import opened


class Sound(Optimizer):
    """Keeps its promises in a space of one number, and of four letters when there is no number."""

    name = "sound"
    letters = "pqrs"

    def check(self, study):
        return []

    def outline(self, study):
        return Outline(trials=self.most(study), concurrency=2)

    async def suggest(self, study, *, changed, count, seed, state):
        first = int(state or b"0")
        last = min(first + count, self.most(study))
        found = tuple(
            Suggestion(params=self.params(study, number, seed), key=str(number)) for number in range(first, last)
        )
        return Suggestions(suggestions=found, state=str(last).encode(), exhausted=last == self.most(study))

    async def aclose(self):
        pass

    def most(self, study):
        return 20 if "x" in study.space.params else 4

    def params(self, study, number, seed):
        if "x" in study.space.params:
            return {"x": point(number, 1, seed)[0]}
        return {"a": self.letters[(number + seed) % 4]}


class TellsNumbersOfItsLibrary(Sound):
    class Number(float):
        pass

    def params(self, study, number, seed):
        found = super().params(study, number, seed)
        return {name: self.Number(value) if name == "x" else value for name, value in found.items()}


class LeavesTheSpace(Sound):
    def params(self, study, number, seed):
        return {"x": 1.5} if "x" in study.space.params else {"a": "t"}


class SuggestsOneMore(Sound):
    async def suggest(self, study, *, count, **rest):
        return await super().suggest(study, count=count + 1, **rest)


class RepeatsItself(Sound):
    letters = "ppqr"


class GoesOnBeyondTheEnd(Sound):
    def most(self, study):
        return super().most(study) + 1


class NeverEnds(Sound):
    async def suggest(self, study, **rest):
        return msgspec.structs.replace(await super().suggest(study, **rest), exhausted=False)


class KeepsItToItself(Sound):
    def __init__(self):
        self._numbers = itertools.count()

    def params(self, study, number, seed):
        return super().params(study, next(self._numbers), seed)


class ThrowsDice(Sound):
    def params(self, study, number, seed):
        return super().params(study, number, int.from_bytes(os.urandom(4)))


class HeedsNoSeed(Sound):
    def params(self, study, number, seed):
        return super().params(study, number, 0)


class ReadsAnyState(Sound):
    async def suggest(self, study, *, state, **rest):
        return await super().suggest(study, state=state if state.isdigit() else b"", **rest)


class NamesTwoTheSame(Sound):
    async def suggest(self, study, **rest):
        answer = await super().suggest(study, **rest)
        same = tuple(msgspec.structs.replace(one, key="same") for one in answer.suggestions)
        return msgspec.structs.replace(answer, suggestions=same)


class BreaksWhenTrialsFail(Sound):
    async def suggest(self, study, *, changed, **rest):
        assert all(trial.phase is not TrialPhase.FAILED for trial in changed), "a trial has failed"
        return await super().suggest(study, changed=changed, **rest)


class WaitsForSuccess(Sound):
    async def suggest(self, study, *, changed, count, **rest):
        failed = any(trial.phase is TrialPhase.FAILED for trial in changed)
        return await super().suggest(study, changed=changed, count=0 if failed else count, **rest)


class PromisesTooMuch(Sound):
    def outline(self, study):
        return Outline(trials=0, concurrency=0)


BROKEN = [
    (TellsNumbersOfItsLibrary, "test_every_answer_is_in_the_space_plain_and_no_more_than_was_asked_for"),
    (LeavesTheSpace, "test_every_answer_is_in_the_space_plain_and_no_more_than_was_asked_for"),
    (SuggestsOneMore, "test_every_answer_is_in_the_space_plain_and_no_more_than_was_asked_for"),
    (NamesTwoTheSame, "test_every_answer_is_in_the_space_plain_and_no_more_than_was_asked_for"),
    (SuggestsOneMore, "test_asked_for_none_it_suggests_none_and_goes_on_as_well"),
    (RepeatsItself, "test_one_by_one_a_small_space_is_searched_to_its_end_without_a_repetition"),
    (GoesOnBeyondTheEnd, "test_asked_for_more_than_there_is_it_gives_each_once_and_ends"),
    (NeverEnds, "test_asked_for_more_than_there_is_it_gives_each_once_and_ends"),
    (KeepsItToItself, "test_a_new_instance_for_each_call_changes_nothing"),
    (KeepsItToItself, "test_an_answer_that_was_lost_is_given_again"),
    (KeepsItToItself, "test_an_old_state_is_as_good_as_a_new_one"),
    (KeepsItToItself, "test_sweeps_that_overlap_on_one_instance_are_kept_apart"),
    (ThrowsDice, "test_the_same_calls_have_the_same_answers"),
    (HeedsNoSeed, "test_other_seeds_give_other_trials"),
    (ReadsAnyState, "test_a_state_that_it_cannot_read_is_said_to_be_so"),
    (BreaksWhenTrialsFail, "test_a_sweep_goes_on_whatever_its_trials_come_to"),
    (WaitsForSuccess, "test_a_sweep_goes_on_whatever_its_trials_come_to"),
    (PromisesTooMuch, "test_the_outline_holds"),
    (Sound, "test_what_cannot_be_searched_is_refused_with_a_fix"),
]
GIVEN = {"fate": lambda _: TrialPhase.FAILED, "state": b"\xff\xfe no state at all"}


def harness(build):
    number = Study(space=Space(params={"x": Uniform(low=0, high=1)}))
    letter = Study(space=Space(params={"a": Choice(values=tuple("pqrs"))}))
    searched = (Searched(name="a number", study=number), Searched(name="a letter", study=letter, holds=4))
    return OptimizerHarness(build=build, searched=searched, refused={"anything": number})


async def run(build, name):
    """One test of the suite, as pytest would call it."""
    test = getattr(OptimizerSuite(), name)
    given = harness(build)
    async with opened(given) as optimizer:
        known = {**GIVEN, "harness": given, "optimizer": optimizer}
        await test(**{word: known[word] for word in inspect.signature(test).parameters})


@pytest.mark.parametrize("build, name", BROKEN, ids=lambda it: it if isinstance(it, str) else it.__name__)
async def test_a_broken_promise_is_found(build, name):
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await run(build, name)


@pytest.mark.parametrize("name", sorted({name for build, name in BROKEN if build not in (Sound, ReadsAnyState)}))
async def test_a_kept_promise_is_not(name):
    await run(Sound, name)
