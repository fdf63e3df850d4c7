"""What admission looks at: runs that wait, queues and projects with their limits and what they use now, and what agents
offer. Amounts of everything, whatever its name, are numbers by name: `cpu` in cores, `memory` in bytes, `gpu` in
devices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from trainyard_core.errors import Invalid

__all__ = [
    "ANY_QUEUE",
    "EPSILON",
    "NAMED",
    "UNLIMITED",
    "AgentOffer",
    "Amounts",
    "FreeResources",
    "Grant",
    "ProjectState",
    "QueueState",
    "Snapshot",
    "WaitingRun",
    "amounts_of",
    "check_amounts",
    "check_labels",
    "split_queue",
    "total",
]

ANY_QUEUE = "*"
UNLIMITED = {"cpu": 1e6, "memory": float(1 << 50), "gpu": 1e6}
"""What counts as the whole where it is not known: finite, as shares are parts of it."""
NAMED = ("cpu", "memory", "gpu")
"""The amounts that every run and agent has; the others have names that people chose."""
EPSILON = 1e-9
MOST = 2.0**60
_NAME = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9_./]{0,62}")

Amounts = Mapping[str, float]


class WaitingRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that waits: `cpu` in cores and more than 0, `memory` in bytes (0: not stated), `gpu` in devices,
    `resources` in amounts of any other name, all of its copies together. `largest_copy` is what the largest of several
    copies asks for, by name; empty for a run of one program. `agent` is the one that must run it, empty for any."""

    run: str
    queue: str
    project: str = ""
    priority: int = 0
    cpu: float = 1.0
    memory: int = 0
    gpu: int = 0
    resources: dict[str, float] = {}
    largest_copy: dict[str, float] = {}
    agent: str = ""


class QueueState(msgspec.Struct, frozen=True, kw_only=True):
    """A queue, what its live runs use in each project, and the first run that waits in it (by priority and age,
    empty: none)."""

    name: str
    priority: int = 0
    concurrency: int | None = None
    quota: dict[str, float] = {}
    paused: bool = False
    selector: dict[str, str] = {}
    live: int = 0
    used: dict[str, dict[str, float]] = {}
    first: str = ""

    def is_open(self) -> bool:
        """Whether it lets anything through now."""
        return not self.paused and (self.concurrency is None or self.live < self.concurrency)


class ProjectState(msgspec.Struct, frozen=True, kw_only=True):
    """A project: its weight in the fair share, its quota over all its live runs, what they use, and patterns of
    the queues that it may use."""

    name: str
    weight: float = 1.0
    quota: dict[str, float] = {}
    used: dict[str, float] = {}
    queues: tuple[str, ...] = (ANY_QUEUE,)

    def may_use(self, queue: str) -> bool:
        """Whether its runs may wait in that queue."""
        return ANY_QUEUE in self.queues or any(fnmatchcase(queue, pattern) for pattern in self.queues)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything but the runs that wait and the agent that asks. A project that is not named has the defaults.
    `capacity` is what all agents that are alive have in whole: shares are parts of it."""

    queues: Mapping[str, QueueState]
    projects: Mapping[str, ProjectState] = {}
    capacity: dict[str, float] = {}

    def project(self, name: str) -> ProjectState:
        """A project's state."""
        return self.projects.get(name) or _usual(name)


@lru_cache(maxsize=4096)
def _usual(name: str) -> ProjectState:
    """A project without limits of its own."""
    return ProjectState(name=name)


class FreeResources(msgspec.Struct, frozen=True, kw_only=True):
    """What is free: cores, bytes, how many devices, and amounts of other names. `devices` are those that are free by
    index, where they are indexed."""

    cpu: float
    memory: float
    gpu: float
    devices: tuple[int, ...] = ()
    resources: dict[str, float] = {}


class AgentOffer(msgspec.Struct, frozen=True, kw_only=True):
    """An agent: the queues it serves (`*`: all), its labels, what it has in whole, and what is free now. `rest` is how
    much it has of any other name, `largest` the most that one program can have, by name. What is not known
    of it counts as UNLIMITED."""

    agent: str
    queues: tuple[str, ...]
    cpu: float
    memory: float
    gpu: float
    free: FreeResources
    resources: dict[str, float] = {}
    rest: float = 0.0
    largest: dict[str, float] = {}
    indexed: bool = False
    labels: dict[str, str] = {}
    alive: bool = True
    draining: bool = False

    def serves(self, queue: str) -> bool:
        """Whether runs of that queue may go to this agent."""
        return ANY_QUEUE in self.queues or queue in self.queues

    def missing(self, selector: Mapping[str, str]) -> dict[str, str]:
        """The labels that a queue asks for and this agent does not have."""
        return {key: value for key, value in selector.items() if self.labels.get(key) != value}

    def whole(self) -> dict[str, float]:
        """What it has in all."""
        return {"cpu": self.cpu, "memory": self.memory, "gpu": self.gpu, **self.resources}

    def left(self) -> dict[str, float]:
        """What is free of it."""
        free = self.free
        return {"cpu": free.cpu, "memory": free.memory, "gpu": free.gpu, **free.resources}

    def too_large(self, need: WaitingRun) -> dict[str, float]:
        """Of what a program of the run asks for more than any single machine has: the most there is, by name."""
        wanted = need.largest_copy or amounts_of(need)
        return {name: most for name, most in self.largest.items() if wanted.get(name, 0) > most + EPSILON}


class Grant(msgspec.Struct, frozen=True):
    """A run that may start, and the devices that it gets; None where its scheduler hands them out."""

    run: str
    devices: tuple[int, ...] | None = None


def amounts_of(need: WaitingRun) -> dict[str, float]:
    """What a run asks for, without what it does not ask for."""
    found: dict[str, float] = {"cpu": need.cpu}
    if need.memory:
        found["memory"] = need.memory
    if need.gpu:
        found["gpu"] = need.gpu
    if need.resources:
        found.update(need.resources)
    return found


def total(parts: Iterable[Amounts]) -> dict[str, float]:
    """The sum of amounts, name by name."""
    found: dict[str, float] = {}
    for part in parts:
        for name, amount in part.items():
            found[name] = found.get(name, 0) + amount
    return found


def split_queue(written: str) -> tuple[str, str]:
    """The agent and the queue of `queue` or `agent/queue`; no agent is the empty text."""
    agent, slash, queue = written.rpartition("/")
    return (agent, queue) if slash else ("", written)


def check_amounts(field: str, amounts: Amounts) -> None:
    """Raises Invalid for a name that nothing can have, and for an amount below 0 or larger than any machine."""
    for name, amount in amounts.items():
        if not _NAME.fullmatch(name):
            fix = "use cpu, memory, gpu or a name of letters, digits, '-', '_', '.' and '/', at most 63"
            raise Invalid(f"`{field}`: '{name[:80]}' cannot be the name of a resource", fix=fix)
        if not 0 <= amount <= MOST:
            raise Invalid(f"`{field}.{name}` must be from 0 to 2**60, not {amount:g}", fix="leave it out for no limit")


def check_labels(field: str, labels: Mapping[str, str]) -> None:
    """Raises Invalid for labels that no agent can have."""
    for key, value in labels.items():
        if not _NAME.fullmatch(key) or len(value) > 63 or not value.isprintable():
            fix = "use a key of letters, digits, '-', '_', '.' and '/', and a value of at most 63 printable characters"
            raise Invalid(f"`{field}`: '{key[:80]}' with '{value[:80]}' is not a label", fix=fix)
