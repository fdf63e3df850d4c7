"""Params that are one of some dates or times that rise: `daterange` and `datetimerange`. Both leave `stop` out."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from typing import Annotated, ClassVar, TypeVar

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from trainyard.matrix.space import Ordered
from trainyard.spec.matrix.number import Natural
from trainyard.spec.matrix.shape import Needs, Parts, Shape
from trainyard.spec.matrix.steps import count_within
from trainyard.spec.model import described, problem

__all__ = ["DateRange", "DatetimeRange"]

M = TypeVar("M", datetime.date, datetime.datetime)
_DURATION: TypeAdapter[datetime.timedelta] = TypeAdapter(datetime.timedelta)


def _read(read: Callable[[str], M], example: str) -> BeforeValidator:
    def check(value: object) -> object:
        try:
            return read(value if isinstance(value, str) else "")
        except ValueError:
            shown = f"`{value[:40]}`" if isinstance(value, str) else described(value)
            raise problem(f"expected text such as `{example}`, not {shown}", f"write `{example}`") from None

    return BeforeValidator(check, json_schema_input_type=str)


def _step(value: object) -> object:
    example = "write seconds such as `3600`, or `PT1H` or `01:00:00`"
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise problem(f"a step of times is a duration, not {described(value)}", example)
        step = _DURATION.validate_python(value if isinstance(value, str) else float(value))
    except (ValidationError, OverflowError):
        raise problem("this is not a duration", example) from None
    if step <= datetime.timedelta(0):
        raise problem("must be more than 0", example)
    return step


Date = Annotated[datetime.date, _read(datetime.date.fromisoformat, "2030-12-31")]
Time = Annotated[datetime.datetime, _read(datetime.datetime.fromisoformat, "2030-12-31T08:00:00")]
Step = Annotated[datetime.timedelta, BeforeValidator(_step, json_schema_input_type=str | int | float)]


class StartStopDays(Parts):
    textual: ClassVar[bool] = False

    start: Date
    stop: Date
    step: Natural


class StartStopTime(Parts):
    textual: ClassVar[bool] = False

    start: Time
    stop: Time
    step: Step


class DateRange(Shape):
    """`step` is in days."""

    needs: ClassVar[Needs] = "date"

    value: StartStopDays

    def param(self, *, integer: bool) -> Ordered:
        value = self.value
        _rising(value.start < value.stop, value.start.isoformat(), value.stop.isoformat())
        count = count_within(math.ceil((value.stop - value.start).days / value.step))
        days = (value.start + datetime.timedelta(days=index * value.step) for index in range(count))
        return Ordered(values=tuple(day.isoformat() for day in days))


class DatetimeRange(Shape):
    """`step` is in seconds, or a duration."""

    needs: ClassVar[Needs] = "datetime"

    value: StartStopTime

    def param(self, *, integer: bool) -> Ordered:
        value = self.value
        if (value.start.tzinfo is None) != (value.stop.tzinfo is None):
            raise ValueError("one of the two times has a time zone; give both one, or none")
        _rising(value.start < value.stop, value.start.isoformat(), value.stop.isoformat())
        count = count_within(-((value.start - value.stop) // value.step))
        return Ordered(values=tuple((value.start + index * value.step).isoformat() for index in range(count)))


def _rising(rises: bool, start: str, stop: str) -> None:
    if not rises:
        raise ValueError(f"start {start} is not before stop {stop}; exchange them, or use a `choice` of one value")
