"""The `FlowEngine` contract: who decides which steps of a flow come next.

Ownership. Core owns the flow's run and its children: it creates, skips and stops them, binds their params, keeps edges
and cache, and obeys concurrency as queue admission. An engine owns the order: it is told what changed and answers with
a plan. It starts nothing, and it holds nothing in memory.

Pure. `check` and `plan` look at nothing but their arguments: no clock, no network, no randomness. The same view gives
the same plan, in any process. What an engine wants to remember it returns as `state`, empty at first, which the next
view brings back; plan and state are one transaction. An engine reads the states of its older versions.

Incremental. A view holds the children that changed since the last plan and counts of all, never every child, so that a
plan costs what changed and not what is. One plan of a flow is in flight at a time.

Idempotence. Children are unique by key within their flow: creating one again creates nothing, skipping or stopping one
that has ended does nothing. A child comes again in `changed` when it changes again, and may come unchanged.

What may be assumed. `plan` is called for flows that `check` found nothing wrong with, once at the start with nothing
changed, then whenever something has. A child has ended only when it has drained. Conditions and caches are the child's
own affair: an engine sees it end as skipped or succeeded.

Raises. An engine that raises is called again with back-off. `SupportsDelegation` raises `FlowRefused` when the other
platform can never run the flow.

Provisional: nothing in core calls it yet. Its hook, `register_flow_engines`, comes with its first plugin.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import Protocol, runtime_checkable

import msgspec

from trainyard.client.models import FieldProblem
from trainyard_core.lifecycle import FINAL, Status

__all__ = [
    "Child",
    "CreateChild",
    "DelegatedFlow",
    "DelegatedStep",
    "Finish",
    "Flow",
    "FlowEngine",
    "FlowRefused",
    "FlowStep",
    "FlowView",
    "Plan",
    "SkipChild",
    "StopChild",
    "SupportsDelegation",
    "Trigger",
]


class FlowRefused(Exception):
    """This flow can never run there. `str()` says why, and what to change."""


class Trigger(StrEnum):
    """When a step may start, by how its upstreams ended. `all_*` wait for all of them, `one_*` for the first that will
    do. A stopped upstream has neither succeeded nor failed; a skipped one neither."""

    ALL_SUCCEEDED = "all_succeeded"
    ALL_FAILED = "all_failed"
    ALL_DONE = "all_done"
    ONE_SUCCEEDED = "one_succeeded"
    ONE_FAILED = "one_failed"
    ONE_DONE = "one_done"


class FlowStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step as its author wrote it: the names of the steps that it follows, when it may start, and whether it is
    skipped, rather than failed upstream, when one of them was."""

    name: str
    upstreams: tuple[str, ...] = ()
    trigger: Trigger = Trigger.ALL_SUCCEEDED
    skip_on_upstream_skip: bool = False


class Flow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole flow, the same for all its life. `options` are the engine's own, by the names of the file. `check` gets
    it as written, so names may be double or unknown there."""

    steps: tuple[FlowStep, ...]
    options: dict[str, object] = {}


class Child(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One child run as it is now. An engine that makes one child of a step uses the step's name as its key."""

    key: str
    step: str
    status: Status
    reason: str = ""


class FlowView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a plan is made from. `counts` has the children of each status; `stopping` says that the owner wants the flow
    stopped: core stops the children itself, and the engine creates no more."""

    changed: tuple[Child, ...] = ()
    counts: dict[Status, int] = {}
    stopping: bool = False
    state: bytes = b""


class CreateChild(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A child to create. `upstreams` are the keys of children that it follows, all known by now: they become edges,
    and the child binds what it takes from them itself."""

    key: str
    step: str
    upstreams: tuple[str, ...] = ()


class SkipChild(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A child that will not run. It is created as skipped when it is not there, so that people see it and why."""

    key: str
    step: str
    reason: str
    message: str = ""
    upstreams: tuple[str, ...] = ()


class StopChild(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A child to stop, and why."""

    key: str
    reason: str
    message: str = ""


class Finish(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the flow ends: a final status, and why. Core writes it once every child has ended."""

    status: Status
    reason: str = ""
    message: str = ""

    def __post_init__(self) -> None:
        if self.status not in FINAL:
            raise ValueError(f"a flow does not finish as {self.status}; take one of {', '.join(sorted(FINAL))}")


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to do now, as one transaction. A plan that finishes creates nothing."""

    create: tuple[CreateChild, ...] = ()
    skip: tuple[SkipChild, ...] = ()
    stop: tuple[StopChild, ...] = ()
    finish: Finish | None = None
    state: bytes = b""

    def __post_init__(self) -> None:
        if self.finish and self.create:
            raise ValueError(f"a plan finishes the flow and creates '{self.create[0].key}'; do one of them")


class FlowEngine(ABC):
    """Decides the order of steps. See the module's prose for what every method may assume."""

    name: str

    @abstractmethod
    def check(self, flow: Flow) -> list[FieldProblem]:
        """All that keeps this flow from being run: double names, unknown upstreams, cycles (named step by step),
        options. Pure and cheap, for it runs where files are linted."""

    @abstractmethod
    def plan(self, flow: Flow, view: FlowView) -> Plan:
        """What to do after these changes. Pure; see the module's prose."""


class DelegatedStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step as the other platform has it: the child's key and step, its status and why, its outputs once it has
    succeeded, and where to look at it."""

    key: str
    step: str
    status: Status
    reason: str = ""
    message: str = ""
    outputs: dict[str, object] = {}
    url: str = ""


class DelegatedFlow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A whole flow as the other platform has it. A flow is over when its status is final."""

    status: Status
    reason: str = ""
    message: str = ""
    steps: tuple[DelegatedStep, ...] = ()
    url: str = ""


@runtime_checkable
class SupportsDelegation(Protocol):
    """Hands whole flows to another platform, which runs the steps; they are shown here as child runs. Core then calls
    these in place of `plan`. Calls may overlap, and unknown is not dead, as with a `Scheduler`."""

    async def delegate(self, flow: Flow, *, run: str) -> None:
        """Start the flow there for the run of this id, once ever. Idempotent by run. Raises FlowRefused."""

    async def look(self, run: str) -> DelegatedFlow | None:
        """What the other platform knows; None when it cannot tell now."""

    async def stop(self, run: str) -> None:
        """Ask for its end; no error before it was delegated, twice, or after its end."""
