"""Requests about the members of a project."""

from __future__ import annotations

from trainyard.client.models import Member, MemberPage, PutMember
from trainyard.client.requests.path import change, query_of
from trainyard.client.wire import Request, path_of

__all__ = ["list_members", "put_member", "remove_member"]


def list_members(project: str, *, limit: int | None = None, cursor: str = "") -> Request[MemberPage]:
    return Request("GET", path_of("projects", project, "members"), MemberPage, query_of(limit=limit, cursor=cursor))


def put_member(project: str, principal: str, role: str, *, key: str = "") -> Request[Member]:
    path = path_of("projects", project, "members", principal)
    return change("PUT", path, Member, PutMember(role=role), key=key)


def remove_member(project: str, principal: str, *, key: str = "") -> Request[None]:
    return change("DELETE", path_of("projects", project, "members", principal), type(None), key=key)
