"""What the nouns of a space do by themselves: refuse what is wrong, survive JSON, tell what is in them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from trainyard.matrix.space import Choice, Linear, Normal, Ordered, Param, Space, Uniform, Weighted, allows, misfit

PARAMS: dict[str, Param] = {
    "optimizer": Choice(values=("adam", "sgd", None, True, 1, 1.0, [1, 2], {"a": 1})),
    "depth": Weighted(values=(2, 4), weights=(0.25, 0.75)),
    "day": Ordered(values=("2026-01-01", "2026-01-08")),
    "width": Ordered(values=(8, 16, 32.5)),
    "lr": Uniform(low=1e-5, high=1.0, log=True),
    "batch": Uniform(low=8, high=64, step=8, integer=True),
    "noise": Normal(loc=0, scale=1.5, step=0.5),
}


def test_a_space_comes_back_from_json_as_it_was() -> None:
    space = Space(params=PARAMS, constraints=(Linear(terms={"lr": 1.0, "batch": 2.0}, at_most=100),))
    assert msgspec.json.decode(msgspec.json.encode(space), type=Space) == space


def test_types_of_plain_values_survive_json() -> None:
    values = msgspec.json.decode(msgspec.json.encode(PARAMS["optimizer"]), type=Choice).values
    assert [type(value) for value in values] == [str, str, type(None), bool, int, float, list, dict]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Choice(values=()), "at least one"),
        (lambda: Choice(values=("a", "a")), "twice"),
        (lambda: Choice(values=(float("nan"),)), "not JSON compliant"),
        (lambda: Choice(values=({1, 2},)), "not JSON serializable"),
        (lambda: Weighted(values=(1, 2), weights=(0.5,)), "one weight a value"),
        (lambda: Weighted(values=(1, 2), weights=(0.5, 0.6)), "add up to 1"),
        (lambda: Weighted(values=(1, 2), weights=(-0.5, 1.5)), "not negative"),
        (lambda: Ordered(values=(2, 1)), "do not rise"),
        (lambda: Ordered(values=(1, 1.0)), "do not rise"),
        (lambda: Ordered(values=("2026-01-01", 2)), "numbers and dates"),
        (lambda: Uniform(low=2, high=1), "low 2 is not below high 1"),
        (lambda: Uniform(low=0, high=1, log=True), "no logarithm"),
        (lambda: Uniform(low=0, high=float("inf")), "high may not be inf"),
        (lambda: Uniform(low=0.1, high=0.9, step=1.0), "no multiple of 1"),
        (lambda: Uniform(low=0.1, high=0.9, integer=True), "no multiple of 1"),
        (lambda: Uniform(low=0, high=1, step=-1), "no step below 0"),
        (lambda: Normal(loc=0, scale=0), "not above 0"),
        (lambda: Space(params=PARAMS, constraints=(Linear(terms={"lrr": 1.0}, at_most=1),)), "'lrr'"),
        (lambda: Space(params=PARAMS, constraints=(Linear(terms={"day": 1.0}, at_most=1),)), "not a number"),
    ],
)
def test_what_is_wrong_is_refused_with_what_to_do(make: Callable[[], object], says: str) -> None:
    with pytest.raises((ValueError, TypeError)) as refused:
        make()
    assert says in str(refused.value)


def test_decoding_says_which_param_is_wrong() -> None:
    content = b'{"params": {"lr": {"kind": "uniform", "low": 3, "high": 1}}}'
    with pytest.raises(msgspec.ValidationError, match=r"low 3 is not below high 1.*\$\.params"):
        msgspec.json.decode(content, type=Space)


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("optimizer", [True, 1, 1.0, None, [1, 2]], [False, "1", [2, 1], {1}, float("nan")]),
        ("depth", [2, 4], [3, 2.0, True]),
        ("day", ["2026-01-08"], ["2026-01-02", 5]),
        ("lr", [1e-5, 1, 0.3], [0, 1.1, True, "0.3", float("nan"), None]),
        ("batch", [8, 64], [8.0, 9, 0, 72, True]),
        ("noise", [0, -1.5, 100], [0.3, float("inf")]),
    ],
)
def test_a_param_allows_its_own_values_only(name: str, inside: list[object], outside: list[object]) -> None:
    assert [value for value in inside if not allows(PARAMS[name], value)] == []
    assert [value for value in outside if allows(PARAMS[name], value)] == []


def test_steps_that_binary_floats_cannot_hold_are_on_the_grain() -> None:
    param = Uniform(low=0, high=1, step=0.1)
    assert all(allows(param, tenth * 0.1) and allows(param, round(tenth * 0.1, 1)) for tenth in range(10))
    assert not allows(param, 0.15)


def test_a_lognormal_is_above_zero_save_when_rounded() -> None:
    assert not allows(Normal(loc=0, scale=1, log=True), 0.0)
    assert allows(Normal(loc=0, scale=1, log=True, step=0.5), 0.0)
    assert not allows(Normal(loc=0, scale=1, log=True, step=0.5), -0.5)


def test_a_misfit_names_the_param_or_the_constraint() -> None:
    space = Space(
        params={"n": Uniform(low=0, high=10, integer=True), "m": Uniform(low=0, high=10)},
        constraints=(Linear(terms={"n": 1.0, "m": 2.0}, at_most=12),),
    )
    assert misfit(space, {"n": 10, "m": 1.0}) == ""
    assert "at_most=12" in misfit(space, {"n": 10, "m": 1.1})
    assert "'m' is missing" in misfit(space, {"n": 10})
    assert "'k' is not in the space" in misfit(space, {"n": 10, "m": 1.0, "k": 1})
    assert "'n' may not be 0.5" in misfit(space, {"n": 0.5, "m": 1.0})
