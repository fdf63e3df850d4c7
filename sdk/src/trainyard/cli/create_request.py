"""What `yard run` creates a run from: the files, the component or the command that its command line names. What
becomes of that is `submission.material`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from trainyard.submission.material import Material, check, compiled_here, of_component, of_files, of_mapping, request_of

__all__ = ["SUFFIXES", "Material", "check", "compiled_here", "gather", "gather_command", "request_of"]

SUFFIXES = (".yaml", ".yml")
"""How the names of operation files end."""


def gather(files: Sequence[Path], hub: str, presets: Sequence[str] = ()) -> Material:
    """Read the files. Raises SpecError, UsageError when there is nothing to run."""
    if not files and not hub:
        raise click.UsageError(
            "say what to run: a file (yard run train.yaml), a command (yard run -- python train.py), "
            "or --hub NAME for a registered component"
        )
    return of_component(hub, _here(), files, _named(presets)) if hub else of_files(files, _named(presets))


def gather_command(command: Sequence[str], presets: Sequence[str] = (), *, at_root: bool = False) -> Material:
    """What a command is made of, in this folder; `at_root`: it starts at the root of the repository, from where it goes
    here. Raises UsageError."""
    from trainyard.cli.command_operation import operation_of

    folder = _here()
    operation = operation_of(command)
    if at_root:
        from trainyard.cli.git import below_root

        operation["component"]["run"]["container"]["workingDir"] = below_root(folder)
    return of_mapping(operation, folder, presets=_named(presets))


def _named(presets: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip() for text in presets for name in text.split(",") if name.strip())


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise click.UsageError("the working directory is gone; go to one that exists") from error
