"""Requests about agents."""

from __future__ import annotations

from trainyard.client.models import Agent
from trainyard.client.wire import Request, path_of

__all__ = ["list_agents"]


def list_agents() -> Request[list[Agent]]:
    return Request("GET", path_of("agents"), list[Agent])
