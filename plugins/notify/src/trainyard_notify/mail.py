"""Sends a notification as a mail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from trainyard_core.contracts.connection import Connection
from trainyard_core.contracts.platform import Platform
from trainyard_notify.address import addresses
from trainyard_notify.failure import DeliveryFailed
from trainyard_notify.kinds import text
from trainyard_notify.mail_transfer import MailTransfer
from trainyard_notify.notice import Notice, sentence

__all__ = ["message", "send_mail"]

PORTS = {"none": 25, "starttls": 587, "tls": 465}
SUBJECT_CHARS = 200


def message(notice: Notice, sender: str, to: Sequence[str]) -> EmailMessage:
    """The mail. Its `Message-ID` is the same however often it is sent."""
    said = sentence(notice)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Subject"] = "".join(each if each.isprintable() else " " for each in said[:SUBJECT_CHARS])
    mail["Date"] = format_datetime(datetime.fromtimestamp(notice.at / 1e6, UTC))
    mail["Message-ID"] = f"<trainyard-{notice.event}-{notice.rule}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{said}\n\n{notice.message}\n" if "\n" in notice.message else f"{said}\n", cte="quoted-printable")
    return mail


async def send_mail(
    platform: Platform, connection: Connection, password: str, to: Sequence[str], notice: Notice
) -> None:
    """Hand a mail to the server of a connection. Raises DeliveryFailed."""
    if not to:
        raise DeliveryFailed("there are no recipients; write `to` in the rule or in the connection")
    timeout, host = platform.settings.timeout, text(connection, "host")
    security = text(connection, "security") or "starttls"
    port = int(text(connection, "port") or PORTS[security])
    user, sender = text(connection, "user"), text(connection, "sender")
    try:
        async with asyncio.timeout(timeout):
            found = await addresses(platform, host, port, deadline=timeout)
            transfer = MailTransfer(
                addresses=found,
                host=host,
                port=port,
                security=security,
                user=user,
                password=password,
                sender=sender,
                to=to,
                data=message(notice, sender, to).as_bytes(),
                timeout=timeout,
            )
            try:
                await platform.call_blocking("smtp", transfer.run, deadline=timeout)
            finally:
                transfer.cut()
    except TimeoutError:
        raise DeliveryFailed(f"the mail server does not answer within {timeout:g} s") from None
