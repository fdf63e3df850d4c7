"""Worlds for tests of admission: small ones written out, and any at all from hypothesis."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from trainyard_core.admission import (
    AgentOffer,
    FreeResources,
    Grant,
    ProjectState,
    QueueState,
    Snapshot,
    WaitingRun,
    amounts_of,
    total,
)

QUEUES, PROJECTS, AGENTS = ("q", "r", "s"), ("p", "o"), ("a", "b")
replace = msgspec.structs.replace


def offer(cpu: float = 4, *, free: float | None = None, memory: int = 100, gpu: int = 0, **more: Any) -> AgentOffer:
    """An agent, idle unless told otherwise."""
    resources = more.get("resources", {})
    left = FreeResources(
        cpu=cpu if free is None else free,
        memory=more.pop("free_memory", memory),
        gpu=len(devices := more.pop("devices", tuple(range(gpu)))),
        devices=devices,
        resources=more.pop("free_resources", resources),
    )
    more = {"agent": "a", "queues": ("*",), "indexed": True, **more}
    return AgentOffer(cpu=cpu, memory=memory, gpu=gpu, free=left, **more)


def need(run: str, cpu: float = 1, **more: Any) -> WaitingRun:
    """A run that waits in queue `q` of project `p`."""
    return WaitingRun(run=run, cpu=cpu, **{"queue": "q", "project": "p", **more})


def world(*queues: QueueState, projects: tuple[ProjectState, ...] = (), **capacity: float) -> Snapshot:
    """These queues and those that they leave out of `q` and `r`."""
    given = {queue.name: queue for queue in queues}
    return Snapshot(
        queues={name: QueueState(name=name) for name in ("q", "r")} | given,
        projects={project.name: project for project in projects},
        capacity=capacity or {"cpu": 8, "memory": 200, "gpu": 4},
    )


def started(world: Snapshot, need: WaitingRun) -> Snapshot:
    """The world once a run has been granted."""
    queue, amounts = world.queues[need.queue], amounts_of(need)
    used = queue.used | {need.project: total([queue.used.get(need.project, {}), amounts])}
    project = world.project(need.project)
    return replace(
        world,
        queues={**world.queues, queue.name: replace(queue, live=queue.live + 1, used=used)},
        projects={**world.projects, project.name: replace(project, used=total([project.used, amounts]))},
    )


def holding(agent: AgentOffer, need: WaitingRun, grant: Grant) -> AgentOffer:
    """The agent once it runs this."""
    free = agent.free
    left = FreeResources(
        cpu=free.cpu - need.cpu,
        memory=free.memory - need.memory,
        gpu=free.gpu - need.gpu,
        devices=tuple(device for device in free.devices if device not in (grant.devices or ())),
        resources={n: amount - need.resources.get(n, 0) for n, amount in free.resources.items()},
    )
    return replace(agent, free=left)


runs_ = st.lists(
    st.builds(
        WaitingRun,
        run=st.integers(0, 10**6).map(lambda number: f"{number:06}"),
        queue=st.sampled_from(QUEUES),
        project=st.sampled_from(PROJECTS),
        priority=st.integers(0, 2),
        cpu=st.sampled_from([0.25, 0.5, 1.0, 2.0, 3.0, 8.0]),
        memory=st.sampled_from([0, 0, 1, 10, 60, 200]),
        gpu=st.integers(0, 3),
        resources=st.sampled_from([{}, {}, {}, {"licence": 1.0}, {"licence": 3.0}]),
        largest_copy=st.sampled_from([{}, {}, {}, {"cpu": 0.5}, {"cpu": 3.0, "gpu": 1.0}]),
        agent=st.sampled_from(["", "", "", "a", "gone"]),
    ),
    max_size=14,
    unique_by=lambda waiting: waiting.run,
)
quotas = st.dictionaries(
    st.sampled_from(["cpu", "gpu", "memory", "licence"]), st.sampled_from([0.0, 1.0, 2.0, 4.0, 60.0]), max_size=2
)


@st.composite
def worlds(draw: st.DrawFn, *, used: bool = True) -> Snapshot:
    """Any world; nothing is used in it unless `used`."""
    amounts = st.dictionaries(st.sampled_from(["cpu", "gpu"]), st.sampled_from([0.5, 1.0, 2.0]))
    mine = {name: draw(st.dictionaries(st.sampled_from(PROJECTS), amounts)) if used else {} for name in QUEUES}
    queues = {
        name: QueueState(
            name=name,
            priority=draw(st.integers(0, 1)),
            concurrency=draw(st.none() | st.integers(0, 4)),
            quota=draw(st.just({}) | quotas),
            paused=draw(st.sampled_from([False, False, False, True])),
            selector=draw(st.sampled_from([{}, {}, {"disk": "fast"}])),
            live=draw(st.integers(0, 3)) if used else 0,
            used=mine[name],
        )
        for name in QUEUES
    }
    projects = {
        name: ProjectState(
            name=name,
            weight=draw(st.sampled_from([0.5, 1.0, 3.0])),
            quota=draw(st.just({}) | quotas),
            used=total(mine[queue].get(name, {}) for queue in QUEUES),
            queues=draw(st.sampled_from([("*",), ("*",), ("q", "r")])),
        )
        for name in PROJECTS
    }
    return Snapshot(queues=queues, projects=projects, capacity={"cpu": 8, "memory": 200, "gpu": 8, "licence": 4})


@st.composite
def agents(draw: st.DrawFn, name: str = "a") -> AgentOffer:
    """Any agent that is alive."""
    cpu, memory = draw(st.sampled_from([1.0, 2.0, 4.0, 8.0])), draw(st.sampled_from([0, 50, 100]))
    return offer(
        cpu,
        agent=name,
        free=max(0.0, cpu - draw(st.sampled_from([0.0, 0.0, 0.5, 1.0, 4.0]))),
        memory=memory,
        free_memory=draw(st.sampled_from([memory, memory // 2])),
        gpu=4,
        devices=tuple(sorted(draw(st.sets(st.integers(0, 3))))),
        queues=draw(st.sampled_from([("*",), ("*",), ("q",), ("r", "s")])),
        labels=draw(st.sampled_from([{}, {"disk": "fast"}])),
        resources=draw(st.sampled_from([{}, {"licence": 2.0}])),
        rest=draw(st.sampled_from([0.0, 0.0, float("inf")])),
        largest=draw(st.sampled_from([{}, {}, {"cpu": 1.0}, {"gpu": 1.0, "memory": 20.0}])),
    )
