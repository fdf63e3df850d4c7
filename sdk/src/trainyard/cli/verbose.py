"""`-v`: prints every request of a command on standard error, with its time and the id that the server gave it. Headers
and bodies are never printed, because they may hold tokens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from trainyard.cli import output

if TYPE_CHECKING:
    import httpx

    from trainyard.client.session import EventHooks

__all__ = ["event_hooks", "verbose_option"]

_KEY = "trainyard.cli.verbose"
_STARTED = "trainyard.started"
REQUEST_ID = "x-request-id"


def _remember(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta[_KEY] = True


verbose_option = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    expose_value=False,
    callback=_remember,
    help="Print requests, their times and their ids at the server on standard error.",
)


def event_hooks() -> EventHooks:
    """The hooks of the client of this command. With `-v` they print each request when its response begins."""
    return {"request": [_started], "response": [_answered]} if _is_verbose() else {}


def _is_verbose() -> bool:
    """Whether `-v` was given, before the name of the command or after it."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_KEY))


def _started(request: httpx.Request) -> None:
    request.extensions[_STARTED] = time.perf_counter()


def _answered(response: httpx.Response) -> None:
    request = response.request
    ms = 1000 * (time.perf_counter() - request.extensions.get(_STARTED, time.perf_counter()))
    target = request.url.raw_path.decode("ascii", "replace")
    ident = response.headers.get(REQUEST_ID, "")
    line = f"{request.method} {target}  {response.status_code}  {ms:.0f} ms{f'  request {ident}' if ident else ''}"
    output.line(output.clean(line), err=True)
