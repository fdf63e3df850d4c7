"""`yard run`: from an operation file to a run. The file is checked here first, so that most mistakes are told with
their line before anything is sent; the server compiles it again and has the last word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trainyard.cli import output
from trainyard.cli.create_request import check, gather, wish_of
from trainyard.cli.exit_codes import Exit
from trainyard.cli.logs import print_line
from trainyard.cli.options import json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import CreateRun, Preview, Run

__all__ = ["read_params", "run"]


@click.command()
@click.option(
    "-f",
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="The operation file; when repeated, the others are patched onto it.",
)
@click.option("--hub", default="", metavar="NAME[:VERSION]", help="A registered component, instead of a file.")
@click.option("--presets", multiple=True, metavar="NAME[:VERSION],...", help="Registered presets, patched onto it.")
@click.option("-P", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A param; may be repeated.")
@click.option("--name", default="", help="A name for the run, over the file's.")
@click.option("--tag", "tags", multiple=True, help="A tag more; may be repeated.")
@click.option("--queue", default="", help="The queue, over the file's.")
@click.option("-w", "--watch", is_flag=True, help="Print what it writes until it has ended, and fail when it fails.")
@click.option("--preview", is_flag=True, help="Create nothing; show what would run and whether it would start now.")
@click.option(
    "--code",
    type=click.Choice(["here", "git", "none"]),
    help="Where the program is: in the file's folder, in place; in its git repository at this commit with everything "
    "that is changed or new; nowhere. [what the file says, else here]",
)
@json_option
@with_client
def run(
    client: Client,
    *,
    files: tuple[Path, ...],
    hub: str,
    presets: tuple[str, ...],
    params: tuple[str, ...],
    name: str,
    tags: tuple[str, ...],
    queue: str,
    watch: bool,
    preview: bool,
    code: str | None,
    as_json: bool,
) -> None:
    """Create a run from an operation file, or from a registered component.

    Prints the run's id. With --watch it follows the run: Ctrl-C leaves the run alone. With --json it prints the run,
    and with --watch as well a line of JSON for each line of the log and then for the run as it has ended. Of a sweep
    --watch shows the trials; see `yard sweep`.
    """
    given, material = read_params(params), gather(files, hub, presets)
    resolved = check(material, given)
    wish = wish_of(material, params=given, name=name, tags=list(tags), queue=queue)
    found = resolved.code.kind if resolved is not None else _code_there(client, wish)
    wish = _with_code(wish, _code(code, material.folder, brings_code=found != "none"))
    if preview:
        return _previewed(client.runs.preview(wish), as_json=as_json)
    created = client.runs.create(wish)
    if watch:
        return _watch(client, created, as_json=as_json)
    return _announce(client, created, as_json=as_json)


def read_params(pairs: tuple[str, ...]) -> dict[str, str]:
    """`NAME=VALUE` pairs. Values stay text: the types of the inputs say what they are."""
    given: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"-P {pair!r} is no param; write it as NAME=VALUE")
        if name in given:
            raise click.UsageError(f"-P {name} is given twice; leave one")
        given[name] = value
    return given


def _code(choice: str | None, folder: Path, *, brings_code: bool) -> dict[str, Any] | None:
    """Where the program is; None leaves it to the operation."""
    if choice is None and brings_code:
        return None
    if choice == "git":
        from trainyard.cli.git import snapshot

        return dict(snapshot(folder))
    return {"kind": "none"} if choice == "none" else {"kind": "folder", "path": str(folder)}


def _with_code(wish: CreateRun, code: dict[str, Any] | None) -> CreateRun:
    import msgspec

    return msgspec.structs.replace(wish, code=code)


def _code_there(client: Client, wish: CreateRun) -> str:
    """The kind of code that an operation brings once the server has looked up what it refers to. Says its warnings."""
    seen = client.runs.preview(wish)
    for warning in seen.warnings:
        output.line(f"warning: {output.clean(warning)}", err=True)
    return str(seen.resolved.get("code", {}).get("kind", "none"))


def _previewed(seen: Preview, *, as_json: bool) -> None:
    if as_json:
        return output.json_document(seen)
    forecast = seen.forecast
    waits = "" if seen.hold else "it would start now"
    if forecast.blockers:
        waits = "; ".join(": ".join(part for part in (one.message, one.fix) if part) for one in forecast.blockers)
    command = [*seen.resolved.get("command", []), *seen.resolved.get("args", [])]
    return output.fields(
        [
            ("name", str(seen.resolved.get("name", ""))),
            ("queue", seen.queue),
            ("command", " ".join(map(str, command))),
            ("uses", ", ".join(f"{use.kind} {use.name}:{use.version}" for use in seen.uses)),
            ("digest", seen.digest),
            ("hold", seen.hold),
            ("forecast", waits),
        ]
    )


def _announce(client: Client, created: Run, *, as_json: bool) -> None:
    if as_json:
        return output.json_document(created)
    output.line(created.id)
    way = f"yard sweep {created.short_id}" if created.kind == "sweep" else f"yard logs -f {created.short_id}"
    output.line(f"created in project {created.project}; follow it: {way}", err=True)
    return None


def _watch(client: Client, created: Run, *, as_json: bool) -> None:
    output.line(f"run {created.id}", err=True)
    try:
        _follow(client, created, as_json=as_json)
        ended = client.runs.wait(created.id)
    except KeyboardInterrupt:
        output.line(f"\nthe run goes on; stop it: yard stop {created.short_id}", err=True)
        raise
    if as_json:
        output.json_line(ended)
    output.line(f"run {ended.short_id} {_ending(ended)}", err=True)
    click.get_current_context().exit(Exit.OK if ended.status == "succeeded" else Exit.FAILED)


def _follow(client: Client, created: Run, *, as_json: bool) -> None:
    """The log of a run, or the trials of a sweep."""
    if created.kind == "sweep":
        from trainyard.cli.sweep import follow

        follow(client, created.id, as_json=as_json)
        return
    for line in client.runs.follow(created.id):
        print_line(line, as_json=as_json)


def _ending(run: Run) -> str:
    """The status and why, in the server's words or by the exit code."""
    code = "" if run.exit_code is None else f"exit code {run.exit_code}"
    detail = run.message or run.reason or code
    return run.status if run.status == "succeeded" or not detail else f"{run.status}: {output.clean(detail)}"
