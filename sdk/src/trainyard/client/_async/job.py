"""The background jobs of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator

from trainyard.client import requests
from trainyard.client._async.pagination import items
from trainyard.client._async.resource import AsyncResource
from trainyard.client.models import Job, JobPage

__all__ = ["AsyncJobs"]


class AsyncJobs(AsyncResource):
    """The background jobs of a server."""

    async def page(self, *, state: str = "", plugin: str = "", limit: int | None = None, cursor: str = "") -> JobPage:
        """One page of the jobs, oldest first; of one state (`waiting`, `running`, `dead`) or plugin if given."""
        return await self._client.send(requests.list_jobs(state=state, plugin=plugin, limit=limit, cursor=cursor))

    def list(self, *, state: str = "", plugin: str = "", page_size: int = 100) -> AsyncIterator[Job]:
        """All jobs, oldest first; of one state or plugin if given."""
        return items(lambda cursor: self.page(state=state, plugin=plugin, limit=page_size, cursor=cursor))

    async def retry(self, job: int) -> Job:
        """Have a job that waits or is dead run now, as if it were new. Raises Conflict for one that runs."""
        return await self._client.send(requests.retry_job(job))

    async def remove(self, job: int) -> None:
        """Delete a job that does not run. Raises Conflict for one that runs."""
        await self._client.send(requests.remove_job(job))
