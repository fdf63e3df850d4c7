"""What a scheduler receives and what it reports: the types of the `Scheduler` contract.

A `Workload` is one attempt of one run, completely resolved: nothing in it needs a lookup. An `Observation` is what a
scheduler knows about an attempt.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from trainyard.compile.resolved import Code, Resources, Role
from trainyard_core.contracts.needs import MergedNeeds

__all__ = ["AttemptRef", "Code", "Exit", "Observation", "Phase", "Resources", "Role", "Workload"]


class AttemptRef(msgspec.Struct, frozen=True, order=True):
    """One attempt: the run's id and the attempt's number, counted from 1."""

    run: str
    attempt: int

    def __str__(self) -> str:
        return f"{self.run}/{self.attempt}"


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, ready to be rendered. `token` and the values of secrets are secret: they are never rendered into a
    manifest's plain text and never in a repr."""

    run: str
    attempt: int
    project: str
    kind: str = "job"
    queue: str = ""
    name: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    working_dir: str = ""
    code: Code = Code(kind="none")
    checkouts: tuple[str, ...] = ()
    """Folders below that of the code into which init steps check out more code. Whoever starts the command records
    their commits with the run, beside that of the code."""
    image: str = ""
    resources: Resources = Resources()
    """What the attempt may use, and what it holds of its agent. An operation that requests no `cpu` gets 1 core, which
    is also what admission counts."""
    params: dict[str, Any] = {}
    """The run's params. The program finds them as a JSON object in TRAINYARD_PARAMS, or in the file that
    TRAINYARD_PARAMS_FILE names when they are too many for a variable (64 KiB)."""
    gpus: tuple[int, ...] | None = None
    """The devices that this attempt holds, by index; None where the scheduler itself hands out devices."""
    grace: float = 10.0
    """Seconds between TERM and KILL when the attempt is stopped."""
    roles: tuple[Role, ...] = ()
    """The programs of a run that is no `job`, the main one first; such a run has no `command` of its own."""
    topology: str = "none"
    """How the copies of roles find each other: none, torch, tf, mpi, ray, dask."""
    ports: tuple[int, ...] = ()
    """What the run serves."""
    volumes: tuple[dict[str, Any], ...] = ()
    """Volumes as Kubernetes writes them."""
    placement: dict[str, Any] = {}
    """The `environment` of the language, as written."""
    spec: dict[str, Any] = {}
    """The own fields of a run that is no `job`."""
    needs: MergedNeeds = msgspec.field(default_factory=MergedNeeds)
    """What must be present where the attempt runs: of the operation itself, and of all that it uses. `env` above wins
    over that of needs."""
    secret_env: dict[str, str] = {}
    """The values of `needs.secret_env`, by variable."""
    secret_files: dict[str, str] = {}
    """The values of secret files, by the path of the mount, a slash, and the name of the file."""
    untrusted: bool = False
    """The run's code comes from outside, such as a fork. A scheduler that can isolate attempts isolates this one from
    others and from what the machine may do; one that cannot runs it all the same."""
    url: str = ""
    """Where the attempt reports: the platform's base URL."""
    token: str = ""
    """The run's own token."""

    @property
    def ref(self) -> AttemptRef:
        return AttemptRef(self.run, self.attempt)

    def __repr__(self) -> str:
        return f"Workload({self.run}/{self.attempt})"


class Phase(StrEnum):
    """The state of an attempt, as its scheduler sees it. `PENDING` is reported by the agent only: the attempt could not
    be submitted yet, and the message says why."""

    PENDING = "pending"
    SUBMITTED = "submitted"
    STARTING = "starting"
    RUNNING = "running"
    EXITED = "exited"
    GONE = "gone"


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """How a command ended: exactly one of `code` and `signal` is set when it ran, neither when it could not be
    started or was lost.

    `reason` is a `lifecycle.Reason` value, or empty when the code says everything. It is `user` when the attempt was
    stopped, however it ended then, and not when it had ended by itself before the stop reached it. Times are seconds
    since 1970 by the clock of the machine that ran it: only the time between them is used. `writers` maps each writer
    of the attempt to its last sequence number: the run does not end before all of them are ingested. `retryable` means
    that the platform failed, not the user's program.
    """

    code: int | None = None
    signal: int | None = None
    reason: str = ""
    message: str = ""
    started_at: float | None = None
    finished_at: float | None = None
    last_lines: tuple[str, ...] = ()
    writers: dict[str, int] = {}
    retryable: bool = False


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What a scheduler knows about an attempt now.

    `EXITED` comes with `exit`. `GONE` is a positive statement: the attempt does not run, will not run, and left no
    exit, also because there is no trace of it. A state that cannot be determined is neither: then there is no
    observation.
    """

    ref: AttemptRef
    phase: Phase
    reason: str = ""
    message: str = ""
    started_at: float | None = None
    exit: Exit | None = None
    detail: dict[str, Any] = {}
