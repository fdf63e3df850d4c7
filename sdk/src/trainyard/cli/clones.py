"""`yard restart`, `resume`, `copy`: new runs from old ones; and `yard edit`, which changes a run itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
import msgspec

from trainyard.cli.options import find, json_option, run_argument, with_client
from trainyard.cli.run import read_params
from trainyard.cli.selection import SelectedRuns, act, for_runs, tell_run, tell_runs

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Action, CloneRun

__all__ = ["copy", "edit", "restart", "resume"]

_param = click.option("-P", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A param; may be repeated.")
_name = click.option("--name", default="", help="A name for the new run, over the old one's.")
_queue = click.option("--queue", default="", help="The queue, over the old one's.")


@click.command()
@_param
@_name
@_queue
@for_runs("restart")
def restart(chosen: SelectedRuns, *, params: tuple[str, ...], name: str, queue: str, as_json: bool) -> None:
    """Run the operation of runs again, with other params if they are given."""
    from trainyard.client.models import CloneRun

    _clone(chosen, "restart", CloneRun(params=read_params(params), name=name, queue=queue), as_json=as_json)


@click.command()
@click.option("--step", type=int, help="The last step that counts; the new run goes on after it.  [all steps]")
@_param
@_name
@_queue
@for_runs("resume")
def resume(
    chosen: SelectedRuns, *, step: int | None, params: tuple[str, ...], name: str, queue: str, as_json: bool
) -> None:
    """Continue runs that have ended, with their outputs, artifacts and one chart.

    The program finds the old run's id in TRAINYARD_RESUME_FROM and the last step in TRAINYARD_RESUME_STEP.
    """
    from trainyard.client.models import CloneRun

    request = CloneRun(params=read_params(params), name=name, queue=queue, step=step)
    _clone(chosen, "resume", request, as_json=as_json)


@click.command()
@_param
@_name
@_queue
@for_runs("copy")
def copy(chosen: SelectedRuns, *, params: tuple[str, ...], name: str, queue: str, as_json: bool) -> None:
    """Run the operation of runs again, beginning with the artifacts of the old ones."""
    from trainyard.client.models import CloneRun

    _clone(chosen, "copy", CloneRun(params=read_params(params), name=name, queue=queue), as_json=as_json)


def _clone(chosen: SelectedRuns, kind: Action, request: CloneRun, *, as_json: bool) -> None:
    from trainyard.client.models import BulkAction

    if chosen.single:
        run = getattr(chosen.client.runs, kind)(chosen.refs[0], request)
        return tell_run(run, run.id, as_json=as_json)
    many = BulkAction(action=kind, params=request.params, name=request.name, queue=request.queue, step=request.step)
    return tell_runs(act(chosen, many), lambda outcome: f"gave run {outcome.created}", as_json=as_json)


@click.command()
@run_argument
@click.option("--name", help="A new name.")
@click.option("--description", help="A new description.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="The tags of the run from now on; may be repeated.")
@click.option("--meta", multiple=True, metavar="NAME=JSON", help="A meta value; `NAME=null` removes it.")
@click.option("--priority", type=int, help="A new priority, while it waits.")
@click.option("--queue", help="Another queue, while it waits.")
@json_option
@with_client
def edit(client: Client, *, ref: str, tags: tuple[str, ...], meta: tuple[str, ...], as_json: bool, **rest: Any) -> None:
    """Change the name and tags of a run, and while it waits its queue and priority."""
    from trainyard.client.models import EditRun

    request = EditRun(tags=[*tags] or None, meta=_meta(meta) or None, **rest)
    if request == EditRun():
        raise click.UsageError("say what to change, such as --name or --queue")
    run = client.runs.edit(find(client, ref), request)
    changed = ", ".join(msgspec.to_builtins(request))
    tell_run(run, f"run {run.short_id}: {changed} changed", as_json=as_json)


def _meta(pairs: tuple[str, ...]) -> dict[str, Any]:
    """`NAME=JSON` pairs; what is no JSON is text."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--meta {pair!r} is no value; write it as NAME=JSON")
        found[name] = _value(name, text)
    return found


def _value(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
    except RecursionError:
        raise click.UsageError(f"--meta {name}: the value is nested too deep; flatten it") from None
