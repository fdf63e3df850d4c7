# Generated from `_async/member.py` by tools/sync_client.py: change that file and run `make format`.
"""The members of a project and their roles. `project` is the client's own by default."""

from __future__ import annotations

from collections.abc import Iterator

from trainyard.client import requests
from trainyard.client._sync.pagination import items
from trainyard.client._sync.resource import Resource
from trainyard.client.models import Member, MemberPage

__all__ = ["Members"]


class Members(Resource):
    """The members of a project."""

    def page(self, *, limit: int | None = None, cursor: str = "", project: str | None = None) -> MemberPage:
        """One page of the members, by name."""
        return self._client.send(requests.list_members(self._project(project), limit=limit, cursor=cursor))

    def list(self, *, project: str | None = None) -> Iterator[Member]:
        """All members, by name."""
        return items(lambda cursor: self.page(cursor=cursor, project=project))

    def put(self, principal: str, role: str, *, project: str | None = None, key: str = "") -> Member:
        """Give somebody a role in the project (viewer, member or admin). It replaces an earlier role."""
        return self._client.send(requests.put_member(self._project(project), principal, role, key=key))

    def remove(self, principal: str, *, project: str | None = None, key: str = "") -> None:
        """Take away somebody's role in the project."""
        self._client.send(requests.remove_member(self._project(project), principal, key=key))
