"""`yard notify`: which statuses of a project's runs are told, and through which connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.options import confirmed, json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import NotificationRule

__all__ = ["notify"]

_rule = click.argument("rule")
EVENTS = ("running", "retrying", "succeeded", "failed", "stopped", "skipped")


@click.group()
def notify() -> None:
    """List, write and try a project's rules of notifications (-p)."""


@notify.command("add")
@_rule
@click.option("--connection", required=True, metavar="NAME", help="The connection to send through.")
@click.option(
    "--on", "events", multiple=True, required=True, type=click.Choice(EVENTS), help="A status that is told; repeatable."
)
@click.option("--to", multiple=True, metavar="ADDRESS", help="A recipient, for a connection of kind email; repeatable.")
@json_option
@with_client
def add_rule(
    client: Client, *, rule: str, connection: str, events: tuple[str, ...], to: tuple[str, ...], as_json: bool
) -> None:
    """Add a rule, or replace what it says. It acts in your name."""
    _show(client.notification_rules.set(rule, connection=connection, events=events, to=to), as_json)


@notify.command("ls")
@json_option
@with_client
def list_rules(client: Client, *, as_json: bool) -> None:
    """List the rules of a project."""
    found = list(client.notification_rules.list())
    if as_json:
        return output.json_document({"items": found})
    rows = [(each.name, each.connection, ", ".join(each.events), each.owner) for each in found]
    return output.table(("RULE", "CONNECTION", "EVENTS", "OWNER"), rows)


@notify.command("show")
@_rule
@json_option
@with_client
def show_rule(client: Client, *, rule: str, as_json: bool) -> None:
    """Show one rule."""
    _show(client.notification_rules.get(rule), as_json)


@notify.command("test")
@_rule
@json_option
@with_client
def test_rule(client: Client, *, rule: str, as_json: bool) -> None:
    """Send one notification of no run now, and say what came of it."""
    found = client.notification_rules.test(rule)
    if as_json:
        output.json_document(found)
    else:
        output.line("the receiver has taken the notification" if found.ok else found.message)
    if not found.ok:
        raise SystemExit(1)


@notify.command("rm")
@_rule
@confirmed("delete rule {rule}? Its notifications that wait are not sent.")
@with_client
def remove_rule(client: Client, *, rule: str) -> None:
    """Delete a rule."""
    client.notification_rules.delete(rule)
    output.line(f"rule {rule} is deleted")


def _show(rule: NotificationRule, as_json: bool) -> None:
    if as_json:
        return output.json_document(rule)
    rows = [("rule", rule.name), ("project", rule.project), ("connection", rule.connection)]
    rows += [("events", ", ".join(rule.events)), ("to", ", ".join(rule.to)), ("owner", rule.owner)]
    return output.fields([*(row for row in rows if row[1]), ("updated", rule.updated_at)])
