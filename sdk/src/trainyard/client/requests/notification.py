"""Requests about rules of notifications, which the plugin `notify` answers."""

from __future__ import annotations

from trainyard.client.models import NewNotificationRule, NotificationRule, NotificationRulePage, NotificationTest
from trainyard.client.requests.path import change, query_of
from trainyard.client.wire import Request, path_of

__all__ = [
    "delete_notification_rule",
    "get_notification_rule",
    "list_notification_rules",
    "put_notification_rule",
    "send_test_notification",
]


def _rules(project: str, *more: str) -> str:
    return path_of("notify", "projects", project, "rules", *more)


def list_notification_rules(
    project: str, *, limit: int | None = None, cursor: str = ""
) -> Request[NotificationRulePage]:
    return Request("GET", _rules(project), NotificationRulePage, query_of(limit=limit, cursor=cursor))


def get_notification_rule(project: str, name: str) -> Request[NotificationRule]:
    return Request("GET", _rules(project, name), NotificationRule)


def put_notification_rule(
    project: str, name: str, body: NewNotificationRule, *, key: str = "", match: str = ""
) -> Request[NotificationRule]:
    return change("PUT", _rules(project, name), NotificationRule, body, key=key, match=match)


def delete_notification_rule(project: str, name: str, *, key: str = "") -> Request[None]:
    return change("DELETE", _rules(project, name), type(None), key=key)


def send_test_notification(project: str, name: str) -> Request[NotificationTest]:
    return change("POST", _rules(project, name, "test"), NotificationTest)
