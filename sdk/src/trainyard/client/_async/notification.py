"""The rules of notifications of a project. `project` is the client's own by default."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from trainyard.client import requests
from trainyard.client._async.pagination import items
from trainyard.client._async.resource import AsyncResource
from trainyard.client.models import NewNotificationRule, NotificationRule, NotificationRulePage, NotificationTest

__all__ = ["AsyncNotificationRules"]


class AsyncNotificationRules(AsyncResource):
    """The rules of notifications of a project: which statuses of its runs are told, through which connection."""

    async def page(
        self, *, limit: int | None = None, cursor: str = "", project: str | None = None
    ) -> NotificationRulePage:
        """One page of the rules, by name."""
        return await self._client.send(
            requests.list_notification_rules(self._project(project), limit=limit, cursor=cursor)
        )

    def list(self, *, project: str | None = None) -> AsyncIterator[NotificationRule]:
        """All rules, by name."""
        return items(lambda cursor: self.page(cursor=cursor, project=project))

    async def get(self, name: str, *, project: str | None = None) -> NotificationRule:
        """A rule."""
        return await self._client.send(requests.get_notification_rule(self._project(project), name))

    async def set(
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
        return await self._client.send(
            requests.put_notification_rule(self._project(project), name, body, key=key, match=match)
        )

    async def test(self, name: str, *, project: str | None = None) -> NotificationTest:
        """Send a notification of no run through the connection of a rule now, and see what the receiver says."""
        return await self._client.send(requests.send_test_notification(self._project(project), name))

    async def delete(self, name: str, *, project: str | None = None, key: str = "") -> None:
        """Delete a rule. Notifications of it that wait are not sent."""
        await self._client.send(requests.delete_notification_rule(self._project(project), name, key=key))
