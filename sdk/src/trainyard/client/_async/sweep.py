"""Reading sweeps. `ref` is the id of the sweep's run or a unique ending of it with at least four characters; `project`
is the client's own by default. Each call raises Conflict for a run that is no sweep."""

from __future__ import annotations

from collections.abc import AsyncIterator

from trainyard.client import requests
from trainyard.client._async.pagination import items
from trainyard.client._async.resource import AsyncResource
from trainyard.client.models import Front, Sweep, Trial, TrialPage

__all__ = ["AsyncSweeps"]


class AsyncSweeps(AsyncResource):
    """The sweeps of a server."""

    async def get(self, ref: str, *, project: str | None = None) -> Sweep:
        """The progress of a sweep, and its best trial."""
        return await self._client.send(requests.get_sweep(self._project(project), ref))

    async def best(self, ref: str, *, project: str | None = None) -> Trial | None:
        """The feasible trial that is best in the first objective; None while there is none."""
        sweep = await self.get(ref, project=project)
        return sweep.best

    async def page(
        self,
        ref: str,
        *,
        sort: str = "",
        phase: str = "",
        limit: int | None = None,
        cursor: str = "",
        project: str | None = None,
    ) -> TrialPage:
        """One page of the trials; `trials` documents the arguments."""
        return await self._client.send(
            requests.list_trials(self._project(project), ref, sort=sort, phase=phase, limit=limit, cursor=cursor)
        )

    def trials(
        self, ref: str, *, sort: str = "", phase: str = "", page_size: int = 500, project: str | None = None
    ) -> AsyncIterator[Trial]:
        """All trials, sorted by `number` (the default), `-number` or `value`: the best first, those without a value
        last. With `phase`, those of one phase; `Trial` documents the phases."""
        return items(
            lambda cursor: self.page(ref, sort=sort, phase=phase, limit=page_size, cursor=cursor, project=project)
        )

    async def front(self, ref: str, *, project: str | None = None) -> Front:
        """The Pareto front of the objectives. Raises Conflict for a sweep without objectives."""
        return await self._client.send(requests.read_front(self._project(project), ref))
