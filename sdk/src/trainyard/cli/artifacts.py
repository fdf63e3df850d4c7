"""`yard artifacts`: the files of runs, listed, brought here, stored and removed, alone or a folder at once. Large files
go on where a cut or an interrupted command left them. Progress is told on standard error, on a terminal only."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.exit_codes import Exit
from trainyard.cli.options import complete, find, json_flag, json_option, run_argument, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Artifact, ArtifactPage

__all__ = ["artifacts"]

_EVERY = 0.2


@click.group()
def artifacts() -> None:
    """List, get, put and remove the files of runs."""


@artifacts.command("ls")
@run_argument
@click.argument("folder", default="", shell_complete=complete("artifact"))
@click.option("-r", "--recursive", is_flag=True, help="All files below FOLDER, not only what lies directly in it.")
@json_option
@with_client
def ls(client: Client, *, ref: str, folder: str, recursive: bool, as_json: bool) -> None:
    """List the files of a run, or of one of its folders."""
    prefix = f"{folder.rstrip('/')}/" if folder else ""
    page = _everything(client, find(client, ref), prefix=prefix, folder=not recursive)
    if as_json:
        output.json_document({"items": page.items, "folders": page.folders})
        return
    rows = [(each.name, output.size(each.size), f"{each.files} files", each.at[:19]) for each in page.folders]
    rows += [(each.name, output.size(each.size), each.kind, each.at[:19]) for each in page.items]
    output.table(("NAME", "SIZE", "KIND", "WRITTEN"), sorted(rows))


@artifacts.command("get")
@run_argument
@click.argument("name", default="", shell_complete=complete("artifact"))
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), help="Where to put it [its own name here].")
@click.option("--tar", is_flag=True, help="One tar of all files below NAME.")
@json_flag
@with_client
def get(client: Client, *, ref: str, name: str, target: Path | None, tar: bool, as_json: bool) -> None:
    """Bring a file of a run here; or a folder, when NAME is one (no NAME: all files). What is here already with the
    same bytes stays; what came of a large file before an interruption is not sent again."""
    run = find(client, ref)
    if tar:
        prefix = f"{name.rstrip('/')}/" if name else ""
        done = [client.artifacts.tar(run, target or Path(f"{_last(name) or run}.tar"), prefix=prefix)]
    elif name and not name.endswith("/") and _is_file(client, run, name):
        with _Progress(name) as told:
            done = [client.artifacts.get(run, name, _place(target, _last(name)), progress=told)]
    else:
        with _Progress(name or "files") as told:
            folder = target or Path(_last(name.rstrip("/")) or ".")
            done = [*client.artifacts.get_folder(run, name.rstrip("/"), folder, progress=told)]
        if not done:
            _missing(ref, f"has no file {name!r} and none below it")
    _say([str(path) for path in done], as_json)


@artifacts.command("put")
@run_argument
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.argument("name", default="")
@click.option("--kind", default="file", metavar="KIND", help="The kind of file: file, model, ... [file].")
@json_option
@with_client
def put(client: Client, *, ref: str, source: Path, name: str, kind: str, as_json: bool) -> None:
    """Store a file, or all files of a folder, under NAME [its own name]. Doing it again goes on where it was cut and
    changes nothing that is there. What of a folder cannot be stored is named, the rest is stored, and the exit code is
    1."""
    from trainyard.track.files import own_name

    left: list[str] = []

    def skip(each: str, error: Exception) -> None:
        left.append(f"{each!a} is left out: {error}")

    run, called = find(client, ref), name.strip("/") or own_name(source)
    with _Progress(called) as told:
        if source.is_dir():
            done = [*client.artifacts.put_folder(run, called, source, kind=kind, progress=told, skip=skip)]
        else:
            done = [client.artifacts.put(run, called, source, kind=kind, progress=told)]
    if as_json:
        output.json_document(done)
    else:
        _say([f"{each.name}  {output.size(each.size)}  {each.digest}" for each in done], False)
    for line in left:
        output.line(f"yard: {output.clean(line)}", err=True)
    click.get_current_context().exit(Exit.FAILED if left else Exit.OK)


@artifacts.command("rm")
@run_argument
@click.argument("name")
@click.option("-r", "--recursive", is_flag=True, help="All files below NAME.")
@json_option
@with_client
def rm(client: Client, *, ref: str, name: str, recursive: bool, as_json: bool) -> None:
    """Remove a file of a run; with -r, a folder."""
    run = find(client, ref)
    if recursive:
        found = [each.name for each in client.artifacts.list(run, prefix=f"{name.rstrip('/')}/")]
    else:
        found = [name] if _is_file(client, run, name) else []
    if not found:
        _missing(ref, f"has no file {name!r}" + ("" if recursive else "; a folder is removed with -r"))
    for each in found:
        client.artifacts.delete(run, each)
    _say(found, as_json)


def _missing(ref: str, what: str) -> None:
    """End the command: there is no such artifact."""
    output.line(f"yard: run {ref} {what}; see `yard artifacts ls {ref}`", err=True)
    click.get_current_context().exit(Exit.NOT_FOUND)


def _everything(client: Client, run: str, *, prefix: str, folder: bool) -> ArtifactPage:
    """All pages as one."""
    from trainyard.client.models import ArtifactPage

    whole, cursor = ArtifactPage(items=[], folders=[]), ""
    while True:
        page = client.artifacts.page(run, prefix=prefix, folder=folder, limit=500, cursor=cursor)
        whole = ArtifactPage(items=[*whole.items, *page.items], folders=[*whole.folders, *page.folders])
        if page.next is None:
            return whole
        cursor = page.next


def _is_file(client: Client, run: str, name: str) -> bool:
    items: list[Artifact] = client.artifacts.page(run, prefix=name, limit=1).items
    return bool(items) and items[0].name == name


def _place(target: Path | None, name: str) -> Path:
    """Where a file goes: into TARGET when that is a folder."""
    from trainyard.client.folders import path_inside

    if target is None or target.is_dir():
        return path_inside(target or Path(), name)
    return target


def _last(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2]


def _say(lines: list[str], as_json: bool) -> None:
    if as_json:
        output.json_document(lines)
        return
    for line in lines:
        output.line(output.clean(line))


class _Progress:
    """Tells of progress in one line that is written over, not more often than a person reads."""

    def __init__(self, name: str) -> None:
        self._name, self._shown, self._last = output.clean(name)[-40:], sys.stderr.isatty(), 0.0
        self._began = time.monotonic()

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown and self._last:
            click.echo("\r\033[K", nl=False, err=True)

    def __call__(self, done: int, size: int) -> None:
        now = time.monotonic()
        if self._shown and (now - self._last >= _EVERY or done == size):
            self._last = now
            speed = output.size(done / max(now - self._began, 0.001))
            share = f"{100 * done / size:3.0f} %" if size > 0 else "    "
            progress = f"{share}  {output.size(done)}  {speed}/s"
            click.echo(f"\r\033[K{output.clean(self._name)}  {progress}", nl=False, err=True)
