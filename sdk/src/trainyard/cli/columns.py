"""The columns of runs: which there are by name, which are shown when none are asked for, and what a run has in each, as
text for people and as a value for programs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from trainyard.cli import moment, output, terminal
from trainyard.cli.differences import varying

if TYPE_CHECKING:
    from trainyard.client.models import Run
    from trainyard.query.tree import Field

__all__ = [
    "FIELDS",
    "SYSTEM",
    "Column",
    "Selection",
    "below",
    "column_of",
    "column_of_param",
    "columns_of",
    "everything",
    "metric_columns",
    "selection",
]

SYSTEM = "system/"
"""How the names of metrics begin that tell of the machine and not of the training."""
MOST_PARAMS, MOST_METRICS = 4, 4
"""So many have a column each when none are asked for."""


class Column(NamedTuple):
    """A column: its name for `--columns`, what stands above it, a run's value in it (None: it has none), and the value
    as text."""

    name: str
    heading: str
    value: Callable[[Run], Any]
    form: Callable[[Any], str]

    def text(self, run: Run) -> str:
        """What stands in the table."""
        value = self.value(run)
        return "-" if value is None or value == "" else self.form(value)

    def plain(self, run: Run) -> Any:
        """A value for programs; times are in the user's zone."""
        value = self.value(run)
        return moment.local(value) if self.form in (moment.age, moment.local) else value


class Selection(NamedTuple):
    """The columns that are shown, and in words what there is beside them."""

    columns: list[Column]
    more: list[str]


def _field(name: str, value: Callable[[Run], Any], form: Callable[[Any], str] = str) -> Column:
    return Column(name, name.upper(), value, form)


FIELDS = {
    column.name: column
    for column in (
        _field("run", lambda run: run.id, lambda ident: ident[-8:]),
        _field("project", lambda run: run.project),
        _field("name", lambda run: run.name),
        _field("status", lambda run: run.status, output.status),
        _field("age", lambda run: run.created_at, moment.age),
        _field("took", moment.seconds, moment.duration),
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
_WIDE = ("kind", "user", "started", "finished", "attempt", "reason")


def columns_of(text: str) -> list[Column]:
    """The columns that are named, by commas. Raises UsageError for a name that there is not."""
    return [column_of(name.strip()) for name in text.split(",") if name.strip()]


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
        raise click.UsageError(f"no column {name!r}; columns: {', '.join(FIELDS)}, params.NAME, metrics.NAME")
    return below(field)


def below(field: Field) -> Column:
    """The column of a param, an output, a meta value or a metric; of a metric the last value, or the one that the runs
    are sorted by."""
    if field.name != "metrics":
        return Column(f"{field.name}.{field.key}", field.key, lambda run: _table(run, field).get(field.key), _value)
    if field.part == "last":
        return _metric(field.key)
    name = f"metrics.{field.key}.{field.part}"
    return Column(name, f"{field.key}.{field.part}", lambda run: run.sorted_by.get(name), output.number)


def _metric(name: str) -> Column:
    sorted_by = f"metrics.{name}.last"
    return Column(
        f"metrics.{name}", name, lambda run: run.sorted_by.get(sorted_by, run.metrics.get(name)), output.number
    )


def column_of_param(name: str) -> Column:
    """The column of a param."""
    return Column(f"params.{name}", name, lambda run: run.inputs.get(name), _value)


def _table(run: Run, field: Field) -> dict[str, Any]:
    return {"params": run.inputs, "outputs": run.outputs, "meta": run.meta}[field.name]


def _value(value: Any) -> str:
    return output.number(value) if isinstance(value, float) else output.value(value)


def selection(runs: Sequence[Run], *, first: Sequence[Column] = (), projects: bool = False) -> Selection:
    """What is shown when nothing is asked for: the runs themselves, what they are sorted by (`first`), the params in
    which they differ, the first metrics. Columns in which no run has anything are left out."""
    known = {column.name for column in first}
    params = [each for each in map(column_of_param, varying([run.inputs for run in runs])) if each.name not in known]
    metrics = [each for each in metric_columns(runs) if each.name not in known]
    more = [
        f"{len(each) - most} more {noun}"
        for noun, each, most in (("params", params, MOST_PARAMS), ("metrics", metrics, MOST_METRICS))
        if len(each) > most
    ]
    head = _head(projects=projects)
    tail = [FIELDS[name] for name in _TAIL]
    chosen = [*head, *first, *params[:MOST_PARAMS], *metrics[:MOST_METRICS], *tail]
    return Selection(_filled(chosen, runs, known), more)


def everything(runs: Sequence[Run], *, projects: bool = True) -> list[Column]:
    """Every column: all fields, params and metrics of these runs."""
    head = _head(projects=projects)
    params = dict.fromkeys(name for run in runs for name in run.inputs)
    metrics = dict.fromkeys(name for run in runs for name in run.metrics)
    rest = [FIELDS[name] for name in (*_TAIL, *_WIDE)]
    return [*head, *map(column_of_param, params), *map(_metric, metrics), *rest]


def _head(*, projects: bool) -> list[Column]:
    """The columns with which a row begins. How old a run is stands on a terminal only."""
    made = "age" if terminal.is_attached() else "created"
    names = ["run", *(["project"] if projects else []), "name", "status", made, "took", "progress"]
    return [FIELDS[name] for name in names]


def metric_columns(runs: Sequence[Run]) -> list[Column]:
    """The metrics of these runs, without those that tell of the machine."""
    names = dict.fromkeys(name for run in runs for name in run.metrics if not name.startswith(SYSTEM))
    return [*map(_metric, names)]


def _filled(columns: Sequence[Column], runs: Sequence[Run], kept: set[str]) -> list[Column]:
    """Those in which some run has something, and those that always stand there."""
    always = {"run", "name", "status", *kept}
    return [each for each in columns if each.name in always or any(each.value(run) not in (None, "") for run in runs)]
