"""What is told of a run, and the bodies in which each kind of receiver takes it."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec

from trainyard_core.contracts.wire import rfc3339

__all__ = [
    "Notice",
    "discord",
    "encode",
    "mattermost",
    "pagerduty",
    "sentence",
    "signature",
    "slack",
    "teams",
    "webhook",
]

MESSAGE_CHARS = 1000
DISCORD_CHARS = 2000
SUMMARY_CHARS = 1024
encode = msgspec.json.encode
_VERB = {
    "running": "is running",
    "retrying": "is tried again",
    "succeeded": "succeeded",
    "failed": "failed",
    "stopped": "was stopped",
    "skipped": "was skipped",
}
_SEVERITY = {"failed": "error", "retrying": "warning", "stopped": "warning"}


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A status that a run has reached. `event` is the id of its activity, which is the same however often it is sent.
    `rule` is empty when the run's operation asks for it. `at` is in microseconds since 1970 UTC."""

    event: int
    rule: str
    project: str
    run: str
    status: str
    at: int
    name: str = ""
    reason: str = ""
    message: str = ""


def sentence(notice: Notice) -> str:
    """One line of plain text."""
    name = f"'{notice.name}' " if notice.name else ""
    why = ": ".join(each for each in (notice.reason, notice.message[:MESSAGE_CHARS]) if each)
    said = f"Run {name}{notice.run} of project '{notice.project}' {_VERB[notice.status]}"
    return " ".join(f"{said} ({why})".split() if why else said.split())


def webhook(notice: Notice) -> dict[str, Any]:
    """The status of a run as data."""
    return {
        "event": notice.event,
        "rule": notice.rule,
        "project": notice.project,
        "run": notice.run,
        "name": notice.name,
        "status": notice.status,
        "reason": notice.reason,
        "message": notice.message,
        "at": rfc3339(notice.at),
        "text": sentence(notice),
    }


def signature(key: str, timestamp: int, body: bytes) -> str:
    """`v1=` and the HMAC-SHA256, in hexadecimal, of the timestamp, a full stop and the body."""
    return "v1=" + hmac.new(key.encode(), str(timestamp).encode() + b"." + body, hashlib.sha256).hexdigest()


def slack(notice: Notice) -> dict[str, Any]:
    """Text in which nothing is markup, so that a message mentions nobody."""
    escaped = sentence(notice).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": escaped}


def mattermost(notice: Notice) -> dict[str, Any]:
    """Text in which `@` mentions nobody."""
    return {"text": sentence(notice).replace("@", "@\u200b")}


def discord(notice: Notice) -> dict[str, Any]:
    """Text that mentions nobody."""
    return {"content": sentence(notice)[:DISCORD_CHARS], "allowed_mentions": {"parse": []}}


def teams(notice: Notice) -> dict[str, Any]:
    """An adaptive card with the text."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "TextBlock", "text": sentence(notice), "wrap": True}],
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def pagerduty(notice: Notice, routing_key: str) -> dict[str, Any]:
    """An event that opens an incident of the run; a repeated one adds nothing."""
    return {
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": f"trainyard-{notice.run}-{notice.event}",
        "payload": {
            "summary": sentence(notice)[:SUMMARY_CHARS],
            "source": f"trainyard/{notice.project}",
            "severity": _SEVERITY.get(notice.status, "info"),
            "timestamp": rfc3339(notice.at),
            "custom_details": webhook(notice),
        },
    }
