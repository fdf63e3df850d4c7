"""`yard lint`: whether operation files are sound, without a server."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.exit_codes import Exit
from trainyard.cli.options import json_option

if TYPE_CHECKING:
    from trainyard.compile.operation import CompiledOperation
    from trainyard.spec.error import Finding

__all__ = ["lint"]


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("-P", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A param; may be repeated.")
@json_option
def lint(files: tuple[Path, ...], params: tuple[str, ...], as_json: bool) -> None:
    """Check operation files without a server.

    Prints file:line:column: field: message; fix for each finding, and fails when there are any. With --json the
    document is {"items": [...]}, one item for each finding. What a sweep searches is said beside, on standard error.
    """
    from trainyard.cli.run import read_params

    values = read_params(params)
    findings = [finding for file in files for finding in _findings(file, values)]
    if as_json:
        output.json_document({"items": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            output.line(output.clean(str(finding)))
        output.line(f"{len(files)} checked, {len(findings)} findings", err=True)
    click.get_current_context().exit(Exit.FAILED if findings else Exit.OK)


def _findings(file: Path, params: dict[str, str]) -> list[Finding]:
    from trainyard.spec.error import SpecError

    try:
        _check(file, params)
    except SpecError as error:
        return list(error.findings)
    return []


def _check(file: Path, params: dict[str, str]) -> None:
    """Raises SpecError with every finding."""
    from trainyard.cli.create_request import compiled_here, gather
    from trainyard.compile.content import content_digest

    material = gather([file], "")
    if material.document.data.get("isPreset", material.document.data.get("is_preset")) is True:
        content_digest("preset", material.document)
    elif (compiled := compiled_here(material, params)) is None:
        output.line(f"{file}: what it refers to is looked up by a server: yard run --preview -f {file}", err=True)
    else:
        _say(file, compiled)


def _say(file: Path, compiled: CompiledOperation) -> None:
    """What is worth knowing of a sound file."""
    from trainyard.compile.scheduler_check import remarks
    from trainyard.matrix.summary import summary

    for warning in (*compiled.warnings, *remarks(compiled.resolved)):
        output.line(output.clean(f"warning: {warning}"), err=True)
    if compiled.resolved.sweep is not None:
        for line in summary(compiled.resolved.sweep):
            output.line(output.clean(f"{file}: {line}"), err=True)
