"""What is searched: the nouns of a search space, in the `Optimizer` contract.

A parameter says which values exist and how they are spread, never how they are drawn. Whatever a file may write
(`polyaxonfile` shapes, strings, sizes) was turned into one of these before: ranges are written out, and bounds are of
the value itself. A struct that exists is right: what can be wrong with one is refused when it is made or decoded. The
family is closed; an optimizer refuses the shapes that it cannot search (`Optimizer.check`).
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Iterable, Mapping

import msgspec

__all__ = ["Choice", "Linear", "Normal", "Ordered", "Param", "Space", "Uniform", "Weighted", "allows", "misfit"]

MOST_VALUES = 100_000
"""What a parameter may write out; more is said by `Uniform` with a step."""


class _Param(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"
):
    """The shape that all parameters share: one JSON object, told apart by `kind`."""


class Choice(_Param, frozen=True, tag="choice"):
    """One of some plain values (of JSON's types), all as likely and without an order. Never empty, none twice."""

    values: tuple[object, ...]

    def __post_init__(self) -> None:
        _check_values(self.values)


class Weighted(_Param, frozen=True, tag="pchoice"):
    """One of some plain values, each with a probability of its own; they add up to 1. What a file leaves missing to 1
    was given to its last value before."""

    values: tuple[object, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        _check_values(self.values)
        if len(self.weights) != len(self.values):
            raise ValueError(f"{len(self.values)} values and {len(self.weights)} weights; give one weight a value")
        if not all(weight >= 0 for weight in self.weights) or not math.isclose(sum(self.weights), 1.0, abs_tol=1e-9):
            raise ValueError("weights are not negative and add up to 1; correct them")


class Ordered(_Param, frozen=True, tag="ordered"):
    """One of some numbers, or of some dates in ISO 8601, which rise: what range, linspace, logspace, geomspace,
    daterange and datetimerange come to."""

    values: tuple[int | float | str, ...]

    def __post_init__(self) -> None:
        _check_count(self.values)
        if len({isinstance(value, str) for value in self.values}) > 1:
            raise ValueError("numbers and dates in one range; take one of them")
        ends = {"first": self.values[0], "last": self.values[-1]}
        _check_finite(**{name: end for name, end in ends.items() if not isinstance(end, str)})
        if not all(map(operator.lt, self.values, self.values[1:])):
            raise ValueError("the values of a range do not rise; sort them, or use `choice`")


class Uniform(_Param, frozen=True, tag="uniform"):
    """A number from `low` to `high`, both included; with `log` its logarithm is spread evenly.

    `step` above 0 leaves only its multiples (counted from 0, as quniform does) between the bounds. `integer` wants
    whole numbers, of Python's `int`.
    """

    low: float
    high: float
    log: bool = False
    step: float = 0.0
    integer: bool = False

    def __post_init__(self) -> None:
        _check_finite(low=self.low, high=self.high, step=self.step)
        if self.low >= self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}; exchange them, or give one value")
        if self.log and self.low <= 0:
            raise ValueError(f"low {self.low:g} has no logarithm; raise it above 0, or search without log")
        step = _grain(self)
        if step and math.floor(self.high / step) < math.ceil(self.low / step):
            raise ValueError(f"no multiple of {step:g} lies from {self.low:g} to {self.high:g}; take a smaller step")


class Normal(_Param, frozen=True, tag="normal"):
    """A number that is normally distributed around `loc` with standard deviation `scale`, without bounds; with `log`
    its natural logarithm is. `step` and `integer` as in `Uniform`."""

    loc: float
    scale: float
    log: bool = False
    step: float = 0.0
    integer: bool = False

    def __post_init__(self) -> None:
        _check_finite(loc=self.loc, scale=self.scale, step=self.step)
        if self.scale <= 0:
            raise ValueError(f"scale {self.scale:g} is not above 0; give a standard deviation")


Param = Choice | Weighted | Ordered | Uniform | Normal


class Linear(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A constraint on params: coefficient times value, summed over `terms`, is not above `at_most`."""

    terms: dict[str, float]
    at_most: float


class Space(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The params by name, in the order of the file (a grid counts by it), and the constraints between them. It is empty
    for an algorithm whose options say it all, as a mapping's do."""

    params: dict[str, Param] = {}
    constraints: tuple[Linear, ...] = ()

    def __post_init__(self) -> None:
        for constraint in self.constraints:
            _check_terms(constraint, self.params)


def allows(param: Param, value: object) -> bool:
    """Whether the value is one of the param's. True is no 1, and a number of an `integer` param is an `int`."""
    if isinstance(param, Choice | Weighted | Ordered):
        return _is_one_of(value, param.values)
    if isinstance(value, bool) or not isinstance(value, int if param.integer else int | float):
        return False
    return math.isfinite(value) and _in_bounds(param, value) and _on_grain(value, _grain(param))


def misfit(space: Space, params: Mapping[str, object]) -> str:
    """Why these params are not in the space, in words; empty when they are."""
    if strange := sorted(set(params) ^ set(space.params)):
        return f"param '{strange[0]}' is {'missing' if strange[0] in space.params else 'not in the space'}"
    for name, value in params.items():
        if not allows(space.params[name], value):
            return f"param '{name}' may not be {value!r}"
    broken = [constraint for constraint in space.constraints if _sum(constraint, params) > constraint.at_most + 1e-9]
    return f"params break the constraint {broken[0]}" if broken else ""


def _is_one_of(value: object, values: tuple[object, ...]) -> bool:
    """Whether it would be written as one of these is. There may be a hundred thousand of them."""
    if value is None or isinstance(value, str | int | float):
        return any(each == value and type(each) is type(value) for each in values)
    try:
        return _text(value) in map(_text, values)
    except (TypeError, ValueError):
        return False  # no plain data, so it is none of them


def _in_bounds(param: Uniform | Normal, value: float) -> bool:
    if isinstance(param, Uniform):
        return param.low <= value <= param.high
    return not param.log or value > 0 or (_grain(param) > 0 and value == 0)


def _grain(param: Uniform | Normal) -> float:
    return param.step or float(param.integer)


def _on_grain(value: float, grain: float) -> bool:
    return not grain or math.isclose(value / grain, round(value / grain), rel_tol=1e-9, abs_tol=1e-9)


def _sum(constraint: Linear, params: Mapping[str, object]) -> float:
    numbers = {name: value for name, value in params.items() if isinstance(value, int | float)}
    return math.fsum(weight * numbers[name] for name, weight in constraint.terms.items())


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False)


def _check_count(values: tuple[object, ...]) -> None:
    if not 0 < len(values) <= MOST_VALUES:
        raise ValueError(f"{len(values)} values; give at least one and at most {MOST_VALUES}")


def _check_values(values: tuple[object, ...]) -> None:
    _check_count(values)
    if len(set(map(_text, values))) < len(values):
        raise ValueError("a value is there twice; leave one of them out")


def _check_finite(**numbers: float) -> None:
    for name, number in numbers.items():
        if not math.isfinite(number) or (name == "step" and number < 0):
            raise ValueError(f"{name} may not be {number:g}; give a finite number, and no step below 0")


def _check_terms(constraint: Linear, params: Mapping[str, Param]) -> None:
    _check_finite(at_most=constraint.at_most, **constraint.terms)
    for name in constraint.terms:
        if name not in params:
            raise ValueError(f"a constraint names param '{name}', which is not searched; name one of {_listed(params)}")
        if not _is_numeric(params[name]):
            raise ValueError(f"a constraint names param '{name}', which is not a number; leave it out")


def _is_numeric(param: Param) -> bool:
    if isinstance(param, Uniform | Normal):
        return True
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in param.values)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
