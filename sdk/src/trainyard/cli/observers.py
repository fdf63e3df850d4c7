"""`yard observers`: how far the observers of plugins have read, and the events that they failed at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trainyard import duration
from trainyard.cli import output
from trainyard.cli.options import confirmed, json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Observer

__all__ = ["observers"]

_plugin, _name = click.argument("plugin"), click.argument("name")


@click.group()
def observers() -> None:
    """List observers of plugins, and retry the events that they gave up."""


@observers.command("ls")
@json_option
@with_client
def list_observers(client: Client, *, as_json: bool) -> None:
    """List observers: how far behind the log they are, and what they failed at."""
    found = client.observers.list()
    if as_json:
        return output.json_document({"items": found})
    headers = ("PLUGIN", "OBSERVER", "LAG", "BEHIND", "BLOCKED", "WAITING", "DEAD", "")
    return output.table(headers, [_row(each) for each in found])


@observers.command("get")
@_plugin
@_name
@json_option
@with_client
def get_observer(client: Client, *, plugin: str, name: str, as_json: bool) -> None:
    """Show an observer, with the events that it failed at."""
    _show(client.observers.get(plugin, name), as_json)


@observers.command("retry")
@_plugin
@_name
@json_option
@with_client
def retry_observer(client: Client, *, plugin: str, name: str, as_json: bool) -> None:
    """Have an observer handle its dead letters again."""
    _show(client.observers.retry(plugin, name), as_json)


@observers.command("rm")
@_plugin
@_name
@confirmed("forget the place of observer {name} of {plugin}")
@with_client
def remove_observer(client: Client, *, plugin: str, name: str) -> None:
    """Forget the place of an observer whose plugin is gone."""
    client.observers.delete(plugin, name)
    output.line(f"observer {name} of {plugin} is forgotten")


def _row(found: Observer) -> tuple[str, ...]:
    return (
        found.plugin,
        found.name,
        str(found.lag),
        duration.to_text(found.lag_seconds),
        str(found.blocked),
        str(found.waiting),
        str(found.dead),
        "" if found.installed else "plugin is gone",
    )


def _show(found: Observer, as_json: bool) -> None:
    if as_json:
        return output.json_document(found)
    output.fields(
        [
            ("observer", f"{found.plugin} {found.name}"),
            ("plugin", "installed" if found.installed else "gone"),
            ("cursor", str(found.cursor)),
            ("lag", f"{found.lag} activities, {duration.to_text(found.lag_seconds)}"),
            ("blocked", str(found.blocked)),
            ("waiting", str(found.waiting)),
            ("dead", str(found.dead)),
            ("holder", found.holder or "-"),
        ]
    )
    if not found.failures:
        return None
    output.line("")
    headers = ("ACTIVITY", "KIND", "SUBJECT", "ATTEMPTS", "STATE", "ERROR")
    return output.table(
        headers,
        [
            (
                str(each.activity),
                each.kind,
                each.subject,
                str(each.attempts),
                "dead" if each.dead else "due",
                each.error,
            )
            for each in found.failures
        ],
    )
