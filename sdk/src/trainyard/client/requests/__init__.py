"""Every request of the API, built in one place for both transports: one function a route, one module a noun. What an
answer means is `wire`; when a request is sent again is the transports'."""

from __future__ import annotations

from trainyard.client.requests.activity import list_activities
from trainyard.client.requests.agent import (
    add_agent,
    declare_lost,
    edit_agent,
    get_agent,
    list_agents,
    remove_agent,
    renew_agent_token,
)
from trainyard.client.requests.artifact import digest_of, get_artifact, list_artifacts, put_artifact
from trainyard.client.requests.member import list_members, put_member, remove_member
from trainyard.client.requests.project import create_project, delete_project, edit_project, get_project, list_projects
from trainyard.client.requests.queue import list_queues, put_queue
from trainyard.client.requests.run import (
    act_on_run,
    act_on_runs,
    clone_run,
    create_run,
    delete_run,
    edit_run,
    get_run,
    list_runs,
    list_statuses,
    read_lineage,
    renew_run_token,
    tag_run,
    why_run,
)
from trainyard.client.requests.server import (
    list_plugins,
    list_settings,
    read_health,
    read_ready,
    read_version,
    whoami,
)
from trainyard.client.requests.token import create_token, list_tokens, revoke_token
from trainyard.client.requests.tracking import (
    append_frames,
    follow_logs,
    follow_metrics,
    read_logs,
    read_metrics,
    read_series,
)
from trainyard.client.requests.user import (
    add_principal,
    delete_principal,
    edit_principal,
    get_principal,
    list_principals,
)

__all__ = [
    "act_on_run",
    "act_on_runs",
    "add_agent",
    "add_principal",
    "append_frames",
    "clone_run",
    "create_project",
    "create_run",
    "create_token",
    "declare_lost",
    "delete_principal",
    "delete_project",
    "delete_run",
    "digest_of",
    "edit_agent",
    "edit_principal",
    "edit_project",
    "edit_run",
    "follow_logs",
    "follow_metrics",
    "get_agent",
    "get_artifact",
    "get_principal",
    "get_project",
    "get_run",
    "list_activities",
    "list_agents",
    "list_artifacts",
    "list_members",
    "list_plugins",
    "list_principals",
    "list_projects",
    "list_queues",
    "list_runs",
    "list_settings",
    "list_statuses",
    "list_tokens",
    "put_artifact",
    "put_member",
    "put_queue",
    "read_health",
    "read_lineage",
    "read_logs",
    "read_metrics",
    "read_ready",
    "read_series",
    "read_version",
    "remove_agent",
    "remove_member",
    "renew_agent_token",
    "renew_run_token",
    "revoke_token",
    "tag_run",
    "whoami",
    "why_run",
]
