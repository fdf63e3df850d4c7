"""The agents of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from trainyard.client import requests
from trainyard.client._async.pagination import items
from trainyard.client._async.resource import AsyncResource
from trainyard.client.models import Agent, AgentPage, EditAgent, Enrolment, NewAgent, Run

__all__ = ["AsyncAgents"]


class AsyncAgents(AsyncResource):
    """The agents of a server."""

    async def page(self, *, limit: int | None = None, cursor: str = "") -> AgentPage:
        """One page of the agents, by name."""
        return await self._client.send(requests.list_agents(limit=limit, cursor=cursor))

    def list(self, *, page_size: int = 100) -> AsyncIterator[Agent]:
        """All agents, by name."""
        return items(lambda cursor: self.page(limit=page_size, cursor=cursor))

    async def get(self, name: str) -> Agent:
        """An agent with its capacity and its load."""
        return await self._client.send(requests.get_agent(name))

    async def add(self, name: str, *, queues: Sequence[str] = ("*",), labels: Mapping[str, str] = {}) -> Enrolment:
        """Register an agent. The answer holds its token, which is shown only this once."""
        body = NewAgent(name=name, queues=[*queues], labels={**labels})
        return await self._client.send(requests.add_agent(body))

    async def edit(
        self,
        name: str,
        *,
        draining: bool | None = None,
        queues: Sequence[str] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Agent:
        """Change the settings that an admin decides; None leaves a setting as it is."""
        body = EditAgent(
            draining=draining,
            queues=None if queues is None else [*queues],
            labels=None if labels is None else {**labels},
        )
        return await self._client.send(requests.edit_agent(name, body))

    async def drain(self, name: str) -> Agent:
        """Assign no more runs to the agent; the runs that it has go on."""
        return await self.edit(name, draining=True)

    async def resume(self, name: str) -> Agent:
        """Assign runs to a drained agent again."""
        return await self.edit(name, draining=False)

    async def renew_token(self, name: str) -> Enrolment:
        """Replace all tokens of the agent by a new one, which is shown only this once."""
        return await self._client.send(requests.renew_agent_token(name))

    async def remove(self, name: str) -> None:
        """Delete an agent that has no runs, with its tokens. Raises Conflict for one that has."""
        await self._client.send(requests.remove_agent(name))

    async def declare_lost(self, ref: str, message: str = "", *, project: str | None = None) -> Run:
        """End a live run whose agent is gone for good. Raises Conflict when its agent can be reached."""
        return await self._client.send(requests.declare_lost(self._project(project), ref, message))
