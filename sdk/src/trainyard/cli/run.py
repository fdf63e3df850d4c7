"""`yard run`: from an operation file or a command to a run. It is checked here first, so that most mistakes are told
with their line before anything is sent; the server compiles it again and has the last word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trainyard.cli import output
from trainyard.cli.create_request import SUFFIXES, Material, check, gather, gather_command, request_of
from trainyard.cli.exit_codes import Exit
from trainyard.cli.logs import print_line
from trainyard.cli.options import complete, json_option, with_client
from trainyard.cli.runs import message, not_recorded
from trainyard.submission.material import folder_code

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import CreateRun, Preview, RunRecord

__all__ = ["read_params", "run"]


class _RunCommand(click.Command):
    """A command that says where options of the program that is to run belong."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        has_program = "--" not in args and any(not word.startswith("-") for word in args[:1])
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if not has_program:
                raise
            hint = "what is to run stands behind `--`: yard run -- python train.py --lr 0.1"
            raise click.UsageError(f"{error.format_message()} {hint}", ctx) from error


@click.command(cls=_RunCommand)
@click.argument("words", nargs=-1, metavar="[FILE... | -- COMMAND...]")
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
@click.option("--tag", "tags", multiple=True, help="An additional tag; may be repeated.")
@click.option("--queue", default="", help="The queue, over the file's.", shell_complete=complete("queue"))
@click.option("-w", "--watch", is_flag=True, help="Print the run's log until it has ended; the exit code says how.")
@click.option("--preview", is_flag=True, help="Create nothing; show what would run and whether it would start now.")
@click.option("--untrusted", is_flag=True, help="Its code comes from outside: no secrets, and its own data only.")
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
    words: tuple[str, ...],
    files: tuple[Path, ...],
    hub: str,
    presets: tuple[str, ...],
    params: tuple[str, ...],
    name: str,
    tags: tuple[str, ...],
    queue: str,
    untrusted: bool,
    watch: bool,
    preview: bool,
    code: str | None,
    as_json: bool,
) -> None:
    """Run a command, an operation file or a registered component.

    FILE is an operation file (`.yaml`, `.yml`); the same as -f FILE. A COMMAND stands behind `--` and runs in this
    folder; its options that have a value, such as `--lr 0.1`, are params of the run.

    Prints the run's id. With --watch it follows the run: Ctrl-C leaves the run alone. With --json it prints the run,
    and with --watch as well a line of JSON for each line of the log and then for the run as it has ended. Of a sweep
    --watch shows the trials; see `yard sweep`.
    """
    if words and not words[0].endswith(SUFFIXES):
        material = _of_command(words, files, hub, presets, code)
    else:
        material = gather([*_files(words), *files], hub, presets)
    values = read_params(params)
    resolved = check(material, values)
    request = request_of(material, params=values, name=name, tags=list(tags), queue=queue)
    found = resolved.code.kind if resolved is not None else _code_there(client, request)
    request = _with_code(request, _code(code, material.folder, brings_code=found != "none"), untrusted)
    if preview:
        return _previewed(client.runs.preview(request), as_json=as_json)
    created = client.runs.create(request)
    if watch:
        return _watch(client, created, as_json=as_json)
    return _announce(client, created, as_json=as_json)


def _files(words: tuple[str, ...]) -> list[Path]:
    """Operation files that are named without -f. Raises UsageError for a name that does not end as theirs do."""
    for word in words:
        if not word.endswith(SUFFIXES):
            raise click.UsageError(f"{word!r} is no operation file ({', '.join(SUFFIXES)}); a param is given by -P")
    return [*map(Path, words)]


def _of_command(
    command: tuple[str, ...], files: tuple[Path, ...], hub: str, presets: tuple[str, ...], code: str | None
) -> Material:
    """What a command is run as. Raises UsageError where a file is named as well, or the first word is none."""
    if files or hub:
        raise click.UsageError("run a command, or a file (-f), or a component (--hub): not several of them")
    if not command[0] or command[0].startswith("-"):
        raise click.UsageError(f"{command[0]!r} is no program; write it behind `--`: yard run -- python train.py")
    return gather_command(command, presets, at_root=code == "git")


def read_params(pairs: tuple[str, ...]) -> dict[str, str]:
    """`NAME=VALUE` pairs. Values stay text: the types of the inputs say what they are."""
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"-P {pair!r} is no param; write it as NAME=VALUE")
        if name in values:
            raise click.UsageError(f"-P {name} is given twice; leave one")
        values[name] = value
    return values


def _code(choice: str | None, folder: Path, *, brings_code: bool) -> dict[str, Any] | None:
    """Where the program is; None leaves it to the operation."""
    if choice is None and brings_code:
        return None
    if choice == "git":
        from trainyard.cli.git import snapshot

        return dict(snapshot(folder))
    return {"kind": "none"} if choice == "none" else folder_code(folder)


def _with_code(request: CreateRun, code: dict[str, Any] | None, untrusted: bool) -> CreateRun:
    import msgspec

    return msgspec.structs.replace(request, code=code, untrusted=untrusted)


def _code_there(client: Client, request: CreateRun) -> str:
    """The kind of code that an operation brings once the server has looked up what it refers to. Says its warnings."""
    preview = client.runs.preview(request)
    for warning in preview.warnings:
        output.line(f"warning: {output.clean(warning)}", err=True)
    return str(preview.resolved.get("code", {}).get("kind", "none"))


def _previewed(preview: Preview, *, as_json: bool) -> None:
    if as_json:
        return output.json_document(preview)
    forecast = preview.forecast
    waits = "" if preview.hold else "it would start now"
    if forecast.blockers:
        waits = "; ".join(": ".join(part for part in (one.message, one.fix) if part) for one in forecast.blockers)
    command = [*preview.resolved.get("command", []), *preview.resolved.get("args", [])]
    return output.fields(
        [
            ("name", str(preview.resolved.get("name", ""))),
            ("queue", preview.queue),
            ("command", " ".join(map(str, command))),
            ("uses", ", ".join(f"{use.kind} {use.name}:{use.version}" for use in preview.uses)),
            ("digest", preview.digest),
            ("hold", preview.hold),
            ("forecast", waits),
        ]
    )


def _announce(client: Client, created: RunRecord, *, as_json: bool) -> None:
    if as_json:
        return output.json_document(created)
    output.line(created.id)
    way = f"yard sweep {created.short_id}" if created.kind == "sweep" else f"yard logs -f {created.short_id}"
    output.line(f"created in project {created.project}; follow it: {way}", err=True)
    return None


def _watch(client: Client, created: RunRecord, *, as_json: bool) -> None:
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
    if omitted := not_recorded(ended):
        output.line(output.clean(omitted), err=True)
    click.get_current_context().exit(Exit.OK if ended.status == "succeeded" else Exit.FAILED)


def _follow(client: Client, created: RunRecord, *, as_json: bool) -> None:
    """The log of a run, or the trials of a sweep."""
    if created.kind == "sweep":
        from trainyard.cli.sweep import follow

        follow(client, created.id, as_json=as_json)
        return
    for line in client.runs.follow(created.id):
        print_line(line, as_json=as_json)


def _ending(run: RunRecord) -> str:
    """The status and why, in the server's words or by the exit code."""
    code = "" if run.exit_code is None else f"exit code {run.exit_code}"
    detail = message(run) or run.reason or code
    return run.status if run.status == "succeeded" or not detail else f"{run.status}: {output.clean(detail)}"
