"""What `yard top` and `yard watch` draw: lines of text made of runs. Pure; when to draw is theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from trainyard.cli import moment, output
from trainyard.cli.columns import FIELDS, SYSTEM, metric_columns, selection
from trainyard.cli.table import fit

if TYPE_CHECKING:
    from trainyard.client.models import Metric, Run

__all__ = ["GOING_ON", "WAITING", "Usage", "run_lines", "top_lines", "usage_of", "watch_lines"]

GOING_ON = "status:scheduled|starting|running|retrying|stopping"
"""Runs that an agent has."""
WAITING = "status:created|compiled|queued"
"""Runs that none has."""
_MOST_METRICS = 4
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


class Usage(NamedTuple):
    """What a run used last: percent of one core, bytes of memory, percent of its GPUs; None where it is not known."""

    cpu: float | None
    memory: float | None
    gpu: float | None


def usage_of(run: Run) -> Usage:
    """The usage as tracking records it: of the run's processes, and of the GPUs that they see."""
    found = {name.removeprefix(SYSTEM): float(run.metrics[name]) for name in run.metrics if name.startswith(SYSTEM)}
    gpus = [value for name, value in found.items() if name.startswith("gpu/") and name.endswith("/utilization")]
    gpu = sum(gpus) / len(gpus) if gpus else None
    return Usage(found.get("process/cpu", found.get("cpu")), found.get("process/memory"), gpu)


def top_lines(runs: Sequence[tuple[Run, str]], width: int | None) -> list[str]:
    """Runs with their agents as a table, with a line of counts above it."""
    metrics = metric_columns([run for run, _ in runs])[:_MOST_METRICS]
    heads = ["RUN", "NAME", "STATUS", "AGENT", "TOOK", "PROGRESS", "CPU", "MEMORY", "GPU"]
    headings = [*heads, *(each.heading for each in metrics)]
    rows = [
        [
            *(FIELDS[name].text(run) for name in ("run", "name", "status")),
            agent or "-",
            *(FIELDS[name].text(run) for name in ("took", "progress")),
            *_used(usage_of(run)),
            *(each.text(run) for each in metrics),
        ]
        for run, agent in runs
    ]
    return [_counts([run for run, _ in runs]), "", *fit(headings, rows, width).lines]


def watch_lines(going_on: Sequence[Run], ended: Sequence[Run], width: int | None, *, projects: bool) -> list[str]:
    """The runs that wait or go on, and below them those that ended last."""
    columns = selection([*going_on, *ended], projects=projects).columns
    rows = [[each.text(run) for each in columns] for run in (*going_on, *ended)]
    return [_counts(going_on), "", *fit([each.heading for each in columns], rows, width).lines]


def run_lines(run: Run, metrics: Sequence[Metric], width: int | None) -> list[str]:
    """One run: where it is, and its metrics."""
    status = output.status(run.status)
    head = output.Styled("  ".join(filter(None, [run.short_id, output.clean(run.name), status])))
    seconds = moment.seconds(run)
    facts = [
        f"took {moment.duration(seconds)}" if seconds is not None else "",
        f"progress {run.progress:.0%}" if run.progress is not None else "",
        f"attempt {run.attempt}" if run.attempt > 1 else "",
        ": ".join(output.clean(part) for part in (run.reason, run.message) if part),
    ]
    rows = [
        [each.name, *map(output.number, (each.last, each.low, each.high)), str(each.step)]
        for each in metrics
        if not each.name.startswith(SYSTEM)
    ]
    lines = [head, "  ".join(filter(None, facts))]
    return [*lines, "", *fit(("METRIC", "LAST", "MIN", "MAX", "STEP"), rows, width).lines] if rows else lines


def _counts(runs: Sequence[Run]) -> str:
    counts = Counter(run.status for run in runs)
    told = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    return told or "no run waits or goes on"


def _used(usage: Usage) -> list[str]:
    cpu, gpu = (f"{value:.0f}%" if value is not None else "-" for value in (usage.cpu, usage.gpu))
    return [cpu, "-" if usage.memory is None else _bytes(usage.memory), gpu]


def _bytes(amount: float) -> str:
    unit = 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.3g} {_UNITS[unit]}"
