"""Requests about agents."""

from __future__ import annotations

from trainyard.client.models import Agent, AgentPage, EditAgent, Enrolment, NewAgent, Note, Run
from trainyard.client.requests.path import change, query_of, run_path
from trainyard.client.wire import Request, path_of

__all__ = ["add_agent", "declare_lost", "edit_agent", "get_agent", "list_agents", "remove_agent", "renew_agent_token"]


def list_agents(*, limit: int | None = None, cursor: str = "") -> Request[AgentPage]:
    return Request("GET", path_of("agents"), AgentPage, query=query_of(limit=limit, cursor=cursor))


def get_agent(name: str) -> Request[Agent]:
    return Request("GET", path_of("agents", name), Agent)


def add_agent(body: NewAgent, *, key: str = "") -> Request[Enrolment]:
    return change("POST", path_of("agents"), Enrolment, body, key=key)


def edit_agent(name: str, edit: EditAgent, *, key: str = "") -> Request[Agent]:
    return change("PATCH", path_of("agents", name), Agent, edit, key=key)


def renew_agent_token(name: str, *, key: str = "") -> Request[Enrolment]:
    return change("POST", path_of("agents", name, "token"), Enrolment, key=key)


def remove_agent(name: str, *, key: str = "") -> Request[None]:
    return change("DELETE", path_of("agents", name), type(None), key=key)


def declare_lost(project: str, ref: str, message: str = "", *, key: str = "") -> Request[Run]:
    return change("POST", run_path(project, ref, "lost"), Run, Note(message=message), key=key)
