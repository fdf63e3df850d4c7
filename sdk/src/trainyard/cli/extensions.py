"""Commands of other distributions, by the entry point group `trainyard.commands`, and for what they add to a group of
`yard`'s own `trainyard.commands.<group>`. The package's docstring says what an entry point may point to. A broken one
becomes a command that says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

import click

from trainyard.cli import output
from trainyard.cli.catalog import SERVER_COMMANDS
from trainyard.cli.examples import EXAMPLES
from trainyard.cli.exit_codes import Exit

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "load", "names"]

GROUP = "trainyard.commands"
_HELP = {"help_option_names": ["-h", "--help"]}
_ANYTHING = {"ignore_unknown_options": True, "allow_interspersed_args": False}


def names(group: str = "") -> dict[str, str]:
    """The commands that others add, to a group of `yard`'s or to `yard` itself, by name, and the distribution that each
    comes from. Nothing is loaded."""
    return {name: _sources(points) for name, points in sorted(_points(group).items())}


def load(name: str, group: str = "") -> click.Command | None:
    """The command of that name; None when nobody brings one."""
    points = _points(group).get(name, [])
    if not points:
        return None
    if len(points) > 1:
        return _broken(name, "several distributions bring it", _sources(points))
    (point,) = points
    try:
        found = point.load()
    except (Exception, SystemExit) as error:  # whatever a foreign module does when it is imported, the others go on
        return _broken(name, f"{type(error).__name__}: {error}", _source(point))
    if isinstance(found, click.Command):
        return found
    if callable(found):
        return _typed(name, found, f"yard {group} {name}" if group else f"yard {name}")
    return _broken(name, f"{point.value} is neither a command nor a function", _source(point))


@cache
def _points(group: str) -> dict[str, list[EntryPoint]]:
    """The entry points by name: more than one where several distributions bring the same, of which none is used."""
    from importlib.metadata import entry_points

    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=f"{GROUP}.{group}" if group else GROUP):
        found.setdefault(point.name, []).append(point)
    return found


def _sources(points: Sequence[EntryPoint]) -> str:
    return " and ".join(sorted(map(_source, points)))


def _source(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unknown distribution"


def _passing(name: str, callback: Any, text: str) -> click.Command:
    """A command that takes any arguments as they are, `--help` too."""
    rest = click.Argument(["rest"], nargs=-1, type=click.UNPROCESSED)
    return click.Command(
        name, params=[rest], callback=callback, context_settings=_ANYTHING, add_help_option=False, help=text
    )


def _typed(name: str, found: Any, path: str) -> click.Command:
    """A typer application, or a function that typer makes one of."""

    def call(rest: tuple[str, ...]) -> object:
        import typer

        application = found
        if not isinstance(found, typer.Typer):
            application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            application.command(context_settings=_HELP, epilog=_example(name))(_exiting(found))
        return application(args=list(rest), prog_name=path, standalone_mode=True)

    return _passing(name, call, f"The command {name}.")


def _example(name: str) -> str | None:
    return f"Example: {EXAMPLES[name]}" if name in SERVER_COMMANDS else None


def _exiting(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, ending the process with the int that it returns: typer itself would drop it."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> None:
        result = function(*args, **kwargs)
        raise SystemExit(result if isinstance(result, int) else 0)

    return call


def _broken(name: str, reason: str, source: str) -> click.Command:
    def call(rest: tuple[str, ...]) -> None:
        output.line(
            f"yard: the command `{name}` of {source} cannot be loaded: {reason}; "
            f"reinstall {source}, or uninstall it to be rid of the command",
            err=True,
        )
        click.get_current_context().exit(Exit.FAILED)

    return _passing(name, call, f"Broken: {reason}")
