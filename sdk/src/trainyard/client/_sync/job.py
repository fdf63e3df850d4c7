# Generated from `_async/job.py` by tools/sync_client.py: change that file and run `make format`.
"""The background jobs of a server."""

from __future__ import annotations

from collections.abc import Iterator

from trainyard.client import requests
from trainyard.client._sync.pagination import items
from trainyard.client._sync.resource import Resource
from trainyard.client.models import Job, JobPage

__all__ = ["Jobs"]


class Jobs(Resource):
    """The background jobs of a server."""

    def page(self, *, state: str = "", plugin: str = "", limit: int | None = None, cursor: str = "") -> JobPage:
        """One page of the jobs, oldest first; of one state (`waiting`, `running`, `dead`) or plugin if given."""
        return self._client.send(requests.list_jobs(state=state, plugin=plugin, limit=limit, cursor=cursor))

    def list(self, *, state: str = "", plugin: str = "", page_size: int = 100) -> Iterator[Job]:
        """All jobs, oldest first; of one state or plugin if given."""
        return items(lambda cursor: self.page(state=state, plugin=plugin, limit=page_size, cursor=cursor))

    def retry(self, job: int) -> Job:
        """Have a job that waits or is dead run now, as if it were new. Raises Conflict for one that runs."""
        return self._client.send(requests.retry_job(job))

    def remove(self, job: int) -> None:
        """Delete a job that does not run. Raises Conflict for one that runs."""
        self._client.send(requests.remove_job(job))
