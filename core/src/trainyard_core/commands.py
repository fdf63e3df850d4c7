"""The commands that core adds to `yard`: `up`, which serves, and `agent`, which runs what a server elsewhere
schedules."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from trainyard_core.errors import StartRefused, Superseded, TrainyardError

if TYPE_CHECKING:
    from trainyard_core.settings import Settings

__all__ = ["agent", "up"]

FAILED, NOT_ALLOWED, CONFLICT, INTERRUPTED = 1, 4, 6, 130


def up(
    data: Annotated[Path | None, typer.Option(help="The data directory.", envvar="TRAINYARD_DATA")] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on; 0 for any free one.")] = None,
    split: Annotated[
        bool, typer.Option(help="API, worker and agent as processes of their own (PostgreSQL only).")
    ] = False,
    processes: Annotated[int, typer.Option(min=1, help="With --split: how many API processes.")] = 1,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more: among it each request.")] = False,
) -> int:
    """Serve Trainyard from this machine until interrupted."""
    from trainyard_core import settings
    from trainyard_core.logs import configure

    try:
        from trainyard_core import server
        from trainyard_core import supervisor as split_up
    except ModuleNotFoundError as error:
        typer.echo(f"yard up: this installation has no server: {error}", err=True)
        typer.echo("  pip install 'trainyard-core[server]'", err=True)
        return 1
    configure(verbose=verbose)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    try:
        loaded = settings.load(data or settings.default_data(), overrides=given)
        if split:
            return split_up.run(loaded, processes, _ready(loaded))
        server.run_alone(loaded, _ready(loaded))
        _ended()
    except StartRefused as error:
        typer.echo(f"yard up: {error}", err=True)
        return 1
    except TrainyardError as error:
        typer.echo(f"yard up: {error.title}: {error}", err=True)
        return 1
    return 0


def agent(
    name: Annotated[str, typer.Option(help="The agent's name; empty: the name of this machine.")] = "",
    url: Annotated[str, typer.Option(help="The server [TRAINYARD_URL, or the one on this machine].")] = "",
    queues: Annotated[str, typer.Option(help="The queues that it serves, by commas; *: any.")] = "*",
    labels: Annotated[list[str] | None, typer.Option(help="KEY=VALUE, by commas or given again.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Which scheduler starts its runs.")] = None,
    data: Annotated[Path | None, typer.Option(help="The data directory.", envvar="TRAINYARD_DATA")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="When told to end, wait for what it holds.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
) -> int:
    """Run what a server elsewhere schedules, until interrupted. The token comes from TRAINYARD_TOKEN_FILE or
    TRAINYARD_TOKEN; `yard agents add NAME` makes one."""
    from trainyard_core.agent import standalone
    from trainyard_core.agent.port import AgentRejected
    from trainyard_core.logs import configure

    configure(verbose=verbose)
    try:
        options = standalone.AgentOptions(
            name=_agent_name(name), queues=_listed(queues), labels=_labels(labels or []), url=url, wait=wait
        )
        standalone.run(_agent_settings(data, scheduler), options, typer.echo)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Superseded as error:
        return _end(error, CONFLICT)
    except AgentRejected as error:
        return _end(error, NOT_ALLOWED)
    except TrainyardError as error:
        return _end(error, FAILED)
    return 0


def _end(error: Exception, code: int) -> int:
    """Say why the agent ended; `code` is one of the documented exit codes."""
    typer.echo(f"yard agent: {error}", err=True)
    return code


def _agent_settings(data: Path | None, scheduler: str | None) -> Settings:
    from trainyard_core import settings

    given = {"scheduler": scheduler} if scheduler else {}
    return settings.load(data or settings.default_data(), overrides=given)


def _agent_name(name: str) -> str:
    """The name that was given, or this machine's with what no name has left out."""
    if name:
        return name
    plain = re.sub(r"[^-a-zA-Z0-9_.]", "-", socket.gethostname()).lstrip("-_.")
    return plain[:64] or "agent"


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _labels(given: list[str]) -> dict[str, str]:
    """Raises StartRefused for what is no KEY=VALUE."""
    found = {}
    for part in [part for each in given for part in _listed(each)]:
        key, equals, value = part.partition("=")
        if not key or not equals:
            raise StartRefused(f"the label '{part}' has no value", fix="write it as KEY=VALUE")
        found[key.strip()] = value.strip()
    return found


def _ready(settings: Settings) -> Callable[[str], None]:
    """What is printed once the server answers: its address, and for a person what to do with it."""

    def tell(url: str) -> None:
        typer.echo(f"Trainyard serves at {url}")
        if sys.stdout.isatty():
            for name, text in _hints(settings, url):
                typer.echo(f"  {name:<10} {text}")

    return tell


def _hints(settings: Settings, url: str) -> list[tuple[str, str]]:
    """Names and texts."""
    local = (urlsplit(url).hostname or "") in ("127.0.0.1", "localhost", "::1")
    beyond = "this address is reached from this machine only; --host 0.0.0.0 opens it" if local else f"yard login {url}"
    agent = f"{settings.agent}, with the scheduler {settings.scheduler}" if settings.agent else "none: see `yard agent`"
    return [
        ("data", str(settings.data)),
        ("agent", agent),
        ("browser", f"{url}/ has links to the API and its documentation"),
        ("here", "`yard` and `import trainyard` find the server by themselves, as its admin"),
        ("elsewhere", f"{beyond}; `yard tokens create` makes a token"),
        ("next", "in another terminal: yard run --watch -- python train.py"),
        ("end", "Ctrl-C; runs go on, and the next `yard up` finds them"),
    ]


def _ended() -> None:
    if sys.stdout.isatty():
        typer.echo("Trainyard has ended. Runs that were going on go on; `yard up` serves them again.")
