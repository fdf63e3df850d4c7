"""From a status of a run to its notifications: what waits for a receiver, and the job that sends it.

There is one job for each run and receiver. It sends what waits in the order of the events, one notice with each call,
and is called again until the receiver has taken that; what is later waits behind it. After ten tries the job is dead;
`yard jobs retry`, or a later event of the run, has all of it sent then. A receiver may get a notification twice, with
the same number of the event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec

from trainyard_core.contracts.connection import Connection
from trainyard_core.contracts.database import PluginTx
from trainyard_core.contracts.job import JobCall
from trainyard_core.contracts.observer import Event
from trainyard_core.contracts.platform import Platform
from trainyard_core.errors import NotFound
from trainyard_notify import notice as bodies
from trainyard_notify import outbox, requests, rules
from trainyard_notify.failure import DeliveryFailed, ReceiverBusy
from trainyard_notify.http_post import post
from trainyard_notify.kinds import PAGERDUTY, recipients, text
from trainyard_notify.mail import send_mail
from trainyard_notify.notice import Notice, encode
from trainyard_notify.outbox import Route

__all__ = ["deliver", "enqueue", "forget_project", "send"]

SECOND = 1_000_000
_CHATS = {
    "slack": bodies.slack,
    "teams": bodies.teams,
    "discord": bodies.discord,
    "mattermost": bodies.mattermost,
}
TEAMS_REFUSED = "Webhook message delivery failed"
"""How Teams begins the text of an answer that says 200 and means failure."""


async def enqueue(platform: Platform, event: Event) -> None:
    """Have a notice wait for each rule that names this status and for each connection through which the run's operation
    wants it told, and a job with it. Idempotent."""
    status, asks = event.data["status"], "notifications" in event.data
    if status not in rules.EVENTS and not asks:
        return
    if not asks and not await platform.database.read(lambda tx: requests.is_of_interest(tx, event.project, event.run)):
        return  # most projects have no rules, and to read is cheaper than to write
    at = platform.clock.now()

    async def work(tx: PluginTx) -> None:
        await requests.put(tx, event)
        found = await rules.told(tx, event.project, status)
        routes = [Route(project=event.project, run=event.run, rule=rule.name) for rule in found]
        for route in [*routes, *await requests.told(tx, event.run, status)]:
            if await outbox.add(tx, route, _notice(event, route.rule), at=at):
                await tx.enqueue("send", route.key, msgspec.to_builtins(route))
        if status in requests.ENDS:
            await requests.delete_run(tx, event.run)

    await platform.database.write(work)


def _notice(event: Event, rule: str) -> Notice:
    return Notice(
        event=event.id,
        rule=rule,
        project=event.project,
        run=event.run,
        status=event.data["status"],
        at=event.at,
        reason=str(event.data.get("reason", "")),
        message=str(event.data.get("message", "")),
    )


async def forget_project(platform: Platform, project: str) -> None:
    """Remove the rules of a project that is gone, and what waits of it. Idempotent."""

    async def work(tx: PluginTx) -> None:
        await rules.delete_project(tx, project)
        await requests.delete_project(tx, project)
        await outbox.delete_project(tx, project)

    await platform.database.write(work)


async def send(platform: Platform, call: JobCall) -> None:
    """Send the oldest notice that waits on a route; when another one waits behind it, the job is enqueued again. One
    whose receiver wants to be left alone waits for that time. Raises what `_send` does."""
    route = msgspec.convert(dict(call.args), Route)
    found = await platform.database.read(lambda tx: outbox.oldest(tx, route, job=call.id))
    if found is None:
        return
    if found.due_at > platform.clock.now():  # a later event has called the job before its time
        args = msgspec.to_builtins(route)
        await platform.jobs.write(call, lambda tx: tx.enqueue("send", route.key, args, at=found.due_at))
        return
    notice = found.notice
    try:
        await _send(platform, route, notice)
    except Exception as error:
        due = platform.clock.now() + int(error.delay * SECOND) if isinstance(error, ReceiverBusy) else 0
        await platform.jobs.write(call, lambda tx: outbox.hold(tx, route, job=call.id, due_at=due))
        raise
    at = platform.clock.now()

    async def work(tx: PluginTx) -> None:
        if await outbox.take(tx, route, notice.event, job=call.id, at=at):
            await tx.enqueue("send", route.key, msgspec.to_builtins(route))

    await platform.jobs.write(call, work)


async def _send(platform: Platform, route: Route, notice: Notice) -> None:
    """Send one notice through the connection that its rule names now; nothing when the rule is gone. Raises
    DeliveryFailed, Forbidden when the owner of the rule or the run may not use the connection any more, and what
    `Connections.get` and `Secrets.resolve` raise."""
    owner, name, to = route.owner, route.connection, list[str]()
    if route.rule:
        rule = await platform.database.read(lambda tx: rules.get(tx, route.project, route.rule))
        if rule is None:
            return
        owner, name, to = rule.owner, rule.connection, rule.to
    actor = await platform.actor(owner)
    connection = await platform.connections.get(actor, route.project, name)
    with suppress(NotFound):  # a run that has been deleted meanwhile is told of all the same
        run = await platform.runs.get(actor, route.project, route.run)
        notice = msgspec.structs.replace(notice, name=run.name or "")
    await deliver(platform, connection, to, notice)


async def deliver(platform: Platform, connection: Connection, to: Sequence[str], notice: Notice) -> None:
    """Send a notice through a connection. Raises DeliveryFailed and what `Secrets.resolve` raises."""
    secrets = {name: (await platform.secrets.resolve(ref)).reveal() for name, ref in connection.secrets.items()}
    if connection.kind == "email":
        await send_mail(platform, connection, secrets.get("password", ""), to or recipients(connection), notice)
    elif connection.kind == "webhook":
        await _webhook(platform, connection, secrets["key"], notice)
    elif connection.kind == "pagerduty":
        body = encode(bodies.pagerduty(notice, secrets["routing_key"]))
        await post(platform, text(connection, "url") or PAGERDUTY, body, {})
    elif connection.kind in _CHATS:
        await _chat(platform, connection, secrets, notice)
    else:
        raise DeliveryFailed(f"connection '{connection.name}' is of kind '{connection.kind}', which sends nothing")


async def _webhook(platform: Platform, connection: Connection, key: str, notice: Notice) -> None:
    body, timestamp = encode(bodies.webhook(notice)), platform.clock.now() // SECOND
    headers = {
        "X-Trainyard-Event": str(notice.event),
        "X-Trainyard-Timestamp": str(timestamp),
        "X-Trainyard-Signature": bodies.signature(key, timestamp, body),
    }
    await post(platform, text(connection, "url"), body, headers)


async def _chat(platform: Platform, connection: Connection, secrets: Mapping[str, str], notice: Notice) -> None:
    answer = await post(platform, secrets["url"], encode(_CHATS[connection.kind](notice)), {})
    if connection.kind == "teams" and answer.startswith(TEAMS_REFUSED):
        raise DeliveryFailed("Teams answers that it did not deliver the message")
