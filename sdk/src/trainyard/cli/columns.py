"""The columns of runs: which there are by name, which are shown when none are asked for, and what a run has in each, as
text for people and as a value for programs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from trainyard import duration
from trainyard.cli import moment, output, terminal
from trainyard.cli.differences import varying

if TYPE_CHECKING:
    from trainyard.client.models import RunRecord
    from trainyard.query.tree import Field

__all__ = [
    "FIELDS",
    "SYSTEM",
    "Column",
    "Selection",
    "Unknown",
    "below",
    "column_of",
    "column_of_param",
    "columns_of",
    "everything",
    "headings_of",
    "metric_columns",
    "metric_names",
    "more_of",
    "selection",
    "unknown",
]

SYSTEM = "system/"
"""How the names of metrics begin that tell of the machine and not of the training."""
MOST_PARAMS, MOST_METRICS = 4, 4
"""So many have a column each when none are asked for."""
FEW = 3
"""Of so many runs or fewer the params are shown that are the same in all, too."""
FIRST = 2
"""So many of each stand before the others, so that a narrow terminal shows some of both."""


class Column(NamedTuple):
    """A column: its name for `--columns`, what stands above it, a run's value in it (None: it has none), the value as
    text, and the metric whose last value it is."""

    name: str
    heading: str
    value: Callable[[RunRecord], Any]
    form: Callable[[Any], str]
    metric: str = ""

    def text(self, run: RunRecord) -> str:
        """What stands in the table."""
        value = self.value(run)
        return "-" if value is None or value == "" else self.form(value)

    def plain(self, run: RunRecord) -> Any:
        """A value for programs; times are in the user's zone."""
        value = self.value(run)
        return moment.local(value) if self.form in (moment.age, moment.local) else value


class Unknown(NamedTuple):
    """A param, an output or a metric that no run has, and the name that may be meant; empty when none is near."""

    noun: str
    name: str
    near: str

    @property
    def sentence(self) -> str:
        """The same in words."""
        return f"no run has the {self.noun} `{self.name}`" + (f"; did you mean `{self.near}`?" if self.near else "")


class Selection(NamedTuple):
    """The columns that are shown, and in words what there is beside them."""

    columns: list[Column]
    more: list[str]


def _field(name: str, value: Callable[[RunRecord], Any], form: Callable[[Any], str] = str) -> Column:
    return Column(name, name.upper(), value, form)


FIELDS = {
    column.name: column
    for column in (
        _field("run", lambda run: run.id, lambda ident: ident[-8:]),
        _field("project", lambda run: run.project),
        _field("name", lambda run: run.name),
        _field("status", lambda run: run.status, output.status),
        _field("age", lambda run: run.created_at, moment.age),
        _field("took", moment.seconds, duration.to_text),
        _field("progress", lambda run: run.progress, lambda share: f"{share:.0%}"),
        _field("queue", lambda run: run.queue),
        _field("tags", lambda run: ", ".join(run.tags)),
        _field("kind", lambda run: run.kind),
        _field("user", lambda run: run.user),
        _field("created", lambda run: run.created_at, moment.local),
        _field("started", lambda run: run.started_at, moment.local),
        _field("finished", lambda run: run.finished_at, moment.local),
        _field("attempt", lambda run: run.attempt),
        _field("parent", lambda run: run.parent, lambda ident: ident[-8:]),
        _field("reason", lambda run: run.reason),
        _field("message", lambda run: run.message),
    )
}
"""What every run has. Params, outputs, meta and metrics are named below their family: `params.lr`."""
_TAIL = ("queue", "tags")
_NOUNS = {"params": "param", "outputs": "output", "metrics": "metric"}
_WIDE = ("kind", "user", "started", "finished", "attempt", "reason")


def columns_of(text: str, sorted_by: Sequence[Field] = ()) -> list[Column]:
    """The columns that are named, by commas. Raises UsageError for a name that there is not, and for the least or
    greatest value of a metric unless the runs are sorted by it: a list does not tell it otherwise."""
    found = [column_of(name.strip()) for name in text.split(",") if name.strip()]
    known = {below(field).name for field in sorted_by}
    for column in found:
        if column.name.startswith("metrics.") and not column.metric and column.name not in known:
            raise click.UsageError(f"a list has the last values of metrics; for {column.name} add --sort {column.name}")
    return found


def column_of(name: str) -> Column:
    """The column of that name. Raises UsageError."""
    from trainyard.query import QueryError, parse_sort

    if name in FIELDS:
        return FIELDS[name]
    try:
        field = parse_sort(name)[0].field if "." in name else None
    except (QueryError, IndexError):
        field = None
    if field is None or not field.key:
        raise click.UsageError(f"no column {name!r}; {_instead_of(name)}")
    return below(field)


def _instead_of(name: str) -> str:
    """What may be meant by a name that is no column: a field that is near, or a param or metric of that name."""
    if near := get_close_matches(name, FIELDS, 1):
        return f"did you mean `{near[0]}`?"
    if "." in name:
        return f"columns: {', '.join(FIELDS)}, params.NAME, metrics.NAME"
    return f"did you mean `params.{name}` or `metrics.{name}`?"


def unknown(runs: Sequence[RunRecord], columns: Sequence[Column]) -> list[Unknown]:
    """The params, outputs and metrics among columns that none of these runs has."""
    found = []
    for column in columns if runs else ():
        family, dot, name = column.name.partition(".")
        if dot and family in _NOUNS and all(column.value(run) is None for run in runs):
            known = {key for run in runs for key in getattr(run, family)}
            found.append(Unknown(_NOUNS[family], name, next(iter(get_close_matches(name, sorted(known), 1)), "")))
    return found


def below(field: Field) -> Column:
    """The column of a param, an output, a meta value or a metric; of a metric the last value, or the one that the runs
    are sorted by."""
    if field.name != "metrics":
        return Column(f"{field.name}.{field.key}", field.key, lambda run: _table(run, field).get(field.key), _value)
    if field.part == "last":
        return _metric(field.key)
    name = f"metrics.{field.key}.{field.part}"
    return Column(name, f"{field.key}.{field.part}", lambda run: run.sorted_by.get(name), output.number)


def metric_names(columns: Sequence[Column]) -> tuple[str, ...]:
    """The metrics that columns need, by name."""
    return tuple(each.metric for each in columns if each.metric)


def _metric(name: str) -> Column:
    sorted_by = f"metrics.{name}.last"

    def value(run: RunRecord) -> Any:
        return run.sorted_by.get(sorted_by, run.metrics.get(name))

    return Column(f"metrics.{name}", name, value, output.number, name)


def column_of_param(name: str) -> Column:
    """The column of a param."""
    return Column(f"params.{name}", name, lambda run: run.params.get(name), _value)


def _table(run: RunRecord, field: Field) -> dict[str, Any]:
    return {"params": run.params, "outputs": run.outputs, "meta": run.meta}[field.name]


def _value(value: Any) -> str:
    return output.number(value) if isinstance(value, float) else output.value(value)


def selection(runs: Sequence[RunRecord], *, first: Sequence[Column] = (), projects: bool = False) -> Selection:
    """What is shown when nothing is asked for: the runs themselves, what they are sorted by (`first`), the params in
    which they differ (of few runs all params), the first metrics. Columns in which no run has anything are left out."""
    known = {column.name for column in first}
    names = _param_names([run.params for run in runs])
    params = [each for each in map(column_of_param, names) if each.name not in known]
    metrics = [each for each in metric_columns(runs) if each.name not in known]
    beyond = max(0, len(metrics) - MOST_METRICS) + max((run.metrics_left_out for run in runs), default=0)
    more = [*more_of("param", len(params) - MOST_PARAMS), *more_of("metric", beyond)]
    head = _head(projects=projects)
    tail = [FIELDS[name] for name in _TAIL]
    values = [*params[:FIRST], *metrics[:FIRST], *params[FIRST:MOST_PARAMS], *metrics[FIRST:MOST_METRICS]]
    chosen = [*head, *first, *values, *tail]
    return Selection(_filled(chosen, runs, known), more)


def _param_names(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """The params in which runs differ; of few runs the others after them."""
    differing = varying(tables)
    others = dict.fromkeys(name for table in tables for name in table) if len(tables) <= FEW else {}
    return [*differing, *(name for name in others if name not in differing)]


def more_of(noun: str, count: int) -> list[str]:
    """How many more of something there are, in words; nothing when there are none."""
    return [f"{count} more {noun}{'s' if count > 1 else ''}"] if count > 0 else []


def everything(runs: Sequence[RunRecord], *, projects: bool = True) -> list[Column]:
    """Every column: all fields, params and metrics of these runs."""
    head = _head(projects=projects)
    params = dict.fromkeys(name for run in runs for name in run.params)
    metrics = dict.fromkeys(name for run in runs for name in run.metrics)
    rest = [FIELDS[name] for name in (*_TAIL, *_WIDE)]
    return [*head, *map(column_of_param, params), *map(_metric, metrics), *rest]


def headings_of(columns: Sequence[Column]) -> list[str]:
    """What stands above columns: their whole names where a param and a metric have the same."""
    counts = Counter(each.heading for each in columns)
    return [each.heading if counts[each.heading] == 1 else each.name for each in columns]


def _head(*, projects: bool) -> list[Column]:
    """The columns with which a row begins. How old a run is stands on a terminal only."""
    time = "age" if terminal.is_attached() else "created"
    names = ["run", *(["project"] if projects else []), "name", "status", time, "took", "progress"]
    return [FIELDS[name] for name in names]


def metric_columns(runs: Sequence[RunRecord]) -> list[Column]:
    """The metrics of these runs, without those that tell of the machine."""
    names = dict.fromkeys(name for run in runs for name in run.metrics if not name.startswith(SYSTEM))
    return [*map(_metric, names)]


def _filled(columns: Sequence[Column], runs: Sequence[RunRecord], kept: set[str]) -> list[Column]:
    """Those in which some run has something, and those that always stand there."""
    always = {"run", "name", "status", *kept}
    return [each for each in columns if each.name in always or any(each.value(run) not in (None, "") for run in runs)]
