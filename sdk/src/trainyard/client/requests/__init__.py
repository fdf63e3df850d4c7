"""Every request of the API, built in one place for both transports: one function a route, one module a noun. What an
answer means is `wire`; when a request is sent again is the transports'."""

from __future__ import annotations

from trainyard.client.requests.activity import list_activities
from trainyard.client.requests.agent import (
    add_agent,
    edit_agent,
    get_agent,
    list_agents,
    remove_agent,
    renew_agent_token,
)
from trainyard.client.requests.artifact import digest_of, get_artifact, list_artifacts, put_artifact
from trainyard.client.requests.project import create_project, list_projects
from trainyard.client.requests.queue import list_queues, put_queue
from trainyard.client.requests.run import create_run, get_run, list_runs, read_statuses, stop_run, why_run
from trainyard.client.requests.server import list_plugins, read_version
from trainyard.client.requests.tracking import (
    append_frames,
    follow_logs,
    follow_metrics,
    read_logs,
    read_metrics,
    read_series,
)

__all__ = [
    "add_agent",
    "append_frames",
    "create_project",
    "create_run",
    "digest_of",
    "edit_agent",
    "follow_logs",
    "follow_metrics",
    "get_agent",
    "get_artifact",
    "get_run",
    "list_activities",
    "list_agents",
    "list_artifacts",
    "list_plugins",
    "list_projects",
    "list_queues",
    "list_runs",
    "put_artifact",
    "put_queue",
    "read_logs",
    "read_metrics",
    "read_series",
    "read_statuses",
    "read_version",
    "remove_agent",
    "renew_agent_token",
    "stop_run",
    "why_run",
]
