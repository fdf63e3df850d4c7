"""Rules of notifications, which the plugin `notify` serves."""

from __future__ import annotations

import msgspec

__all__ = ["NewNotificationRule", "NotificationRule", "NotificationRulePage", "NotificationTest"]


class NewNotificationRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rule says: the connection to send through, the statuses of runs that are told (running, retrying,
    succeeded, failed, stopped, skipped), and for a connection of kind `email` the recipients."""

    connection: str
    events: list[str]
    to: list[str] = []


class NotificationRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule. `owner` is who wrote it last, in whose name the connection is used."""

    project: str
    name: str
    connection: str
    events: list[str]
    to: list[str]
    owner: str
    created_at: str
    updated_at: str


class NotificationRulePage(msgspec.Struct, frozen=True, kw_only=True):
    """Rules by name; `next` is the cursor of the page after, null on the last one."""

    items: list[NotificationRule]
    next: str | None = None


class NotificationTest(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a notification that was sent as a test; `message` is why the receiver did not take it."""

    ok: bool
    message: str = ""
