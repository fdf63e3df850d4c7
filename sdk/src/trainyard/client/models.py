"""What crosses the HTTP API, as msgspec structs: one definition for the server that encodes and the client that
decodes.

Times are strings in RFC 3339 with `Z`. Numbers that are not finite travel as the strings "NaN", "Infinity" and
"-Infinity". A client ignores fields that it does not know, so that an older client reads a newer server.
"""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = [
    "Activity",
    "ActivityPage",
    "Agent",
    "Artifact",
    "ArtifactPage",
    "Attempt",
    "Blocker",
    "CreateRun",
    "Durable",
    "Fault",
    "LogLine",
    "LogPage",
    "Metric",
    "MetricPage",
    "Plugin",
    "Problem",
    "Project",
    "Queue",
    "Run",
    "RunPage",
    "Series",
    "SeriesPage",
    "Stop",
    "Transition",
    "TransitionPage",
    "Version",
    "Why",
]

Number = float | str
"""A number on the wire: a JSON number, or one of "NaN", "Infinity", "-Infinity"."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong with the input: where (file, line, column, field), what, and what to do instead."""

    message: str
    field: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    fix: str = ""


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every error of the API (RFC 9457, application/problem+json). `code` is stable and meant for programs;
    `retryable` tells whether the same request may succeed later."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    fix: str = ""
    retryable: bool = False
    faults: list[Fault] = []


class CreateRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A run to be created: an operation as YAML text (`content`) or as decoded JSON (`operation`), or neither for
    a run that is only tracked (`managed` false). `id` (a UUID) may be chosen by the client of a tracked run.
    `code` is where the program comes from."""

    content: str = ""
    file: str = ""
    operation: dict[str, Any] | None = None
    params: dict[str, Any] = {}
    name: str = ""
    description: str = ""
    tags: list[str] = []
    queue: str = ""
    managed: bool = True
    id: str = ""
    code: dict[str, Any] | None = None
    created_at: str = ""


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One try of a run."""

    number: int
    agent: str = ""
    started_at: str | None = None
    finished_at: str | None = None
    exit_code: int | None = None
    signal: int | None = None
    reason: str = ""
    message: str = ""
    gpus: list[int] = []


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run as everyone sees it. `metrics` holds the last value of each; `resolved` is the operation as it runs."""

    id: str
    project: str
    kind: str
    status: str
    created_at: str
    name: str = ""
    description: str = ""
    reason: str = ""
    message: str = ""
    intent: str = "run"
    hold: str = ""
    managed: bool = True
    queue: str = ""
    tags: list[str] = []
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    metrics: dict[str, Number] = {}
    meta: dict[str, Any] = {}
    digest: str = ""
    attempt: int = 0
    attempts: list[Attempt] = []
    exit_code: int | None = None
    last_lines: list[str] = []
    cloned_from: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    updated_at: str = ""
    progress: float | None = None
    resolved: dict[str, Any] | None = None

    @property
    def short_id(self) -> str:
        """The last eight characters of the id: enough to name a run on the command line."""
        return self.id[-8:]

    @property
    def is_final(self) -> bool:
        """Whether the run has ended for good."""
        return self.status in ("succeeded", "failed", "stopped", "skipped")


class RunPage(msgspec.Struct, frozen=True, kw_only=True):
    """Runs, newest first; `next` continues after the last one and is null on the last page."""

    items: list[Run]
    next: str | None = None


class Stop(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A wish to stop a run, and why, in the asker's words."""

    message: str = ""


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One status that a run has had."""

    status: str
    at: str
    reason: str = ""
    message: str = ""
    attempt: int = 0


class TransitionPage(msgspec.Struct, frozen=True, kw_only=True):
    """The statuses of a run, oldest first."""

    items: list[Transition]


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. `id` only grows, and no activity appears later below one that was seen."""

    id: int
    kind: str
    at: str
    actor: str
    project: str
    run: str = ""
    data: dict[str, Any] = {}


class ActivityPage(msgspec.Struct, frozen=True, kw_only=True):
    """Activities after a cursor, oldest first, and the cursor that continues."""

    items: list[Activity]
    next: int


class Blocker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing a run waits for. `code` is one of: no_agent, concurrency, slots, never_fits, hold,
    scheduler_missing, paused, backoff, behind."""

    code: str
    message: str
    fix: str = ""


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run is where it is, in one sentence, and what it waits for."""

    run: str
    status: str
    summary: str
    blockers: list[Blocker] = []
    place: int | None = None


class LogLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a run's output."""

    at: str
    text: str
    stream: str = "stdout"
    cut: bool = False


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines, and the cursor that continues after them."""

    items: list[LogLine]
    next: str
    more: bool = False


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric in brief. `low` and `high` are over the finite values and null when there are none."""

    name: str
    last: Number
    step: int
    low: Number | None
    high: Number | None
    count: int


class MetricPage(msgspec.Struct, frozen=True, kw_only=True):
    """The metrics of a run, by name."""

    items: list[Metric]


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One metric over its steps. `columns` names the items of each row of `points`: step, until, time
    (microseconds), low, high, last."""

    name: str
    total: int
    points: list[list[Number]]
    columns: list[str] = msgspec.field(default_factory=lambda: ["step", "until", "time", "low", "high", "last"])


class SeriesPage(msgspec.Struct, frozen=True, kw_only=True):
    """Series in the order asked for."""

    items: list[Series]


class Durable(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to frames: the writer's sequence number up to which everything is safe."""

    writer: str
    durable: int


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a run: size in bytes, digest as `sha256:` and hex."""

    name: str
    size: int
    digest: str
    kind: str = "file"
    at: str = ""


class ArtifactPage(msgspec.Struct, frozen=True, kw_only=True):
    """The artifacts of a run, by name."""

    items: list[Artifact]


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project."""

    name: str
    description: str = ""
    created_at: str = ""


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A queue. `concurrency` is how many of its runs may hold slots at once; null: no limit."""

    name: str
    concurrency: int | None = None
    paused: bool = False
    waiting: int = 0
    live: int = 0


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent: what it serves, what it offers in whole and has free, and whether it was heard of lately."""

    name: str
    scheduler: str
    queues: list[str]
    alive: bool
    seen_at: str
    draining: bool = False
    cpu: float = 0.0
    memory: int = 0
    gpu: int = 0
    free_cpu: float = 0.0
    free_gpu: int = 0
    live: int = 0


class Plugin(msgspec.Struct, frozen=True, kw_only=True):
    """An installed plugin, what it offers, and what is wrong with it if anything is."""

    name: str
    version: str = ""
    offers: list[str] = []
    error: str = ""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Which server this is, what it speaks, and which capabilities nothing offers here."""

    version: str
    api: str = "v1"
    missing: list[str] = []
