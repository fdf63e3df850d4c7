"""`plugins.notifications` of the language: which statuses of a run are told, through which connections."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import AfterValidator, BeforeValidator

from trainyard.spec.model import Later, Model, Texts, problem

__all__ = ["MOST_NOTIFICATIONS", "TRIGGERS", "Notification", "Plugins", "Trigger"]

MOST_NOTIFICATIONS = 20
"""Of one operation, and connections of one of them."""
_TriggerName = Literal["running", "retrying", "succeeded", "failed", "stopped", "skipped", "done"]
TRIGGERS: tuple[_TriggerName, ...] = get_args(_TriggerName)
"""The statuses that can be told; `done` is any end."""
_COLLECTED = "remove it: logs, resources and outputs are collected"
_SCHEDULERS = "remove it; schedulers choose this themselves for now"


def _trigger(value: object) -> object:
    if value not in TRIGGERS:
        raise problem("there is no such trigger", f"choose from {', '.join(TRIGGERS)}")
    return value


def _bounded(value: tuple[object, ...]) -> tuple[object, ...]:
    if len(value) > MOST_NOTIFICATIONS:
        raise problem(f"there are {len(value)} of them; the limit is {MOST_NOTIFICATIONS}", "keep fewer")
    return value


def _named(value: tuple[str, ...]) -> tuple[object, ...]:
    if not value:
        raise problem("no connection is named", "name at least one; see `yard connections ls`")
    return _bounded(value)


Trigger = Annotated[_TriggerName, BeforeValidator(_trigger, json_schema_input_type=_TriggerName)]


class Notification(Model):
    """One status, and the names of the connections through which it is told."""

    connections: Annotated[Texts, AfterValidator(_named)]
    trigger: Trigger


class Plugins(Model):
    """`plugins`: of what the language has here, the notifications."""

    later: ClassVar[Later] = {
        **dict.fromkeys(("collectArtifacts", "collectLogs", "collectResources", "syncStatuses"), _COLLECTED),
        **dict.fromkeys(
            ("auth", "docker", "shm", "tmux", "sandbox", "ssh", "mountArtifactsStore", "sidecar", "externalHost"),
            _SCHEDULERS,
        ),
        "autoResume": "remove it; `termination.maxRetries` has a run tried again",
        "logLevel": "remove it; set it in `env`",
    }

    notifications: Annotated[tuple[Notification, ...], AfterValidator(_bounded)] = ()
