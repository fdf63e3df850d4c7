"""The `Director` contract: plans the child runs of a parent run, such as the trials of a sweep or the steps of a flow.

Ownership. Core owns the runs: it creates, queues, stops and ends them, counts the children that have ended, holds the
lease, and stores the state. A director owns the decision: which children there are to be, and when the parent ends. It
keeps no important state in memory: what it must know again is in the state, which is bytes and its own, or in the
plugin's own tables.

One plan. Core takes the lease on a parent, reads a `View` in one transaction (with what `Planner.load` adds from the
plugin's tables), calls `Planner.plan` outside of any transaction, and writes all of the answer in one transaction, or
nothing: children, stops, the state, the counts and the statements of `Plan.writes`. A plan counts once it is written;
until then nothing has happened. It may be cut off anywhere and made again by any process from the same view.

What is in a view. Every child that has not ended, and every child that has ended since the last plan that was written:
that plan has taken note of it, and it is not shown again. `View.counts` has the others in numbers. So a plan reads as
many rows for a parent of ten children as for one of a million. A child that was deleted is in no view any more.

When. A parent is planned when it begins, when a child has ended (and so has drained: all of its metrics and outputs are
there), when a metric of `Plan.watches` arrives from a child, when somebody asks that it be stopped, at `Plan.wake_at`,
and again after each plan whose `rests` is false. Several reasons may come to one call, and a call may have no reason.

Concurrency. One plan of a parent is in flight at a time; plans of several parents overlap. The functions are called on
the event loop: long or blocking work is done in a thread or a process inside the director. `plan` is cancelled after
`PLAN_TIMEOUT` seconds.

Leases. A lease lasts `LEASE` seconds and is renewed while its holder plans. On PostgreSQL the database's clock decides
about it. Each lease has an epoch, each written plan a version, and both stand in the condition of every write: a worker
that was frozen and has lost its lease writes nothing.

Children. They are unique by (parent, key); a key that was used is never used again. They belong to the project and to
the owner of their parent. One whose operation cannot be compiled with its params is there, too: it has failed with the
reason `invalid`.

Writes. No code of a plugin runs inside a transaction that writes: `Write` is a statement on the plugin's own tables,
with the number of rows that it must change. When it changes another number, the whole plan is cancelled and made again.

Raises. What `plan` or `load` raises is logged, shown as the parent's message, and the plan is made again after 1, 2, 4
... seconds, at most 60. A plan that core cannot carry out (a key twice, more than `MOST_CHILDREN`, an end while a child
runs) is treated alike and changes nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from trainyard.client.models import FieldProblem
from trainyard.compile.resolved import ResolvedOperation
from trainyard_core.clock import Clock
from trainyard_core.contracts.database import PluginTx
from trainyard_core.contracts.tracker import Series
from trainyard_core.ids import new_id
from trainyard_core.lifecycle import FINAL, Intent, Reason, Status

__all__ = [
    "FINAL",
    "LEASE",
    "MOST_CHILDREN",
    "PLAN_TIMEOUT",
    "Child",
    "ChildCounts",
    "ChildStop",
    "Director",
    "End",
    "Intent",
    "MetricSummary",
    "NewChild",
    "Opening",
    "Parent",
    "Plan",
    "PlanTools",
    "PlannedStep",
    "Planner",
    "Progress",
    "Reason",
    "Request",
    "Status",
    "View",
    "Write",
]

T = TypeVar("T")
LEASE = 15.0
"""Seconds for which one worker holds a parent. One that dies is waited for that long."""
PLAN_TIMEOUT = 130.0
"""Seconds that a plan may take."""
MOST_CHILDREN = 1_000
"""Children that one plan creates, at most."""


class Write(msgspec.Struct, frozen=True):
    """One statement on the plugin's own tables, run once for each row of arguments. `changes` is how many rows it must
    change each time; None: any number. It has no RETURNING clause."""

    sql: str
    rows: Sequence[tuple[object, ...]] = ((),)
    changes: int | None = None


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A child that is not created yet: its key, its name, and the keys that it waits for."""

    key: str
    name: str = ""
    waits_for: tuple[str, ...] = ()


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a parent is, for people: from 0 to 1 (None: nobody knows), in words, and the children to come."""

    share: float | None = None
    text: str = ""
    steps: tuple[PlannedStep, ...] = ()


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What a parent begins with. `writes` are run in the transaction that creates it, `on_delete` in the one that
    deletes it, with arguments that JSON has. `references` are runs of the project, by id or a unique ending, that must
    exist then, by the field that names them. `queued`: children will wait in the parent's queue, which must exist."""

    state: bytes = b""
    watches: frozenset[str] = frozenset()
    writes: Sequence[Write] = ()
    on_delete: Sequence[Write] = ()
    references: Mapping[str, Sequence[str]] = {}
    queued: bool = True
    progress: Progress = Progress()


class MetricSummary(msgspec.Struct, frozen=True):
    """One metric of one run in brief; None is no number. `attempt` is the latest that has logged it (0 or 1: there is
    one)."""

    last: float | None
    min: float | None
    max: float | None
    count: int
    attempt: int


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """One child run. `stopping`: it was asked to stop. `reported_status` is how a program outside says that it ended;
    it ends when its last data is there. Times are microseconds since 1970 UTC."""

    key: str
    run: str
    status: Status
    name: str = ""
    reason: str = ""
    message: str = ""
    params: dict[str, object] = {}
    outputs: dict[str, object] = {}
    stopping: bool = False
    metrics: dict[str, MetricSummary] = {}
    reported_status: str = ""
    started_at: int | None = None
    finished_at: int | None = None

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.status in FINAL


class ChildCounts(msgspec.Struct, frozen=True):
    """How many children there are, and how many of them have ended so in earlier plans."""

    created: int = 0
    succeeded: int = 0
    failed: int = 0
    stopped: int = 0
    skipped: int = 0


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """The run whose children are planned. `owner` is who created it; `stop_reason` and `stop_message` say why it is to
    be stopped, once `intent` is that. The code of an `untrusted` one comes from outside, and so does its children's."""

    run: str
    kind: str
    project: str
    name: str
    owner: str
    status: Status
    untrusted: bool = False
    intent: Intent = Intent.RUN
    stop_reason: str = ""
    stop_message: str = ""
    state: bytes = b""
    counts: ChildCounts = ChildCounts()
    watches: frozenset[str] = frozenset()
    progress: Progress = Progress()


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks of a parent's director (`Parents.ask`): data of the plugin's own. The children that the plan
    creates are the answer."""

    data: Any


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A parent as it is now: the children that go on or have just ended, by key; what `Planner.load` has read; and the
    request that this plan is made for."""

    parent: Parent
    children: Mapping[str, Child] = {}
    data: Any = None
    request: Request | None = None


class NewChild(msgspec.Struct, frozen=True, kw_only=True):
    """A child to create. Its operation is the parent's own, without what makes it a parent, unless `operation` has
    another as plain data; `params` are values by input, taken as they are. With `iteration` templates read the number
    as `globals.iteration`. `continues` is the key of a child whose outputs, artifacts and series it goes on with;
    `upstreams` are keys of children whose results it uses. Without `managed` it is a run that a program outside
    executes. `warnings` are noted in its activities."""

    key: str
    params: Mapping[str, object] = {}
    operation: Mapping[str, object] | None = None
    name: str = ""
    iteration: int | None = None
    continues: str = ""
    upstreams: tuple[str, ...] = ()
    managed: bool = True
    meta: Mapping[str, object] = {}
    warnings: tuple[str, ...] = ()
    run: str = msgspec.field(default_factory=new_id)


class ChildStop(msgspec.Struct, frozen=True):
    """A child to stop, or to skip while nothing of it was started, and why."""

    key: str
    reason: str = ""
    message: str = ""


class End(msgspec.Struct, frozen=True):
    """How the parent ends: succeeded, failed or stopped."""

    status: Status
    reason: str = ""
    message: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done. `state`, `watches` and `progress` stay as they are where they are None. `rests`: nothing more
    is to be done before something happens, or before `wake_at` (microseconds since 1970 UTC)."""

    create: Sequence[NewChild] = ()
    stop: Sequence[ChildStop] = ()
    skip: Sequence[ChildStop] = ()
    finish: End | None = None
    state: bytes | None = None
    watches: frozenset[str] | None = None
    progress: Progress | None = None
    writes: Sequence[Write] = ()
    rests: bool = True
    wake_at: int | None = None


class PlanTools(Protocol):
    """What a plan may use while it is made; all of it only reads. Each call sees a moment of its own."""

    @property
    def clock(self) -> Clock: ...

    async def read(self, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        """Read the plugin's own tables."""

    async def children(self, runs: Sequence[str]) -> Mapping[str, Child]:
        """Children by their runs, also those that ended long ago."""

    async def find_run(self, ref: str) -> Child:
        """A run of the project, whoever's child, by id or a unique ending. Raises Invalid."""

    async def read_series(
        self, run: str, names: Sequence[str], *, first: int | None = None, attempt: int = 0
    ) -> Sequence[Series]:
        """Series of a run from a step on, one row for each point that counts. `attempt` is the latest that has logged
        any of them, as `MetricSummary.attempt` says. Empty when no tracker is installed."""


class Planner(ABC):
    """Plans one parent for as long as its process plans it: what it remembers may be lost at any time."""

    async def load(self, read: PluginTx, parent: Parent) -> Any:
        """What the plan needs of the plugin's own tables, read in the transaction of the view; it awaits nothing but
        `read`. Becomes `View.data`."""
        return None

    @abstractmethod
    async def plan(self, view: View, tools: PlanTools) -> Plan:
        """What to do now. Called for parents that are running or stopping."""


class Director(ABC):
    """Plans the children of all runs of one kind. One instance for each process."""

    @abstractmethod
    def check(self, operation: ResolvedOperation) -> Sequence[FieldProblem]:
        """What keeps such a run from being planned here, each with the field of the file. Pure; empty: nothing."""

    @abstractmethod
    def open(self, run: str, operation: ResolvedOperation) -> Opening:
        """What such a run begins with. Writes nothing. Raises Invalid as `check` tells it."""

    @abstractmethod
    def planner(self, run: str) -> Planner:
        """The planner of a parent; cheap."""

    async def aclose(self) -> None:
        """Free what is held. Nothing is called afterwards."""
        return
