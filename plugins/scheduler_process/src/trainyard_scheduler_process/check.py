"""What a process of this machine cannot be, and what is passed over. Pure; imports the SDK alone, for `yard lint`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from trainyard.compile.resolved import ResolvedOperation
from trainyard.compile.scheduler_check import Facts, Verdict

__all__ = ["FACTS", "check", "refusals"]

FACTS = Facts(version=1, kinds=("job",), features=("init", "sidecars", "mounts", "secrets"))
"""What this scheduler is, wherever it runs."""


class Program(Protocol):
    """What is looked at of a container."""

    @property
    def command(self) -> Sequence[str]: ...

    @property
    def args(self) -> Sequence[str]: ...


class Auxiliary(Program, Protocol):
    """The same of an init step or a sidecar."""

    @property
    def name(self) -> str: ...


def check(operation: ResolvedOperation, facts: Facts) -> Verdict:
    """What this scheduler says of an operation. The facts of all its releases allow the same."""
    containers = (*operation.init, *operation.sidecars)
    if operation.kind not in FACTS.kinds:
        kinds = ", ".join(FACTS.kinds)
        return Verdict(refuses=(f"a run of kind '{operation.kind}' is no process; it runs {kinds}",))
    images = [operation.image] if operation.image else []
    images += [each.image for each in containers if each.image]
    ignored = f"images are not used, programs run on the machine itself: {', '.join(dict.fromkeys(images))}"
    return Verdict(refuses=tuple(refusals(operation, containers)), ignores=(ignored,) if images else ())


def refusals(main: Program, containers: Sequence[Auxiliary]) -> Iterator[str]:
    """Why these programs cannot be started; nothing when they can."""
    if not (main.command or main.args):
        yield "a process needs a command and an image is not run here: give `container.command`"
    for each in containers:
        if not (each.command or each.args):
            yield f"the container '{each.name}' has no command, and an image is not run here: give its `command`"
