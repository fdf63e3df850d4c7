"""`-v`: every request of a command on standard error, with its time and the server's id of it. Headers and bodies are
never printed, so that no token is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from trainyard.cli import output

if TYPE_CHECKING:
    import httpx

    from trainyard.client import Client

__all__ = ["is_verbose", "trace", "verbose_option"]

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


def is_verbose() -> bool:
    """Whether the command that runs was called with `-v`, before its name or behind."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_KEY))


def trace(client: Client) -> None:
    """Print each request of a client as its answer begins."""
    hooks: dict[str, list[Any]] = {"request": [_started], "response": [_answered]}
    client._http.event_hooks = hooks


def _started(request: httpx.Request) -> None:
    request.extensions[_STARTED] = time.perf_counter()


def _answered(response: httpx.Response) -> None:
    request = response.request
    ms = 1000 * (time.perf_counter() - request.extensions.get(_STARTED, time.perf_counter()))
    target = request.url.raw_path.decode("ascii", "replace")
    known = response.headers.get(REQUEST_ID, "")
    told = f"{request.method} {target}  {response.status_code}  {ms:.0f} ms{f'  request {known}' if known else ''}"
    output.line(output.clean(told), err=True)
