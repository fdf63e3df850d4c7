"""Runs that a command is for: named one by one, or all that a query is true of, which are counted and asked about
first; and how what became of each is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from trainyard.cli import output
from trainyard.cli.exit_codes import Exit
from trainyard.cli.options import ask, find, json_option, runs_argument, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import BulkAction, BulkOutcome, Run

__all__ = ["SelectedRuns", "act", "for_runs", "tell_run", "tell_runs"]

CHUNK = 200
"""Runs in one request: all of them are done or none."""
_CODES = {"conflict": Exit.CONFLICT, "not_found": Exit.NOT_FOUND, "forbidden": Exit.NOT_ALLOWED, "invalid": Exit.USAGE}


class SelectedRuns(NamedTuple):
    """The runs that are meant, and whether a person named exactly one."""

    client: Client
    refs: list[str]
    single: bool


def for_runs(verb: str, *, always_ask: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Gives a command `RUN...`, `-q QUERY`, `--yes` and `--json`; as its first argument what was chosen. A query asks
    before it is acted on, and so does everything when `always_ask`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @runs_argument
        @click.option("-q", "--query", metavar="QUERY", help="All runs that the query is true of; see `yard ls`.")
        @click.option("--yes", is_flag=True, help="Do not ask first.")
        @json_option
        @with_client
        @wraps(command)
        def chosen(client: Client, refs: tuple[str, ...], query: str | None, yes: bool, **rest: Any) -> Any:
            found = _chosen(client, refs, query)
            if found.refs and not yes and (always_ask or query is not None):
                ask(f"{verb} {_count(found.refs)}")
            return command(found, **rest)

        return chosen

    return decorate


def _chosen(client: Client, refs: Sequence[str], query: str | None) -> SelectedRuns:
    if bool(refs) == (query is not None):
        raise click.UsageError("name the runs, or choose them with -q QUERY")
    if query is None:
        return SelectedRuns(client, [find(client, ref) for ref in refs], len(refs) == 1)
    return SelectedRuns(client, [run.id for run in client.runs.list(q=query)], False)


def act(chosen: SelectedRuns, request: BulkAction) -> list[BulkOutcome]:
    """Do it to all, some at a time."""
    found: list[BulkOutcome] = []
    for start in range(0, len(chosen.refs), CHUNK):
        part = msgspec.structs.replace(request, refs=chosen.refs[start : start + CHUNK])
        found += chosen.client.runs.act(part).items
    return found


def tell_run(run: Run, said: str, *, as_json: bool) -> None:
    """One run that was named."""
    if as_json:
        return output.json_document(run)
    return output.line(said)


def tell_runs(outcomes: Sequence[BulkOutcome], said: Callable[[BulkOutcome], str], *, as_json: bool) -> None:
    """What became of each; ends the command as the first refusal says, when there is one."""
    if as_json:
        output.json_document({"items": outcomes})
    else:
        for outcome in outcomes:
            _tell(outcome, said)
    if refusals := [outcome for outcome in outcomes if not outcome.done]:
        output.line(f"{len(outcomes) - len(refusals)} done, {len(refusals)} refused", err=True)
        click.get_current_context().exit(_CODES.get(refusals[0].code, Exit.FAILED))


def _tell(outcome: BulkOutcome, said: Callable[[BulkOutcome], str]) -> None:
    if outcome.done:
        return output.line(f"run {(outcome.id or outcome.ref)[-8:]} {said(outcome)}")
    fix = f"; {output.clean(outcome.fix)}" if outcome.fix else ""
    return output.line(f"yard: {output.clean(outcome.detail)}{fix}", err=True)


def _count(refs: Sequence[str]) -> str:
    return f"run {refs[0][-8:]}" if len(refs) == 1 else f"{len(refs)} runs"
