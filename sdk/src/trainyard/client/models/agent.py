"""Agents."""

from __future__ import annotations

import msgspec

__all__ = ["Agent", "AgentPage", "EditAgent", "Enrolment", "NewAgent"]


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent. `queues` are those that it serves: what it wants to, within what an admin `allowed` (`*`: any).
    `cpu` (cores), `memory` (bytes), `gpu` (devices) and `resources` (amounts of any other name) are what it has in
    whole, as its scheduler stated last; null is not known, and counts as unlimited. `largest` is the most that one
    program can have of it, by name. `labels` are its own and, over them, those that an admin gave it. It is `alive`
    when it was heard of lately; `seen_at` is empty when it never was. While `draining` it takes no new work, nor while
    it is not ready: then `not_ready` says why its scheduler cannot be asked. `live` counts the attempts that hold
    slots. `epoch` counts its sessions."""

    name: str
    scheduler: str
    queues: list[str]
    alive: bool
    seen_at: str
    allowed: list[str] = msgspec.field(default_factory=lambda: ["*"])
    labels: dict[str, str] = {}
    enrolled: bool = False
    draining: bool = False
    not_ready: str = ""
    version: str = ""
    epoch: int = 0
    cpu: float | None = None
    memory: int | None = None
    gpu: int | None = None
    resources: dict[str, float] | None = None
    largest: dict[str, float] = {}
    free_cpu: float | None = None
    free_gpu: int | None = None
    live: int = 0


class AgentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Agents, by name."""

    items: list[Agent]
    next: str | None = None


class NewAgent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An agent to be added: the queues that it may serve (`*`: any), and labels that it has whatever it says."""

    name: str
    queues: list[str] = msgspec.field(default_factory=lambda: ["*"])
    labels: dict[str, str] = {}


class EditAgent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is to change of an agent; what is left out or null stays. `queues` and `labels` replace those that an admin
    gave before."""

    draining: bool | None = None
    queues: list[str] | None = None
    labels: dict[str, str] | None = None


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """An agent and its token, which is shown here and never again."""

    agent: Agent
    token: str = ""
