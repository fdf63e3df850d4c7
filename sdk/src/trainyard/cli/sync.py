"""`yard sync`: what runs have recorded while no server was there, sent now. How a spool is shipped is `track`'s."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.exit_codes import Exit
from trainyard.cli.options import json_option, open_client, server_options

if TYPE_CHECKING:
    from trainyard.track.sync import Report

__all__ = ["sync"]


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@json_option
@server_options
def sync(path: Path | None, as_json: bool, url: str | None, project: str | None, data: str | None) -> None:
    """Send what runs recorded while no server was reachable.

    PATH is the spool of one run, or a data directory, whose spools are all sent [--data]. It may be called again at any
    time, and while runs go on: nothing is sent twice or lost. Each run goes to the project that it was made for; one
    that is not there yet goes to that of --project, where it is given. With --json the document is {"items": [{"run",
    "project", "sent", "pending", "error", "removed"}]}.
    """
    from trainyard.client.discovery import data_directory

    folder = path or data_directory(data)
    roots = _spools(folder)
    reports = _ship(roots, url=url, project=project, data=data) if roots else []
    if as_json:
        output.json_document({"items": [report._asdict() for report in reports]})
    else:
        _tell(folder, reports)
    click.get_current_context().exit(Exit.FAILED if any(report.error for report in reports) else Exit.OK)


def _spools(folder: Path) -> list[Path]:
    from trainyard.track.sync import find_spools

    return [folder] if (folder / "run.json").exists() else find_spools(folder)


def _ship(roots: Sequence[Path], *, url: str | None, project: str | None, data: str | None) -> list[Report]:
    """One report a spool. That the server answers is seen first, so that a missing one is told once."""
    from trainyard.track.sync import sync as ship

    with open_client(url=url, project=project, data=data) as client:
        client.version()
        endpoint = client.endpoint
    return [ship(root, url=endpoint.url, token=endpoint.token, project=project or "") for root in roots]


def _tell(folder: Path, reports: Sequence[Report]) -> None:
    if not reports:
        return output.line(f"nothing waits in {folder}", err=True)
    rows = [(r.run[-8:], r.project, str(r.sent), str(r.pending), _state(r)) for r in reports]
    return output.table(("RUN", "PROJECT", "SENT", "WAITING", ""), rows)


def _state(report: Report) -> str:
    if report.error:
        return report.error
    return "all is on the server" if report.removed or not report.pending else "the run goes on"
