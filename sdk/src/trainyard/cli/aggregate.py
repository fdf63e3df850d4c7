"""Groups of runs and what their metrics come to in each: the pure half of `yard ls --group-by`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from trainyard.cli import output
from trainyard.cli.columns import FIELDS, Column, column_of

if TYPE_CHECKING:
    from trainyard.client.models import Run

__all__ = ["AGGREGATES", "Aggregation", "Group", "aggregation"]


class Group(NamedTuple):
    """Runs that have the same values in the columns that they are grouped by."""

    values: tuple[Any, ...]
    runs: list[Run]

    def numbers(self, metric: Column) -> list[float]:
        """The values of a metric, of the runs that have it."""
        found = (metric.value(run) for run in self.runs)
        return [float(value) for value in found if isinstance(value, int | float | str) and value != ""]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _std(values: Sequence[float]) -> float | None:
    """The standard deviation of a sample; of a single value there is none."""
    if len(values) < 2:
        return None
    mean = _mean(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _median(values: Sequence[float]) -> float:
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _unless_nan(aggregate: Callable[[Sequence[float]], float]) -> Callable[[Sequence[float]], float]:
    """An aggregate by order, which knows no place for what is no number."""
    return lambda values: math.nan if any(map(math.isnan, values)) else aggregate(values)


AGGREGATES: dict[str, Callable[[Sequence[float]], float | None]] = {
    "mean": _mean,
    "std": _std,
    "min": _unless_nan(min),
    "max": _unless_nan(max),
    "median": _unless_nan(_median),
}
"""What the values of a group come to. A value that is no number makes it no number: a run that diverged is not left
out."""


class Aggregation(NamedTuple):
    """What runs are grouped by, and what their metrics come to in each group."""

    keys: list[Column]
    aggregates: list[str]

    def groups(self, runs: Sequence[Run]) -> list[Group]:
        """The runs in groups, in the order of their values: numbers, then texts, then those that have none."""
        found: dict[tuple[Any, ...], Group] = {}
        for run in runs:
            values = tuple(key.value(run) for key in self.keys)
            found.setdefault(tuple(map(_rank, values)), Group(values, [])).runs.append(run)
        return [found[rank] for rank in sorted(found)]

    def headings(self, metrics: Sequence[Column]) -> list[str]:
        """What stands above a table of groups."""
        pairs = [f"{metric.heading} {name}" for metric in metrics for name in self.aggregates]
        return [*(key.heading for key in self.keys), "N", *pairs]

    def lines(self, groups: Sequence[Group], metrics: Sequence[Column]) -> list[list[str]]:
        """A table of groups."""
        return [
            [
                *self._shown_keys(each),
                str(len(each.runs)),
                *(cell for one in metrics for cell in self._cells(each, one)),
            ]
            for each in groups
        ]

    def names(self, metrics: Sequence[Column]) -> list[str]:
        """The names of `values`."""
        return [*(key.name for key in self.keys), "n", *(f"{m.name}.{a}" for m in metrics for a in self.aggregates)]

    def values(self, groups: Sequence[Group], metrics: Sequence[Column]) -> list[list[Any]]:
        """A table of groups for programs."""
        return [
            [*each.values, len(each.runs), *(value for one in metrics for value in self._found(each, one).values())]
            for each in groups
        ]

    def documents(self, groups: Sequence[Group], metrics: Sequence[Column]) -> list[dict[str, Any]]:
        """The groups as JSON: `n` of a metric is how many runs of the group have it."""
        return [
            {
                "group": {key.name: value for key, value in zip(self.keys, each.values, strict=True)},
                "n": len(each.runs),
                "metrics": {one.heading: {"n": len(each.numbers(one)), **self._found(each, one)} for one in metrics},
            }
            for each in groups
        ]

    def _shown_keys(self, group: Group) -> list[str]:
        pairs = zip(self.keys, group.values, strict=True)
        return ["-" if value in (None, "") else key.form(value) for key, value in pairs]

    def _found(self, group: Group, metric: Column) -> dict[str, float | None]:
        numbers = group.numbers(metric)
        return {name: AGGREGATES[name](numbers) if numbers else None for name in self.aggregates}

    def _cells(self, group: Group, metric: Column) -> list[str]:
        """The aggregates of a metric; how many runs they are made of, where that is not the whole group."""
        count = len(group.numbers(metric))
        among = f" (n={count})" if 0 < count < len(group.runs) else ""
        shown = [output.number(value) for value in self._found(group, metric).values()]
        return [f"{text}{among}" if text != "-" else text for text in shown]


def aggregation(by: str, aggregates: str) -> Aggregation:
    """What is asked for: columns and aggregates, by commas. Columns are params by their names, and fields of runs.
    Raises UsageError."""
    keys = [column_of(name if name in FIELDS or "." in name else f"params.{name}") for name in _names(by)]
    if not keys:
        raise click.UsageError("say what to group by: --group-by lr")
    names = _names(aggregates)
    for name in names:
        if name not in AGGREGATES:
            raise click.UsageError(f"no aggregate {name!r}; aggregates: {', '.join(AGGREGATES)}")
    return Aggregation(keys, names)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _rank(value: Any) -> tuple[int, float, str]:
    """What values are told apart and sorted by."""
    if value is None or value == "":
        return (2, 0.0, "")
    if isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value):
        return (0, float(value), "")
    return (1, 0.0, output.value(value))
