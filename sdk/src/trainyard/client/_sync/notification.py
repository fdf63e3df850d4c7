# Generated from `_async/notification.py` by tools/sync_client.py: change that file and run `make format`.
"""The rules of notifications of a project. `project` is the client's own by default."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trainyard.client import requests
from trainyard.client._sync.pagination import items
from trainyard.client._sync.resource import Resource
from trainyard.client.models import NewNotificationRule, NotificationRule, NotificationRulePage, NotificationTest

__all__ = ["NotificationRules"]


class NotificationRules(Resource):
    """The rules of notifications of a project: which statuses of its runs are told, through which connection."""

    def page(self, *, limit: int | None = None, cursor: str = "", project: str | None = None) -> NotificationRulePage:
        """One page of the rules, by name."""
        return self._client.send(requests.list_notification_rules(self._project(project), limit=limit, cursor=cursor))

    def list(self, *, project: str | None = None) -> Iterator[NotificationRule]:
        """All rules, by name."""
        return items(lambda cursor: self.page(cursor=cursor, project=project))

    def get(self, name: str, *, project: str | None = None) -> NotificationRule:
        """A rule."""
        return self._client.send(requests.get_notification_rule(self._project(project), name))

    def set(
        self,
        name: str,
        *,
        connection: str,
        events: Sequence[str],
        to: Sequence[str] = (),
        project: str | None = None,
        key: str = "",
        match: str = "",
    ) -> NotificationRule:
        """Create a rule, or replace what it says. `NewNotificationRule` documents the arguments."""
        body = NewNotificationRule(connection=connection, events=[*events], to=[*to])
        return self._client.send(
            requests.put_notification_rule(self._project(project), name, body, key=key, match=match)
        )

    def test(self, name: str, *, project: str | None = None) -> NotificationTest:
        """Send a notification of no run through the connection of a rule now, and see what the receiver says."""
        return self._client.send(requests.send_test_notification(self._project(project), name))

    def delete(self, name: str, *, project: str | None = None, key: str = "") -> None:
        """Delete a rule. Notifications of it that wait are not sent."""
        self._client.send(requests.delete_notification_rule(self._project(project), name, key=key))
