"""Decoding of answers: numbers that JSON can only hold as text (`NaN`, `Infinity`, `-Infinity`) become floats."""

from __future__ import annotations

from functools import singledispatch
from typing import TypeVar

import msgspec
from msgspec.structs import force_setattr

from trainyard.client.models import Metric, MetricPage, RunPage, RunRecord, RunTablePage, Series, SeriesPage

__all__ = ["read"]

T = TypeVar("T")


def read(data: bytes, kind: type[T]) -> T:
    """Decode JSON into a struct. Raises msgspec.MsgspecError."""
    found = msgspec.json.decode(data, type=kind)
    _make_floats(found)
    return found


@singledispatch
def _make_floats(found: object) -> None:
    """Replace text by floats in a struct that was just decoded and is not shared yet."""


@_make_floats.register(MetricPage | RunPage | SeriesPage)
def _(found: MetricPage | RunPage | SeriesPage) -> None:
    for item in found.items:
        _make_floats(item)


@_make_floats.register
def _(found: RunRecord) -> None:
    found.metrics.update({name: float(value) for name, value in found.metrics.items() if isinstance(value, str)})


@_make_floats.register
def _(found: Metric) -> None:
    for name in ("last", "min", "max"):
        if isinstance(value := getattr(found, name), str):
            force_setattr(found, name, float(value))


@_make_floats.register
def _(found: Series) -> None:
    for point in found.points:
        point[:] = [float(value) if isinstance(value, str) else value for value in point]


@_make_floats.register
def _(found: RunTablePage) -> None:
    for column in found.metrics.values():
        if str in set(map(type, column.values)):
            column.values[:] = map(float, column.values)
