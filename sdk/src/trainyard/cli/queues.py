"""`yard queues`: where runs wait, and the limits that they wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from trainyard.cli import output
from trainyard.cli.options import confirmed, json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Queue

__all__ = ["queues"]

_name = click.argument("name")


@click.group()
def queues() -> None:
    """List and change queues."""


@queues.command("ls")
@json_option
@with_client
def list_queues(client: Client, *, as_json: bool) -> None:
    """List queues, what waits in them and what holds slots."""
    found = list(client.queues.list())
    if as_json:
        return output.json_document({"items": found})
    headers = ("QUEUE", "PRIORITY", "CONCURRENCY", "QUOTA", "WAITING", "LIVE", "")
    return output.table(headers, [_row(queue) for queue in found])


@queues.command("get")
@_name
@json_option
@with_client
def get_queue(client: Client, *, name: str, as_json: bool) -> None:
    """Show one queue."""
    _show(client.queues.get(name), as_json)


@queues.command("set")
@_name
@click.option("--priority", type=int, metavar="N", help="Before queues with a lower one [0].")
@click.option("--concurrency", metavar="N", help="At most so many runs at once; `none`: no limit.")
@click.option("--quota", multiple=True, metavar="NAME=AMOUNT", help="What its runs may hold together [again for more].")
@click.option("--selector", multiple=True, metavar="KEY=VALUE", help="A label that agents must have [again for more].")
@click.option("--paused/--resumed", default=None, help="Start nothing from it, or go on.")
@json_option
@with_client
def set_queue(client: Client, *, name: str, as_json: bool, **changes: Any) -> None:
    """Make a queue, or change what is given of one. `NAME=` takes a quota or a label away again."""
    from trainyard.client.errors import NotFound
    from trainyard.client.models import Queue as Fresh

    try:
        known = client.queues.get(name)
    except NotFound:
        known = Fresh(name=name)
    _show(client.queues.set(name, **_merged(known, changes)), as_json)


@queues.command("pause")
@_name
@json_option
@with_client
def pause_queue(client: Client, *, name: str, as_json: bool) -> None:
    """Start nothing more from a queue. What runs goes on."""
    _set_paused(client, name, True, as_json)


@queues.command("resume")
@_name
@json_option
@with_client
def resume_queue(client: Client, *, name: str, as_json: bool) -> None:
    """Start runs from a queue again."""
    _set_paused(client, name, False, as_json)


@queues.command("rm")
@_name
@confirmed("remove queue {name}?")
@with_client
def remove_queue(client: Client, *, name: str) -> None:
    """Remove a queue that no run waits or runs in."""
    client.queues.delete(name)
    output.line(f"queue {name} is removed")


def _set_paused(client: Client, name: str, paused: bool, as_json: bool) -> None:
    from trainyard.client.models import EditQueue

    _show(client.queues.edit(name, EditQueue(paused=paused)), as_json)


def _merged(known: Queue, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a queue with those that are to change in place of its own."""
    concurrency, paused = changes["concurrency"], changes["paused"]
    return {
        "priority": known.priority if changes["priority"] is None else changes["priority"],
        "concurrency": known.concurrency if concurrency is None else _limit(concurrency),
        "quota": _with_amounts(known.quota, changes["quota"]),
        "selector": _without_empty({**known.selector, **_pairs(changes["selector"], "--selector")}),
        "paused": known.paused if paused is None else paused,
    }


def _limit(text: str) -> int | None:
    if text == "none":
        return None
    if not text.isdecimal():
        raise click.UsageError(f"--concurrency {text!r} is not a number; give 0 or more, or `none`")
    return int(text)


def _with_amounts(known: Mapping[str, float], given: Sequence[str]) -> dict[str, float]:
    changed = _pairs(given, "--quota")
    kept = {name: amount for name, amount in known.items() if name not in changed}
    return kept | {name: _amount(name, text) for name, text in changed.items() if text}


def _amount(name: str, text: str) -> float:
    from trainyard.spec.quantity import amount

    try:
        return amount(text)
    except ValueError as error:
        raise click.UsageError(f"--quota {name}: {error}") from error


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    pairs = dict(pair.partition("=")[::2] for pair in given if "=" in pair)
    if wrong := [pair for pair in given if "=" not in pair]:
        raise click.UsageError(f"{option} {wrong[0]!r} has no `=`; write NAME=VALUE")
    return pairs


def _without_empty(labels: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in labels.items() if value}


def _show(queue: Queue, as_json: bool) -> None:
    if as_json:
        return output.json_document(queue)
    return output.fields(
        [
            ("queue", queue.name),
            ("state", "paused" if queue.paused else "open"),
            ("priority", str(queue.priority)),
            ("concurrency", _concurrency(queue)),
            ("quota", _amounts(queue.quota)),
            ("selector", ", ".join(f"{key}={value}" for key, value in sorted(queue.selector.items()))),
            ("waiting", str(queue.waiting)),
            ("live", str(queue.live)),
            ("used", _amounts(queue.used)),
        ]
    )


def _row(queue: Queue) -> tuple[str, ...]:
    return (
        queue.name,
        str(queue.priority),
        _concurrency(queue),
        _amounts(queue.quota) or "-",
        str(queue.waiting),
        str(queue.live),
        "paused" if queue.paused else "",
    )


def _concurrency(queue: Queue) -> str:
    return "-" if queue.concurrency is None else str(queue.concurrency)


def _amounts(amounts: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={_readable(name, amount)}" for name, amount in sorted(amounts.items()))


def _readable(name: str, amount: float) -> str:
    """Memory in the largest unit that says it exactly."""
    for power, unit in ((4, "Ti"), (3, "Gi"), (2, "Mi"), (1, "Ki")):
        if name == "memory" and amount and amount % 1024**power == 0:
            return f"{amount / 1024**power:g}{unit}"
    return f"{amount:.12g}"
