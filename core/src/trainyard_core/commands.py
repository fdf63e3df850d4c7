"""The commands that core adds to `yard`: `up`, which serves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainyard_core.errors import StartRefused, TrainyardError

__all__ = ["up"]


def up(
    data: Annotated[Path | None, typer.Option(help="The data directory.", envvar="TRAINYARD_DATA")] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on; 0 for any free one.")] = None,
    split: Annotated[
        bool, typer.Option(help="API, worker and agent as processes of their own (PostgreSQL only).")
    ] = False,
    processes: Annotated[int, typer.Option(min=1, help="With --split: how many API processes.")] = 1,
) -> int:
    """Serve Trainyard from this machine until interrupted."""
    from trainyard_core import server, settings
    from trainyard_core import split as split_up
    from trainyard_core.logs import configure

    configure()
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    try:
        loaded = settings.load(data or settings.default_data(), overrides=given)
        if split:
            return split_up.run(loaded, processes, _ready)
        server.run_alone(loaded, _ready)
    except StartRefused as error:
        typer.echo(f"yard up: {error}", err=True)
        return 1
    except TrainyardError as error:
        typer.echo(f"yard up: {error.title}: {error}", err=True)
        return 1
    return 0


def _ready(url: str) -> None:
    typer.echo(f"Trainyard serves at {url}")
