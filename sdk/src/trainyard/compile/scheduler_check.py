"""What schedulers say of an operation before it runs: what they cannot do, and what they pass over.

A plugin that brings a scheduler names a function in the entry point group `trainyard.scheduler_checks`, by the name of
the scheduler. `yard lint` calls it where the plugin is installed, and a server when a run is created. It imports the
SDK alone, is pure and takes microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import entry_points

import msgspec

from trainyard.compile.resolved import ResolvedOperation

__all__ = ["GROUP", "Facts", "SchedulerCheck", "Verdict", "remarks"]

GROUP = "trainyard.scheduler_checks"


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a scheduler is, where an agent runs it: the `version` of its plugin's facts (0: not stated), the kinds of
    run and the `features` that it has, by names of the plugin's own, and the digest of what it allows."""

    version: int = 0
    kinds: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    allowed: str = ""

    def __hash__(self) -> int:
        return hash((self.version, self.kinds, self.features, self.allowed))


class Verdict(msgspec.Struct, frozen=True):
    """What a scheduler says of an operation: why it `refuses` to run it, and what it `ignores` of it. Each is a
    sentence that names the field and what to do instead."""

    refuses: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()


SchedulerCheck = Callable[[ResolvedOperation, Facts], Verdict]


def remarks(operation: ResolvedOperation) -> Iterator[str]:
    """What the schedulers that are installed here say of an operation, one sentence each; nothing for one that plans
    child runs, which no scheduler runs."""
    if operation.kind != "job" and not operation.roles:
        return
    for each in sorted(entry_points(group=GROUP)):
        try:
            check: SchedulerCheck = each.load()
            verdict = check(operation, Facts())
            yield from (f"the scheduler '{each.name}' refuses it: {said}" for said in verdict.refuses)
            yield from (f"the scheduler '{each.name}' ignores a part of it: {said}" for said in verdict.ignores)
        except Exception as error:  # whatever a plugin raises
            yield f"the scheduler '{each.name}' cannot be asked: {type(error).__name__}: {error}"
