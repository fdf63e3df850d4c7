"""Sweeps as they are read. `ref` is the id of the sweep's run or a unique ending of one of at least four characters;
`project` is the client's own unless it is given. Each call raises Conflict for a run that is no sweep."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client.models import Front, SweepRecord, TrialPage, TrialRecord
from trainyard.client.resources.pagination import items, items_of

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["AsyncSweeps", "Sweeps"]


class Sweeps:
    """The sweeps of a server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, ref: str, *, project: str | None = None) -> SweepRecord:
        """How far it is, with its best trial."""
        return self._client.send(requests.get_sweep(self._in(project), ref))

    def best(self, ref: str, *, project: str | None = None) -> TrialRecord | None:
        """The feasible trial that is best in the first objective; None while there is none."""
        return self.get(ref, project=project).best

    def page(
        self,
        ref: str,
        *,
        sort: str = "",
        phase: str = "",
        limit: int | None = None,
        cursor: str = "",
        project: str | None = None,
    ) -> TrialPage:
        """One page of its trials; see `trials`."""
        wish = requests.list_trials(self._in(project), ref, sort=sort, phase=phase, limit=limit, cursor=cursor)
        return self._client.send(wish)

    def trials(
        self, ref: str, *, sort: str = "", phase: str = "", page_size: int = 500, project: str | None = None
    ) -> Iterator[TrialRecord]:
        """All of its trials: by `number` (the default), `-number`, or `value`, the best first and those without one
        last. With `phase` only those of one; see `TrialRecord`."""
        return items(
            lambda cursor: self.page(ref, sort=sort, phase=phase, limit=page_size, cursor=cursor, project=project)
        )

    def front(self, ref: str, *, project: str | None = None) -> Front:
        """The Pareto front of its objectives. Raises Conflict for a sweep without any."""
        return self._client.send(requests.read_front(self._in(project), ref))

    def _in(self, project: str | None) -> str:
        return project or self._client.endpoint.project


class AsyncSweeps:
    """The sweeps of a server."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def get(self, ref: str, *, project: str | None = None) -> SweepRecord:
        """How far it is, with its best trial."""
        return await self._client.send(requests.get_sweep(self._in(project), ref))

    async def best(self, ref: str, *, project: str | None = None) -> TrialRecord | None:
        """The feasible trial that is best in the first objective; None while there is none."""
        return (await self.get(ref, project=project)).best

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
        """One page of its trials; see `trials`."""
        wish = requests.list_trials(self._in(project), ref, sort=sort, phase=phase, limit=limit, cursor=cursor)
        return await self._client.send(wish)

    def trials(
        self, ref: str, *, sort: str = "", phase: str = "", page_size: int = 500, project: str | None = None
    ) -> AsyncIterator[TrialRecord]:
        """All of its trials: by `number` (the default), `-number`, or `value`, the best first and those without one
        last. With `phase` only those of one; see `TrialRecord`."""
        return items_of(
            lambda cursor: self.page(ref, sort=sort, phase=phase, limit=page_size, cursor=cursor, project=project)
        )

    async def front(self, ref: str, *, project: str | None = None) -> Front:
        """The Pareto front of its objectives. Raises Conflict for a sweep without any."""
        return await self._client.send(requests.read_front(self._in(project), ref))

    def _in(self, project: str | None) -> str:
        return project or self._client.endpoint.project
