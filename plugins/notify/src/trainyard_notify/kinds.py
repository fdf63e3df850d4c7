"""The kinds of connections through which notifications are sent. An attempt of a run needs nothing of them."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from trainyard.client.models import FieldProblem
from trainyard_core.contracts.connection import Connection, ConnectionKind
from trainyard_core.contracts.needs import Needs

__all__ = [
    "KINDS",
    "MOST_RECIPIENTS",
    "RECIPIENT",
    "Discord",
    "Email",
    "Mattermost",
    "PagerDuty",
    "Slack",
    "Teams",
    "Webhook",
    "recipients",
    "text",
]

PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
RECIPIENT = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,250}$"
MOST_RECIPIENTS = 50


def text(connection: Connection, field: str) -> str:
    """A field as text; empty when it is left out."""
    value = connection.fields.get(field)
    return "" if value is None else str(value)


def recipients(connection: Connection) -> list[str]:
    """Who gets the mails of a connection for which a rule names nobody."""
    found = connection.fields.get("to")
    return [str(each) for each in found] if isinstance(found, list | tuple) else []


class WebhookFields(BaseModel):
    """The fields of a connection of kind `webhook`."""

    url: str = Field(min_length=1, max_length=2000, description="Where requests are sent, by http or https.")


class ChatFields(BaseModel):
    """A chat has no fields: its URL is secret."""


class PagerDutyFields(BaseModel):
    """The fields of a connection of kind `pagerduty`."""

    url: str = Field(
        default=PAGERDUTY,
        min_length=1,
        max_length=2000,
        description=f"The Events API of another region. Default: {PAGERDUTY}.",
    )


class EmailFields(BaseModel):
    """The fields of a connection of kind `email`."""

    host: str = Field(pattern=r"^[^\s/@]+$", max_length=300, description="The mail server.")
    port: int = Field(default=0, ge=1, le=65535, description="Default: 465 for tls, 587 for starttls, 25 for none.")
    security: Literal["none", "starttls", "tls"] = Field(
        default="starttls", description="How the connection is encrypted. Default: starttls."
    )
    user: str = Field(default="", min_length=1, max_length=300, description="Who logs in; needs `password`.")
    sender: str = Field(
        pattern=r"^[!-;=?A-~]+@[!-;=?A-~]+$", max_length=300, description="The address that mails come from."
    )
    to: list[Annotated[str, Field(pattern=RECIPIENT, max_length=315)]] = Field(
        default_factory=list, description="Who gets the mails for which a rule names nobody."
    )


class _NotificationKind(ConnectionKind):
    required: ClassVar[tuple[str, ...]] = ()
    """The secrets without which it does not work."""

    def check(self, connection: Connection) -> list[FieldProblem]:
        """See `ConnectionKind`."""
        fix = "write a reference: {env: NAME}"
        problems = [
            FieldProblem(field=f"secrets.{name}", message="this secret is missing", fix=fix)
            for name in self.required
            if name not in connection.secrets
        ]
        return problems + _url_problems(text(connection, "url"))

    def needs(self, connection: Connection) -> Needs:
        """Nothing: the server sends notifications, and no attempt does."""
        return Needs(owner=f"connection '{connection.name}'")


class Webhook(_NotificationKind):
    """A receiver of signed requests."""

    name = "webhook"
    fields = WebhookFields
    required = ("key",)

    def secrets(self) -> dict[str, str]:
        """See `ConnectionKind`."""
        return {"key": "the key of the signature, which the receiver knows as well"}


class _Chat(_NotificationKind):
    fields = ChatFields
    required = ("url",)

    def secrets(self) -> dict[str, str]:
        """See `ConnectionKind`."""
        return {"url": "the URL of the incoming webhook; whoever has it can post"}


class Slack(_Chat):
    """An incoming webhook of Slack."""

    name = "slack"


class Teams(_Chat):
    """A workflow of Microsoft Teams that posts what a webhook receives."""

    name = "teams"


class Discord(_Chat):
    """A webhook of a channel of Discord."""

    name = "discord"


class Mattermost(_Chat):
    """An incoming webhook of Mattermost."""

    name = "mattermost"


class PagerDuty(_NotificationKind):
    """A service of PagerDuty with an integration of the Events API v2."""

    name = "pagerduty"
    fields = PagerDutyFields
    required = ("routing_key",)

    def secrets(self) -> dict[str, str]:
        """See `ConnectionKind`."""
        return {"routing_key": "the integration key of the service"}


class Email(_NotificationKind):
    """A mail server that takes mail by SMTP."""

    name = "email"
    fields = EmailFields

    def secrets(self) -> dict[str, str]:
        """See `ConnectionKind`."""
        return {"password": "the password of the user"}

    def check(self, connection: Connection) -> list[FieldProblem]:
        """See `ConnectionKind`."""
        problems = []
        has_user, has_password = "user" in connection.fields, "password" in connection.secrets
        if has_user and not has_password:
            fix = "write a reference: {env: NAME}"
            problems.append(FieldProblem(field="secrets.password", message="this secret is missing", fix=fix))
        if has_password and not has_user:
            problems.append(FieldProblem(field="fields.user", message="this is missing", fix="write `user`"))
        to = recipients(connection)
        if len(to) > MOST_RECIPIENTS or not all(re.fullmatch(RECIPIENT, each) for each in to):
            said = f"these are not at most {MOST_RECIPIENTS} addresses of e-mail"
            problems.append(FieldProblem(field="fields.to", message=said, fix="write NAME@HOST in ASCII"))
        if has_password and text(connection, "security") == "none":
            said = "a password is not sent without encryption"
            problems.append(FieldProblem(field="fields.security", message=said, fix="write starttls or tls"))
        return problems


def _url_problems(url: str) -> list[FieldProblem]:
    """All problems of a URL; none of an empty one. No message repeats it."""
    if not url:
        return []
    fix = "write https://HOST/..."
    try:
        parts = urlsplit(url)
        password, host, _ = parts.password, parts.hostname, parts.port
    except ValueError:
        return [FieldProblem(field="fields.url", message="this is not a URL", fix=fix)]
    if password is not None or parts.username is not None:
        said = "there is a user or a password in the URL"
        return [FieldProblem(field="fields.url", message=said, fix="leave it out; the signature says who sends")]
    if parts.scheme not in ("https", "http") or not host:
        return [FieldProblem(field="fields.url", message="this is not a URL of https or http", fix=fix)]
    return []


KINDS: tuple[ConnectionKind, ...] = (Webhook(), Slack(), Teams(), Discord(), Mattermost(), PagerDuty(), Email())
