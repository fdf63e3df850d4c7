"""What `yard top` and `yard watch` draw: lines of text made of runs. Pure; when to draw is theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from trainyard import duration
from trainyard.cli import moment, output
from trainyard.cli.columns import FIELDS, SYSTEM, headings_of, metric_columns, selection
from trainyard.cli.runs import message
from trainyard.cli.table import fit

if TYPE_CHECKING:
    from trainyard.client.models import Metric, RunRecord

__all__ = ["GOING_ON", "WAITING", "Usage", "agent_of", "run_lines", "top_lines", "usage_of", "watch_lines"]

GOING_ON = "status:scheduled|starting|running|retrying|stopping"
"""Runs that an agent has."""
WAITING = "status:created|compiled|queued"
"""Runs that none has."""
_MOST_METRICS = 4


class Usage(NamedTuple):
    """What a run used last: percent of one core, bytes of memory, percent of its GPUs; None where it is not known."""

    cpu: float | None
    memory: float | None
    gpu: float | None


def usage_of(run: RunRecord) -> Usage:
    """The usage as tracking records it: of the run's processes, and of the GPUs that they see."""
    found = {name.removeprefix(SYSTEM): float(run.metrics[name]) for name in run.metrics if name.startswith(SYSTEM)}
    gpus = [value for name, value in found.items() if name.startswith("gpu/") and name.endswith("/utilization")]
    gpu = sum(gpus) / len(gpus) if gpus else None
    return Usage(found.get("process/cpu", found.get("cpu")), found.get("process/memory"), gpu)


def agent_of(run: RunRecord) -> str:
    """The agent of its newest attempt; empty when it has none."""
    return run.attempts[-1].agent if run.attempts else ""


def top_lines(runs: Sequence[RunRecord], width: int | None) -> list[str]:
    """Runs with what they use as a table, with a line of counts above it."""
    metrics = metric_columns(runs)[:_MOST_METRICS]
    heads = ["RUN", "NAME", "STATUS", "AGENT", "TOOK", "PROGRESS", "CPU", "MEMORY", "GPU"]
    rows = [
        [
            *(FIELDS[name].text(run) for name in ("run", "name", "status")),
            agent_of(run) or "-",
            *(FIELDS[name].text(run) for name in ("took", "progress")),
            *_used(usage_of(run)),
            *(each.text(run) for each in metrics),
        ]
        for run in runs
    ]
    return _under(_counts(runs), [*heads, *(each.heading for each in metrics)], rows, width)


def watch_lines(
    going_on: Sequence[RunRecord], ended: Sequence[RunRecord], width: int | None, *, projects: bool
) -> list[str]:
    """The runs that wait or go on, and below them those that ended last."""
    columns = selection([*going_on, *ended], projects=projects).columns
    rows = [[each.text(run) for each in columns] for run in (*going_on, *ended)]
    return _under(_counts(going_on), headings_of(columns), rows, width)


def run_lines(run: RunRecord, metrics: Sequence[Metric], width: int | None) -> list[str]:
    """One run: where it is, and its metrics."""
    status = output.status(run.status)
    head = output.Styled("  ".join(filter(None, [run.short_id, output.clean(run.name), status])))
    seconds = moment.seconds(run)
    facts = [
        f"took {duration.to_text(seconds)}" if seconds is not None else "",
        f"progress {run.progress:.0%}" if run.progress is not None else "",
        f"attempt {run.attempt}" if run.attempt > 1 else "",
        output.clean(message(run) or run.reason),
    ]
    rows = [
        [each.name, *map(output.number, (each.last, each.min, each.max)), str(each.step)]
        for each in metrics
        if not each.name.startswith(SYSTEM)
    ]
    return [head, *_under("  ".join(filter(None, facts)), ("METRIC", "LAST", "MIN", "MAX", "STEP"), rows, width)]


def _under(line: str, headings: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """A line and a table below it, if that has any rows."""
    return [line, "", *fit(headings, rows, width).lines] if rows else [line]


def _counts(runs: Sequence[RunRecord]) -> str:
    counts = Counter(run.status for run in runs)
    text = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    return text or "no live runs"


def _used(usage: Usage) -> list[str]:
    cpu, gpu = (f"{value:.0f}%" if value is not None else "-" for value in (usage.cpu, usage.gpu))
    return [cpu, "-" if usage.memory is None else output.size(usage.memory), gpu]
