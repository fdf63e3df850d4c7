"""`yard compare`: runs side by side, and what differs between the best and the worst."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.differences import Difference, best_and_worst, differences, varying
from trainyard.cli.options import find, json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Run

__all__ = ["compare"]


@click.command()
@click.argument("refs", nargs=-1, required=True, metavar="RUN RUN...")
@click.option("--metric", metavar="NAME", help="Rank by this metric and say what differs between best and worst.")
@click.option("--minimize", is_flag=True, help="The least value of the metric is the best.")
@json_option
@with_client
def compare(client: Client, *, refs: tuple[str, ...], metric: str | None, minimize: bool, as_json: bool) -> None:
    """Put runs side by side and say what differs.

    The table has the params that are not the same in all of them, and all metrics. With --json the document is
    {"runs": [...], "best": id, "worst": id, "differences": [{"kind", "name", "best", "worst"}]}.
    """
    if len(refs) < 2:
        raise click.UsageError("give at least two runs to compare")
    if minimize and not metric:
        raise click.UsageError("--minimize needs --metric NAME")
    runs = [client.runs.get(find(client, ref)) for ref in refs]
    ends = best_and_worst(runs, metric, minimize=minimize) if metric else None
    found = differences(*ends) if ends else []
    if as_json:
        return _json(runs, ends, found)
    _table(runs)
    return _tell(metric, ends, found) if metric else None


def _json(runs: Sequence[Run], ends: tuple[Run, Run] | None, found: Sequence[Difference]) -> None:
    shown = ("id", "name", "status", "inputs", "metrics", "attempt")
    output.json_document(
        {
            "runs": [{name: getattr(run, name) for name in shown} for run in runs],
            "best": ends[0].id if ends else None,
            "worst": ends[1].id if ends else None,
            "differences": [one._asdict() for one in found],
        }
    )


def _table(runs: Sequence[Run]) -> None:
    params = varying([run.inputs for run in runs])
    metrics = list(dict.fromkeys(name for run in runs for name in run.metrics))
    rows = [
        [
            run.short_id,
            run.name,
            output.status(run.status),
            *(output.value(run.inputs[name]) if name in run.inputs else "-" for name in params),
            *(output.number(run.metrics.get(name)) for name in metrics),
        ]
        for run in runs
    ]
    output.table(["RUN", "NAME", "STATUS", *map(output.clean, params), *map(output.clean, metrics)], rows)


def _tell(metric: str, ends: tuple[Run, Run] | None, found: Sequence[Difference]) -> None:
    if ends is None:
        return output.line(
            f"yard: fewer than two of them have a finite {metric!r}; there is no best and worst", err=True
        )
    best, worst = ends
    output.line(f"\nbest {_scored(best, metric)}, worst {_scored(worst, metric)}; what differs:")
    rows = [(one.kind, one.name, _side(one.best), _side(one.worst)) for one in found]
    if rows:
        return output.table(("", "NAME", "BEST", "WORST"), rows)
    return output.line("nothing that is recorded: params, code, env and attempt are the same")


def _scored(run: Run, metric: str) -> str:
    return f"{run.short_id} ({output.clean(metric)} {output.number(run.metrics[metric])})"


def _side(value: object) -> str:
    """One side of a difference in a table's cell; a patch or the like is cut, the JSON has it whole."""
    text = "-" if value is None else output.value(value)
    return text if len(text) <= 60 else text[:57] + "..."
