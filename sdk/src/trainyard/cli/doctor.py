"""`yard doctor`: where it stops working, and what to do. The looks themselves are in `trainyard.doctor`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.exit_codes import Exit
from trainyard.cli.options import json_option, server_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainyard.client.models import Check
    from trainyard.doctor.run import ConnectionOptions

__all__ = ["doctor"]

_MARKS = {"ok": ("ok", "green"), "warning": ("warn", "yellow"), "failed": ("FAILED", "red"), "skipped": ("-", None)}


@click.command()
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write all findings to a zip file for support; it holds no secret.",
)
@json_option
@server_options
def doctor(bundle: Path | None, as_json: bool, url: str | None, project: str | None, data: str | None) -> None:
    """Check every part between here and your data, and explain failures.

    This machine, the way to the server, the server and what it stands on are looked at in order. What is probed (an
    upload, values, an artifact) is deleted again. Ends with 1 when a hop failed.
    """
    from trainyard.doctor.run import ConnectionOptions, look

    options = ConnectionOptions(url, project, data, os.environ)
    checks = []
    for check in look(options):
        checks.append(check)
        if not as_json:
            _tell(check)
    if bundle is not None:
        _pack(bundle, checks, options)
    if as_json:
        output.json_document({"items": checks})
    is_broken = any(check.state == "failed" for check in checks)
    click.get_current_context().exit(Exit.FAILED if is_broken else Exit.OK)


def _tell(check: Check) -> None:
    word, colour = _MARKS.get(check.state, (check.state, None))
    took = f"{check.milliseconds:.0f} ms" if check.state != "skipped" else ""
    output.line(f"{click.style(f'{word:<6}', fg=colour)}  {check.name:<18}  {took:>8}  {output.clean(check.detail)}")
    if check.fix:
        output.line(f"{'':<38}-> {output.clean(check.fix)}")


def _pack(target: Path, checks: Sequence[Check], options: ConnectionOptions) -> None:
    from trainyard.cli.options import open_client
    from trainyard.client.errors import NoServer
    from trainyard.doctor import bundle

    try:
        with open_client(url=options.url, project=options.project, data=options.data) as client:
            bundle.write(target, checks, client if _reached(checks) else None, options.env, options.folder)
    except NoServer:
        bundle.write(target, checks, None, options.env, options.folder)
    output.line(f"what was seen is packed in {target}; look through it before you send it", err=True)


def _reached(checks: Sequence[Check]) -> bool:
    return any(check.name == "token" and check.state in ("ok", "warning") for check in checks)
