"""`yard get`, `why`: runs as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from trainyard.cli import moment, output
from trainyard.cli.columns import SYSTEM
from trainyard.cli.options import find, json_option, run_argument, with_client
from trainyard.cli.origin import origin_fields

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Lineage, Related, Run

__all__ = ["dropped", "get", "why"]


@click.command()
@run_argument
@json_option
@with_client
def get(client: Client, *, ref: str, as_json: bool) -> None:
    """Show one run."""
    run = client.runs.get(find(client, ref))
    if as_json:
        return output.json_document(run)
    return _show(run, client.runs.lineage(run.id))


@click.command()
@run_argument
@json_option
@with_client
def why(client: Client, *, ref: str, as_json: bool) -> None:
    """Say why a run is where it is and what it waits for."""
    answer = client.runs.why(find(client, ref))
    if as_json:
        return output.json_document(answer)
    output.line(f"{output.status(answer.status)}: {output.clean(answer.summary)}")
    for blocker in answer.blockers:
        output.line(f"  {blocker.code}: {output.clean(blocker.message)}")
        if blocker.fix:
            output.line(f"    {output.clean(blocker.fix)}")
    for change in answer.changes:
        output.line(f"  would start it: {output.clean(change)}")
    return None if answer.place is None else output.line(f"  place {answer.place} of all that waits")


def _show(run: Run, around: Lineage) -> None:
    output.fields(
        [
            ("run", run.id),
            ("name", run.name),
            ("status", output.status(run.status)),
            ("reason", run.reason),
            ("message", run.message),
            ("project", run.project),
            ("user", run.user),
            ("queue", run.queue),
            ("tags", ", ".join(run.tags)),
            ("created", moment.moment(run.created_at)),
            ("started", moment.moment(run.started_at)),
            ("finished", moment.moment(run.finished_at)),
            ("took", "" if (seconds := moment.seconds(run)) is None else moment.duration(seconds)),
            ("progress", "" if run.progress is None else f"{run.progress:.0%}"),
            ("attempt", str(run.attempt or "")),
            ("exit code", "" if run.exit_code is None else str(run.exit_code)),
            ("archived", moment.moment(run.archived_at)),
            *origin_fields(run),
            ("dropped", dropped(run)),
            *_relatives(around),
            *((f"param {name}", output.value(value)) for name, value in sorted(run.inputs.items())),
            *_metrics(run),
            *((f"output {name}", output.value(value)) for name, value in sorted(run.outputs.items())),
            *_not_recorded(run),
        ]
    )
    if run.status == "failed" and run.last_lines:
        output.line("last lines:")
        for line in run.last_lines:
            output.line(f"  {output.clean(line)}")


def _metrics(run: Run) -> list[tuple[str, str]]:
    """The last value of each metric; those of the machine are only counted."""
    own = [
        (f"metric {name}", output.number(run.metrics[name]))
        for name in sorted(run.metrics)
        if not name.startswith(SYSTEM)
    ]
    system = len(run.metrics) - len(own)
    return [*own, ("system", f"{system} metrics; `yard metrics {run.short_id}` has them" if system else "")]


def dropped(run: Run) -> str:
    """What its programs had to drop, in words; empty when nothing was."""
    if not run.dropped:
        return ""
    return f"{run.dropped} records (values, lines, events), as there was no room for them where it ran"


def _not_recorded(run: Run) -> list[tuple[str, str]]:
    """What the run does not have although its program wanted to record it, each with why."""
    from trainyard.track.omissions import reasons

    return [(f"not recorded {name}".rstrip(), why) for name, why in reasons(run.meta)]


def _relatives(around: Lineage) -> list[tuple[str, str]]:
    """The runs around a run, a line for each way in which they are related."""
    taken = sorted({artifact.source[-8:] for artifact in around.taken})
    return [
        ("made from", _named([around.original] if around.original else [])),
        ("parent", _named([around.parent] if around.parent else [])),
        ("clones", _named(around.clones)),
        ("children", _named(around.children)),
        ("upstream", _named(around.upstream)),
        ("downstream", _named(around.downstream)),
        ("artifacts", f"{len(around.made)} of its own" if around.made else ""),
        ("taken", f"{len(around.taken)} artifacts of {', '.join(taken)}" if taken else ""),
    ]


def _named(related: Sequence[Related]) -> str:
    """Runs by their short ids, with what they are; the first few."""
    shown = [f"{each.id[-8:]} ({', '.join(part for part in (each.how, each.status) if part)})" for each in related[:10]]
    return ", ".join(shown) + (f" and {len(related) - 10} more" if len(related) > 10 else "")
