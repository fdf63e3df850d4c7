"""`yard approve`, `stop`, `skip`, `tag`, `archive`, `restore`, `delete`: what is done to runs, one or many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from trainyard.cli import output
from trainyard.cli.options import pin
from trainyard.cli.selection import SelectedRuns, act, for_runs, tell_run, tell_runs

if TYPE_CHECKING:
    from trainyard.client.models import Action, BulkOutcome

__all__ = ["approve", "archive", "delete", "restore", "skip", "stop", "tag"]

_message = click.option("-m", "--message", default="", help="Why, in your words.")


def _verb(name: Action, text: str, said: Callable[[Any], str]) -> click.Command:
    """A command for a verb that takes nothing but a message. `said` tells of a run, or of an outcome among many."""

    @click.command(name, help=text)
    @_message
    @for_runs(name)
    def command(chosen: SelectedRuns, *, message: str, as_json: bool) -> None:
        from trainyard.client.models import BulkAction

        if chosen.single:
            run = getattr(chosen.client.runs, name)(chosen.refs[0], message)
            return tell_run(run, f"run {run.short_id} {said(run)}", as_json=as_json)
        return tell_runs(act(chosen, BulkAction(action=name, message=message)), said, as_json=as_json)

    return command


approve = _verb("approve", "Let runs go on that are held for approval.", lambda run: f"is approved; it is {run.status}")
stop = _verb(
    "stop",
    "Stop runs. One that runs is asked to end and is killed when it does not; `yard get` shows when it has ended.",
    lambda run: f"is {run.status}; it was asked to stop",
)
skip = _verb("skip", "Never run runs that no agent has taken yet.", lambda run: "is skipped")
archive = _verb("archive", "Put runs into the archive; nothing else about them changes.", lambda run: "is archived")
restore = _verb("restore", "Take runs out of the archive.", lambda run: "is restored")


@click.command()
@click.option("-a", "--add", multiple=True, metavar="TAG", help="A tag to add; may be repeated.")
@click.option("-r", "--remove", multiple=True, metavar="TAG", help="A tag to remove; may be repeated.")
@for_runs("tag")
def tag(chosen: SelectedRuns, *, add: tuple[str, ...], remove: tuple[str, ...], as_json: bool) -> None:
    """Add tags to runs and remove them."""
    from trainyard.client.models import BulkAction

    if not (add or remove):
        raise click.UsageError("say which tags with --add or --remove")
    if chosen.single:
        run = chosen.client.runs.tag(chosen.refs[0], add, remove)
        return tell_run(run, f"run {run.short_id} has the tags {', '.join(run.tags) or '(none)'}", as_json=as_json)
    request = BulkAction(action="tag", add=[*add], remove=[*remove])
    return tell_runs(act(chosen, request), lambda _: "is tagged", as_json=as_json)


@click.command()
@for_runs("delete", always_ask=True)
def delete(chosen: SelectedRuns, *, as_json: bool) -> None:
    """Delete runs that have ended, for good, with all that they tracked."""
    from trainyard.client.models import BulkAction

    if chosen.single and not as_json:
        run = pin(chosen.client, chosen.refs[0])
        chosen.client.runs.delete(run)
        return output.line(f"run {run[-8:]} is deleted")
    return tell_runs(act(chosen, BulkAction(action="delete")), _deleted, as_json=as_json)


def _deleted(outcome: BulkOutcome) -> str:
    return "is deleted"
