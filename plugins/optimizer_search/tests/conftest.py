"""Plays sweeps: each test says what its trials come to."""

from collections.abc import Callable

import msgspec
import pytest

from trainyard_core.contracts.optimizer import Suggestions, Trial, TrialPhase


class Sweep:
    """One sweep on one optimizer, driven call by call."""

    def __init__(self, optimizer, study, seed=1):
        self.optimizer, self.study, self.seed, self.state = optimizer, study, seed, b""

    async def ask(self, count, *changed) -> Suggestions:
        answer = await self.optimizer.suggest(
            self.study, changed=changed, count=count, seed=self.seed, state=self.state
        )
        self.state = answer.state
        return answer

    async def judge(self, *changed):
        said = await self.optimizer.judge(self.study, changed=changed, seed=self.seed, state=self.state)
        self.state = said.state
        return said.stops

    async def run(self, value: Callable[[dict], float | None], *, together=1000):
        """To the end; `value` gives each trial's, None fails it. Answers with all suggestions, batch by batch."""
        batches, changed = [], []
        while True:
            answer = await self.ask(together, *changed)
            if answer.suggestions:
                batches.append(answer.suggestions)
            if answer.exhausted:
                return batches
            assert answer.suggestions, "it would hang"
            changed = [ended(one, value(one.params)) for one in answer.suggestions]


def ended(suggestion, value, name="loss"):
    phase = TrialPhase.FAILED if value is None else TrialPhase.SUCCEEDED
    values = {} if value is None else {name: float(value)}
    return Trial(key=suggestion.key, params=suggestion.params, phase=phase, values=values)


@pytest.fixture
def sweep():
    return Sweep


@pytest.fixture
def end():
    return ended


@pytest.fixture
def again():
    """The trial, told anew with these fields."""
    return msgspec.structs.replace
