"""Params that are one of some values: `choice` and `pchoice`."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, JsonValue, field_validator

from trainyard.matrix.space import Choice, Weighted
from trainyard.spec.matrix.shape import Needs, Shape
from trainyard.spec.model import described, problem

__all__ = ["ChoiceShape", "WeightedShape"]

_PAIR = "write `[value, probability]`, such as `[adam, 0.7]`"


def _pair(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise problem("this is not a value with its probability", _PAIR)
    weight = value[1]
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise problem(f"a probability is a number, not {described(weight)}", _PAIR)
    if not 0 <= weight <= 1:
        raise problem(f"a probability is from 0 to 1, not {weight:g}", _PAIR)
    return tuple(value)


Pair = Annotated[tuple[JsonValue, float], BeforeValidator(_pair, json_schema_input_type=tuple[JsonValue, float])]


class ChoiceShape(Shape):
    needs: ClassVar[Needs] = "any"

    value: tuple[JsonValue, ...]

    @field_validator("value", mode="after")
    @classmethod
    def _some(cls, value: tuple[JsonValue, ...]) -> tuple[JsonValue, ...]:
        if not value:
            raise problem("a choice of nothing", "give at least one value")
        return value

    def param(self, *, integer: bool) -> Choice:
        return Choice(values=self.value)


class WeightedShape(Shape):
    """What the probabilities leave missing to 1 is given to the last value."""

    needs: ClassVar[Needs] = "any"

    value: tuple[Pair, ...]

    @field_validator("value", mode="after")
    @classmethod
    def _sum(cls, value: tuple[Pair, ...]) -> tuple[Pair, ...]:
        if not value:
            raise problem("a choice of nothing", "give at least one value, with its probability")
        total = math.fsum(weight for _, weight in value)
        if total > 1 + 1e-9:
            raise problem(
                f"the probabilities add up to {total:g}, which is above 1", "lower them until they add up to 1"
            )
        return value

    def param(self, *, integer: bool) -> Weighted:
        weights = [weight for _, weight in self.value]
        weights[-1] = max(0.0, 1.0 - math.fsum(weights[:-1]))
        return Weighted(values=tuple(value for value, _ in self.value), weights=tuple(weights))
