"""`yard get`, `why`: runs as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from trainyard import duration
from trainyard.cli import moment, output
from trainyard.cli.columns import SYSTEM
from trainyard.cli.options import find, json_option, run_argument, with_client
from trainyard.cli.origin import origin_fields

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Attempt, AttemptObservation, Lineage, RelatedRun, RunRecord, Why

__all__ = ["dropped", "get", "message", "not_recorded", "why"]

_LAST_LINES = 10
"""So many lines of the log of a failed run are shown."""


@click.command()
@run_argument
@json_option
@with_client
def get(client: Client, *, ref: str, as_json: bool) -> None:
    """Show one run."""
    run = client.runs.get(find(client, ref))
    if as_json:
        return output.json_document(run)
    _show(run, client.runs.lineage(run.id))
    return _show_last_lines(client, run)


@click.command()
@run_argument
@json_option
@with_client
def why(client: Client, *, ref: str, as_json: bool) -> None:
    """Explain the status of a run and what it waits for."""
    answer = client.runs.why(find(client, ref))
    if as_json:
        return output.json_document(answer)
    _explain(answer)
    run = client.runs.get(answer.run)
    for name, text in _earlier_attempts(run):
        output.line(f"  {name}: {output.clean(text)}")
    return _show_last_lines(client, run)


def _explain(answer: Why) -> None:
    """The sentence, then each blocker with what to do; one that the sentence states already is not repeated."""
    is_whole = answer.summary.startswith(answer.status)
    rest = answer.summary[len(answer.status) :] if is_whole else f": {answer.summary}"
    output.line(f"{output.status(answer.status)}{output.clean(rest)}")
    for blocker in answer.blockers:
        if blocker.message != answer.summary:
            output.line(f"  {blocker.code}: {output.clean(blocker.message)}")
        if blocker.fix:
            output.line(f"    {output.clean(blocker.fix)}")
    if answer.observation is not None:
        for name, text in _observed(answer.observation):
            output.line(f"  {name}: {output.clean(text)}")
    if answer.untrusted:
        output.line("  untrusted: its code comes from outside; it uses no connection that does not allow it")
    for change in answer.changes:
        output.line(f"  it starts {output.clean(change)}")
    if answer.place is not None:
        output.line(f"  position {answer.place} in the waiting list")


def _observed(seen: AttemptObservation) -> list[tuple[str, str]]:
    """What the scheduler said last, as names and texts."""
    since = f" since {moment.moment(seen.observed_at)}" if seen.observed_at else ""
    parts = [("scheduler", f"{seen.phase}{since}"), ("scheduler's reason", seen.reason)]
    detail = ((f"detail {name}", output.value(value)) for name, value in sorted(seen.detail.items()))
    return [(name, text) for name, text in (*parts, ("scheduler's message", seen.message), *detail) if text]


def _last_observation(run: RunRecord) -> list[tuple[str, str]]:
    """What the scheduler of the current attempt said last, while it says more than the run itself does."""
    current = next((each for each in run.attempts if each.number == run.attempt), None)
    seen = current.observation if current else None
    return _observed(seen) if seen and (seen.reason or seen.message or seen.detail) else []


def _show(run: RunRecord, around: Lineage) -> None:
    output.fields(
        [
            ("run", run.id),
            ("name", run.name),
            ("status", output.status(run.status)),
            ("reason", run.reason),
            ("message", message(run)),
            ("project", run.project),
            ("user", run.user),
            ("queue", run.queue),
            ("untrusted", "yes: its code comes from outside" if run.untrusted else ""),
            ("tags", ", ".join(run.tags)),
            ("created", moment.moment(run.created_at)),
            ("started", moment.moment(run.started_at)),
            ("finished", moment.moment(run.finished_at)),
            ("took", "" if (seconds := moment.seconds(run)) is None else duration.to_text(seconds)),
            ("progress", "" if run.progress is None else f"{run.progress:.0%}"),
            ("attempt", str(run.attempt or "")),
            *_earlier_attempts(run),
            *_last_observation(run),
            ("exit code", "" if run.exit_code is None else str(run.exit_code)),
            ("archived", moment.moment(run.archived_at)),
            *origin_fields(run),
            ("dropped", dropped(run)),
            *_relatives(run, around),
            *((f"param {name}", output.value(value)) for name, value in sorted(run.params.items())),
            *_metrics(run),
            *((f"output {name}", output.value(value)) for name, value in sorted(run.outputs.items())),
            *_not_recorded(run),
        ]
    )


def _show_last_lines(client: Client, run: RunRecord) -> None:
    """What a failed run wrote last: as its agent has told, or the end of its log."""
    if run.status != "failed":
        return
    if lines := run.last_lines or _end_of_log(client, run.id):
        output.line("last lines:")
        for line in lines:
            output.line(f"  {output.clean(line)}")


def _end_of_log(client: Client, run: str) -> list[str]:
    """The last lines of a log; none where it cannot be read, for they only come beside other things."""
    from trainyard.client.errors import ClientError

    try:
        return [line.text for line in client.runs.logs(run, limit=_LAST_LINES, tail=True).items]
    except ClientError:
        return []


def message(run: RunRecord) -> str:
    """The message of a run without the summary of what was not recorded, which has lines of its own."""
    return run.message.removesuffix(not_recorded(run)).removesuffix("; ")


def not_recorded(run: RunRecord) -> str:
    """What was not recorded, in short; empty when everything was."""
    from trainyard.track.omissions import META, summary

    return summary(run.meta.get(META))


def _earlier_attempts(run: RunRecord) -> list[tuple[str, str]]:
    """How each attempt before the last one ended, as names and texts."""
    return [(f"attempt {each.number}", _end_of_attempt(each)) for each in run.attempts if each.number < run.attempt]


def _end_of_attempt(attempt: Attempt) -> str:
    codes = (("killed by signal", attempt.signal), ("exit code", attempt.exit_code))
    by_code = next((f"{words} {number}" for words, number in codes if number is not None), "")
    cause = attempt.message or by_code or attempt.reason.replace("_", " ") or "ended"
    return " at ".join(filter(None, [cause, moment.local(attempt.finished_at)]))


def _metrics(run: RunRecord) -> list[tuple[str, str]]:
    """The last value of each metric; those of the machine are only counted."""
    own = [
        (f"metric {name}", output.number(run.metrics[name]))
        for name in sorted(run.metrics)
        if not name.startswith(SYSTEM)
    ]
    system = len(run.metrics) - len(own)
    return [*own, ("system", f"{system} metrics; `yard metrics {run.short_id}` has them" if system else "")]


def dropped(run: RunRecord) -> str:
    """What its programs had to drop, in words; empty when nothing was."""
    if not run.dropped:
        return ""
    return f"{run.dropped} records (values, lines, events), as there was no room for them where it ran"


def _not_recorded(run: RunRecord) -> list[tuple[str, str]]:
    """What the run does not have although its program wanted to record it, each with why."""
    from trainyard.track.omissions import reasons

    return [(f"not recorded {name}".rstrip(), why) for name, why in reasons(run.meta)]


def _relatives(run: RunRecord, around: Lineage) -> list[tuple[str, str]]:
    """The runs around a run, a line for each way in which they are related."""
    taken = sorted({artifact.source[-8:] for artifact in around.taken})
    return [
        ("made from", _named([around.original] if around.original else [])),
        ("parent", _named([around.parent] if around.parent else [])),
        ("continued by", _named([each for each in around.clones if each.how == "resume"], how=False)),
        ("clones", _named([each for each in around.clones if each.how != "resume"])),
        ("children", _named(around.children)),
        ("upstream", _named(around.upstream)),
        ("downstream", _named(around.downstream)),
        ("artifacts", f"{len(around.made)} (yard artifacts ls {run.short_id})" if around.made else ""),
        ("taken", f"{len(around.taken)} artifacts of {', '.join(taken)}" if taken else ""),
    ]


def _named(related: Sequence[RelatedRun], *, how: bool = True) -> str:
    """Runs by their short ids, with what they are and, unless told otherwise, how they are related; the first few."""
    shown = [
        f"{each.id[-8:]} ({', '.join(filter(None, (each.how if how else '', each.status)))})" for each in related[:10]
    ]
    return ", ".join(shown) + (f" and {len(related) - 10} more" if len(related) > 10 else "")
