"""The commands that core adds to `yard plugins`: `new`, which writes a package, and `check`, which tries what is
installed. Both work without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainyard_core.errors import TrainyardError

__all__ = ["check", "new"]


def new(
    kind: Annotated[str, typer.Argument(help="What it will offer: scheduler or tracker.")],
    name: Annotated[str, typer.Argument(help="Its name, such as `slurm`; the package is named after it.")],
    into: Annotated[Path, typer.Option(help="Where to make the package's folder.")] = Path(),
) -> int:
    """Write a plugin's package that installs, passes its contract's suite and works, for you to change."""
    from trainyard_core import scaffold

    try:
        _check_free(f"{kind}_{name}")
        folder = scaffold.write(kind, name, into)
    except TrainyardError as error:
        typer.echo(f"yard plugins new: {error}", err=True)
        return 1
    typer.echo(f"{folder} is written. Next:")
    for step in (
        f"pip install -e '{folder}[test]'    # offline: with --no-build-isolation",
        f"pytest {folder}",
        f"yard plugins check {folder.name}",
        f"TRAINYARD_{kind.upper()}={name} yard up",
    ):
        typer.echo(f"    {step}")
    return 0


def _check_free(plugin: str) -> None:
    """Raises Conflict when a plugin of that name is installed: the two would keep each other out."""
    from importlib.metadata import entry_points

    from trainyard_core.errors import Conflict
    from trainyard_core.registry import GROUP

    for point in entry_points(group=GROUP, name=plugin):
        source = point.dist.name if point.dist else "another distribution"
        raise Conflict(f"a plugin '{plugin}' is installed already, by {source}", fix="choose another name")


def check(
    names: Annotated[list[str] | None, typer.Argument(help="Only these plugins; none: all that are installed.")] = None,
    data: Annotated[Path | None, typer.Option(help="The data directory.", envvar="TRAINYARD_DATA")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON with stable fields.")] = False,
) -> int:
    """Load each plugin that is installed here and try what it offers. Ends with 1 when something is wrong."""
    import asyncio
    import tempfile

    import msgspec

    from trainyard_core import plugin_check, settings
    from trainyard_core.registry import Registry

    _quiet()
    try:
        loaded = settings.load(data or settings.default_data())
        with tempfile.TemporaryDirectory(prefix="yard-check-") as folder:
            found = asyncio.run(
                plugin_check.check(Registry.load(names or (), prefer=loaded.prefer), loaded, Path(folder))
            )
    except TrainyardError as error:
        typer.echo(f"yard plugins check: {error}", err=True)
        return 1
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode({"items": found}), indent=2).decode())
    for finding in () if as_json else found:
        typer.echo(_line(finding.plugin, finding.offer, finding.state, finding.detail))
    return 1 if any(finding.state == "failed" for finding in found) else 0


def _line(plugin: str, offer: str, state: str, detail: str) -> str:
    mark = {"ok": "ok    ", "unset": "unset ", "failed": "FAILED"}[state]
    return f"{mark}  {plugin}" + (f"  {offer}" if offer else "") + (f": {detail}" if detail else "")


def _quiet() -> None:
    """A broken plugin is a finding here, and needs no line in the log besides."""
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
