"""The conformance suite of early-stopping policies: a policy that passes keeps the promises of
`trainyard_sweeps.policy`. It needs pytest and hypothesis.

Subclass `PolicySuite`, and give it the policy by the fixture `policy` and by `options` such fields as a file may have.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainyard.matrix.objective import Goal
from trainyard_sweeps.history import History
from trainyard_sweeps.policy import Comparison, Look, OtherTrial, StoppingPolicy

__all__ = ["PolicySuite", "looks"]

_VALUES = st.floats(-1e300, 1e300) | st.integers(-3, 3).map(float)
_SETTINGS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[
        HealthCheck.differing_executors,  # implementations share a test on purpose
        HealthCheck.function_scoped_fixture,  # a policy keeps nothing, so all examples may have the same
        HealthCheck.too_slow,
    ],
)


@st.composite
def looks(draw: st.DrawFn) -> Look:
    """Looks at a trial beside one to eight others, with equal values among them, and with others that have logged more
    than it or have ended."""
    step = draw(st.integers(1, 5))
    count = draw(st.integers(1, 8))
    others = [OtherTrial(draw(_histories(step)), *draw(_ENDS)) for _ in range(count)]
    return Look(goal=draw(st.sampled_from(Goal)), step=step, trial=draw(_histories(step)), others=others)


def _histories(step: int) -> st.SearchStrategy[History]:
    """Histories that have a value at the step."""
    values = st.lists(_VALUES, min_size=1, max_size=step + 2)
    return values.map(lambda found: History(enumerate(found, max(1, step - len(found) + 1))))


_ENDS = st.sampled_from([(True, False), (False, True), (False, False)])


class PolicySuite:
    """Promises of a policy."""

    @pytest.fixture
    def policy(self) -> StoppingPolicy:
        """The policy."""
        raise NotImplementedError

    @pytest.fixture
    def options(self) -> Sequence[Mapping[str, object]]:
        """Fields as files may have them, each a mapping of plain data by the names of the file."""
        return ({},)

    def test_it_has_a_name_and_words_for_people(
        self, policy: StoppingPolicy, options: Sequence[Mapping[str, object]]
    ) -> None:
        assert policy.name
        for each in options:
            assert msgspec.json.decode(msgspec.json.encode(each)) == each
            assert policy.words(each).strip()

    @_SETTINGS
    @given(look=looks())
    def test_it_gives_two_finite_numbers_or_nothing(
        self, policy: StoppingPolicy, options: Sequence[Mapping[str, object]], look: Look
    ) -> None:
        for each in options:
            found = policy.judge(look, each)
            if found is not None:
                value, against = found
                assert math.isfinite(value)
                assert math.isfinite(against)

    @_SETTINGS
    @given(look=looks(), data=st.data())
    def test_the_order_of_the_others_does_not_matter(
        self, policy: StoppingPolicy, options: Sequence[Mapping[str, object]], look: Look, data: st.DataObject
    ) -> None:
        other = msgspec.structs.replace(look, others=data.draw(st.permutations(look.others)))
        for each in options:
            assert _rounded(policy.judge(look, each)) == _rounded(policy.judge(other, each))

    @_SETTINGS
    @given(look=looks())
    def test_it_keeps_nothing_and_changes_nothing(
        self, policy: StoppingPolicy, options: Sequence[Mapping[str, object]], look: Look
    ) -> None:
        before = _content(look)
        for each in options:
            given_options = dict(each)
            first = policy.judge(look, given_options)
            assert [policy.counts(other, given_options) for other in look.others] == [
                policy.counts(other, given_options) for other in look.others
            ]
            assert policy.judge(look, given_options) == first
            assert given_options == each
        assert _content(look) == before

    def test_it_may_be_called_from_several_threads(
        self, policy: StoppingPolicy, options: Sequence[Mapping[str, object]]
    ) -> None:
        histories = [History(enumerate([float(n), n / 2, n % 3], 1)) for n in range(40)]
        asked = [
            Look(
                goal=Goal.MINIMIZE,
                step=3,
                trial=mine,
                others=[OtherTrial(history, running=True, succeeded=False) for history in histories if history != mine],
            )
            for mine in histories
        ]
        for each in options:
            alone = [policy.judge(look, each) for look in asked]
            with ThreadPoolExecutor(8) as threads:
                assert [*threads.map(lambda look, each=each: policy.judge(look, each), asked * 5)] == alone * 5


def _rounded(found: Comparison | None) -> tuple[float, float] | None:
    """Sums depend on the order of what is added, in their last digits."""
    return None if found is None else (float(f"{found[0]:.9g}"), float(f"{found[1]:.9g}"))


def _content(look: Look) -> object:
    trials = [look.trial, *(other.history for other in look.others)]
    return [(each.steps[:], each.values[:]) for each in trials], [*look.others]
