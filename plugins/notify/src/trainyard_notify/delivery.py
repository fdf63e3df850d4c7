"""From the end of a run to its notifications: one job for each rule that names it, and what such a job does.

A job is called again until the receiver has taken the notification, and is dead after ten tries; `yard jobs retry` has
it sent then. A receiver may get a notification twice, with the same number of the event.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import msgspec

from trainyard_core.contracts.connection import Connection
from trainyard_core.contracts.database import PluginTx
from trainyard_core.contracts.job import JobCall
from trainyard_core.contracts.observer import Event
from trainyard_core.contracts.platform import Platform
from trainyard_core.errors import NotFound
from trainyard_notify import notice as bodies
from trainyard_notify import rules
from trainyard_notify.failure import DeliveryFailed
from trainyard_notify.http_post import post
from trainyard_notify.kinds import PAGERDUTY, text
from trainyard_notify.mail import send_mail
from trainyard_notify.notice import Notice, encode

__all__ = ["enqueue", "send"]

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
    """Enqueue a job for each rule that names this end of a run. Idempotent as long as the jobs wait."""
    status = event.data["status"]
    if status not in rules.EVENTS:
        return

    async def work(tx: PluginTx) -> None:
        for rule in await rules.told(tx, event.project, status):
            notice = Notice(
                event=event.id,
                rule=rule.name,
                project=event.project,
                run=event.run,
                status=status,
                at=event.at,
                reason=str(event.data.get("reason", "")),
                message=str(event.data.get("message", "")),
            )
            await tx.enqueue("send", f"{event.id}:{rule.name}", msgspec.to_builtins(notice))

    await platform.database.write(work)


async def send(platform: Platform, call: JobCall) -> None:
    """Send one notification through the connection that its rule names now; nothing when the rule is gone. Raises
    DeliveryFailed, Forbidden when the rule's owner may not use the connection any more, and what `Connections.get` and
    `Secrets.resolve` raise."""
    notice = msgspec.convert(dict(call.args), Notice)
    rule = await platform.database.read(lambda tx: rules.get(tx, notice.project, notice.rule))
    if rule is None:
        return
    actor = await platform.actor(rule.owner)
    connection = await platform.connections.get(actor, notice.project, rule.connection)
    with suppress(NotFound):  # a run that has been deleted meanwhile has ended all the same
        run = await platform.runs.get(actor, notice.project, notice.run)
        notice = msgspec.structs.replace(notice, name=run.name or "")
    secrets = {name: (await platform.secrets.resolve(ref)).reveal() for name, ref in connection.secrets.items()}
    if connection.kind == "email":
        await send_mail(platform, connection, secrets.get("password", ""), rule.to, notice)
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
