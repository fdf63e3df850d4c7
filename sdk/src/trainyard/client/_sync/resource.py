# Generated from `_async/resource.py` by tools/sync_client.py: change that file and run `make format`.
"""What the resources of a client have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainyard.client._sync.client import Client

__all__ = ["Resource"]


class Resource:
    """A group of calls, such as `client.runs`. The calls go through the client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def _project(self, project: str | None) -> str:
        """The given project, by default the client's own."""
        return project or self._client.endpoint.project
