"""`yard metrics`: the metrics of a run in brief, as they change, or as small curves."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import click

from trainyard.cli import output
from trainyard.cli.columns import SYSTEM
from trainyard.cli.curve import Range, chart, curve
from trainyard.cli.exit_codes import Exit
from trainyard.cli.options import complete, find, json_option, pin, run_argument, with_client
from trainyard.cli.runs import dropped

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Metric, Series

__all__ = ["metrics"]

_LISTED = 20
"""So many of the names that there are stand in an error."""
_LEAST_WIDTH = 20
_HEIGHT = 12
"""Lines of the chart of a single metric."""
_BYTES = {
    **dict.fromkeys(("memory", "memory_used"), ""),
    **dict.fromkeys(("disk_read", "disk_written", "network_sent", "network_received"), "/s"),
}
"""The metrics of the system that count bytes, by the last part of their names, and what follows the unit."""
_GAP = 2
_NAME_CHARS = 32
_LONGEST, _MOST = 4000, 200
"""Characters of names in an address, and names in a request."""


@click.command()
@run_argument
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete("metric"))
@click.option("--follow", "-f", is_flag=True, help="Print each change until the run has ended.")
@click.option("--plot", is_flag=True, help="Draw a small curve of each, or a chart of a single one.")
@json_option
@with_client
def metrics(client: Client, *, ref: str, names: tuple[str, ...], follow: bool, plot: bool, as_json: bool) -> None:
    """Show the metrics of a run.

    All of them, or those that are named. With --json the document is {"items": [...]}: metrics, or series with --plot;
    with --follow a line for each change.
    """
    if follow and plot:
        raise click.UsageError("--follow and --plot exclude each other")
    if follow:
        return _follow(client, pin(client, ref), names, as_json=as_json)
    run = find(client, ref)
    found = _chosen(client.runs.metrics(run), names)
    if plot:
        return _plot(client, run, [metric.name for metric in found], as_json=as_json)
    if as_json:
        return output.json_document({"items": found})
    _table(found)
    if lost := dropped(client.runs.get(run)):
        output.line(f"dropped: {lost}", err=True)
    return None


def _follow(client: Client, ref: str, names: Sequence[str], *, as_json: bool) -> None:
    for changed in client.runs.follow_metrics(ref):
        for metric in changed:
            if names and metric.name not in names:
                continue
            if as_json:
                output.json_line(metric)
            else:
                output.line(f"step {metric.step}  {output.clean(metric.name)} = {_number(metric.name, metric.last)}")


def _chosen(found: Sequence[Metric], names: Sequence[str]) -> list[Metric]:
    """Those asked for, in the order asked for; all when none are named."""
    known = {metric.name: metric for metric in found}
    missing = [name for name in names if name not in known]
    if missing:
        more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
        listed = ", ".join(list(known)[:_LISTED]) + more or "none yet"
        output.line(f"yard: the run has no metric {', '.join(map(repr, missing))}; it has: {listed}", err=True)
        click.get_current_context().exit(Exit.NOT_FOUND)
    return [known[name] for name in names] if names else list(found)


def _table(found: Sequence[Metric]) -> None:
    numbers = [(m.name, m.last, str(m.step), m.min, m.max, str(m.count)) for m in found]
    rows = [(n, _number(n, v), step, _number(n, a), _number(n, b), count) for n, v, step, a, b, count in numbers]
    output.table(("METRIC", "LAST", "STEP", "MIN", "MAX", "COUNT"), rows)


def _number(name: str, value: float | str | None) -> str:
    """A value; of a metric of the system that counts bytes, with their unit."""
    unit = _BYTES.get(name.rpartition("/")[2]) if name.startswith(SYSTEM) else None
    is_percent = name == f"{SYSTEM}memory" or (name.startswith(f"{SYSTEM}gpu/") and name.endswith("/memory"))
    if unit is None or is_percent or not isinstance(value, int | float) or not math.isfinite(value):
        return output.number(value)
    return f"{output.size(value)}{unit}"


def _plot(client: Client, ref: str, names: Sequence[str], *, as_json: bool) -> None:
    width = shutil.get_terminal_size().columns
    series = [one for some in _batches(names) for one in client.runs.series(ref, some, points=2 * width)]
    if as_json:
        return output.json_document({"items": series})
    first = _first_values(client, ref, series)
    drawn = [_Drawn.of(one, first.get(one.name)) for one in series]
    return _draw_chart(drawn[0], width) if len(drawn) == 1 else _draw(drawn, width)


class _Drawn(NamedTuple):
    """One metric: its name, the range of each bucket, the first and the last step, and the numbers that stand beside
    its curve."""

    name: str
    ranges: list[Range]
    steps: tuple[str, str]
    numbers: list[str]

    @classmethod
    def of(cls, series: Series, first: float | None) -> _Drawn:
        low, high, last = (
            [float(point[series.columns.index(name)]) for point in series.points] for name in ("min", "max", "last")
        )
        least, most = (min(filter(math.isfinite, low), default=None), max(filter(math.isfinite, high), default=None))
        numbers = [_number(series.name, value) for value in (first, last[-1] if last else None, least, most)]
        ranges, steps = [*zip(low, high, strict=True)], _steps(series)
        return cls(output.cut(output.clean(series.name), _NAME_CHARS), ranges, steps, numbers)


def _steps(series: Series) -> tuple[str, str]:
    """The first and the last step."""
    if not series.points:
        return ("", "")
    first, last = series.points[0], series.points[-1]
    end = series.columns.index("last_step" if "last_step" in series.columns else "step")
    return (f"{int(first[series.columns.index('step')])}", f"{int(last[end])}")


def _draw_chart(drawn: _Drawn, width: int) -> None:
    """A chart with the ends of both axes, and the numbers below it."""
    first, last, least, most = drawn.numbers
    margin = max(len(least), len(most))
    room = max(_LEAST_WIDTH, width - margin - 2)
    output.line(f"{drawn.name} by step")
    lines = chart(drawn.ranges, room, _HEIGHT)
    for place, line in enumerate(lines):
        label = most if place == 0 else least if place == len(lines) - 1 else ""
        output.line(f"{label:>{margin}} ┤{line}")
    if lines:
        begun, ended = drawn.steps
        drawn_width = min(room, -(-len(drawn.ranges) // 2))
        output.line(f"{'':{margin}}  {begun}{ended:>{max(1 + len(ended), drawn_width - len(begun))}}")
    output.line(f"first {first}  last {last}  min {least}  max {most}")


def _draw(drawn: Sequence[_Drawn], width: int) -> None:
    """The curves, and beside them as many of the numbers as leave room for curves."""
    heads = ["FIRST", "LAST", "MIN", "MAX"]
    taken = max([len("METRIC"), *(output.cells(each.name) for each in drawn)]) + _GAP
    sizes = [max([len(head), *(len(each.numbers[at]) for each in drawn)]) + _GAP for at, head in enumerate(heads)]
    kept = len(heads)
    while kept and taken + sum(sizes[:kept]) + _LEAST_WIDTH > width:
        kept -= 1
    room = max(_LEAST_WIDTH, width - taken - sum(sizes[:kept]))
    rows = [(each.name, curve(each.ranges, room), *each.numbers[:kept]) for each in drawn]
    output.table(("METRIC", "CURVE", *heads[:kept]), rows, fits=False)
    if kept < len(heads):
        output.line(f"left out: {', '.join(heads[kept:])}; a wider terminal shows them", err=True)


def _batches(names: Sequence[str]) -> Iterator[list[str]]:
    """As many names as one address holds, and one answer may have."""
    batch: list[str] = []
    size = 0
    for name in names:
        cost = len(quote(name)) + len("&name=")
        if batch and (size + cost > _LONGEST or len(batch) == _MOST):
            yield batch
            batch, size = [], 0
        batch.append(name)
        size += cost
    if batch:
        yield batch


def _first_values(client: Client, ref: str, series: Sequence[Series]) -> dict[str, float]:
    """The value of each at its first step, which a bucket of several steps does not tell."""
    found: dict[str, float] = {}
    by_step: dict[int, list[str]] = {}
    for one in series:
        if one.points:
            by_step.setdefault(int(one.points[0][one.columns.index("step")]), []).append(one.name)
    for step, names in by_step.items():
        for some in _batches(names):
            rows = client.runs.series(ref, some, first=step, last=step)
            found |= {one.name: float(one.points[0][one.columns.index("last")]) for one in rows if one.points}
    return found
