"""The agents of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client.models import Agent, EditAgent, Enrolment, NewAgent, RunRecord

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["Agents", "AsyncAgents"]


class Agents:
    """The agents of a server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, *, page_size: int = 100) -> Iterator[Agent]:
        """All agents, by name."""
        cursor: str | None = ""
        while cursor is not None:
            page = self._client.send(requests.list_agents(limit=page_size, cursor=cursor))
            yield from page.items
            cursor = page.next

    def get(self, name: str) -> Agent:
        return self._client.send(requests.get_agent(name))

    def add(self, name: str, *, queues: Sequence[str] = ("*",), labels: Mapping[str, str] = {}) -> Enrolment:
        """Make an agent known, and its token, which is told this once."""
        wish = NewAgent(name=name, queues=[*queues], labels={**labels})
        return self._client.send(requests.add_agent(wish))

    def edit(
        self,
        name: str,
        *,
        draining: bool | None = None,
        queues: Sequence[str] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Agent:
        """Change what an admin decides of an agent; what is None stays."""
        given = None if queues is None else [*queues]
        edit = EditAgent(draining=draining, queues=given, labels=None if labels is None else {**labels})
        return self._client.send(requests.edit_agent(name, edit))

    def drain(self, name: str) -> Agent:
        """Give it no more work; what it holds goes on."""
        return self.edit(name, draining=True)

    def resume(self, name: str) -> Agent:
        """Give it work again."""
        return self.edit(name, draining=False)

    def renew_token(self, name: str) -> Enrolment:
        """A new token in place of all that the agent had, told this once."""
        return self._client.send(requests.renew_agent_token(name))

    def remove(self, name: str) -> None:
        """Forget an agent that holds nothing any more, with its tokens."""
        self._client.send(requests.remove_agent(name))

    def declare_lost(self, ref: str, message: str = "", *, project: str | None = None) -> RunRecord:
        """Give up a live run whose agent cannot be reached and will not come back. Raises Conflict for one that is."""
        request = requests.declare_lost(project or self._client.endpoint.project, ref, message)
        return self._client.send(request)


class AsyncAgents:
    """The agents of a server."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self, *, page_size: int = 100) -> AsyncIterator[Agent]:
        """All agents, by name."""
        cursor: str | None = ""
        while cursor is not None:
            page = await self._client.send(requests.list_agents(limit=page_size, cursor=cursor))
            for agent in page.items:
                yield agent
            cursor = page.next

    async def get(self, name: str) -> Agent:
        return await self._client.send(requests.get_agent(name))

    async def add(self, name: str, *, queues: Sequence[str] = ("*",), labels: Mapping[str, str] = {}) -> Enrolment:
        """Make an agent known, and its token, which is told this once."""
        wish = NewAgent(name=name, queues=[*queues], labels={**labels})
        return await self._client.send(requests.add_agent(wish))

    async def edit(
        self,
        name: str,
        *,
        draining: bool | None = None,
        queues: Sequence[str] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Agent:
        """Change what an admin decides of an agent; what is None stays."""
        given = None if queues is None else [*queues]
        edit = EditAgent(draining=draining, queues=given, labels=None if labels is None else {**labels})
        return await self._client.send(requests.edit_agent(name, edit))

    async def drain(self, name: str) -> Agent:
        """Give it no more work; what it holds goes on."""
        return await self.edit(name, draining=True)

    async def resume(self, name: str) -> Agent:
        """Give it work again."""
        return await self.edit(name, draining=False)

    async def renew_token(self, name: str) -> Enrolment:
        """A new token in place of all that the agent had, told this once."""
        return await self._client.send(requests.renew_agent_token(name))

    async def remove(self, name: str) -> None:
        """Forget an agent that holds nothing any more, with its tokens."""
        await self._client.send(requests.remove_agent(name))

    async def declare_lost(self, ref: str, message: str = "", *, project: str | None = None) -> RunRecord:
        """Give up a live run whose agent cannot be reached and will not come back. Raises Conflict for one that is."""
        request = requests.declare_lost(project or self._client.endpoint.project, ref, message)
        return await self._client.send(request)
