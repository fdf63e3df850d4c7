"""Runs: what is sent to make one, how they look, and why they are where they are."""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard.client.models.number import Number

__all__ = [
    "Attempt",
    "AttemptObservation",
    "Blocker",
    "CreateRun",
    "Patch",
    "RunPage",
    "RunRecord",
    "RunToken",
    "Transition",
    "TransitionPage",
    "Why",
]


class Patch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of an operation, as YAML, that is patched onto another one by its own `patchStrategy`."""

    content: str
    file: str = ""


class CreateRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A run to be created: an operation as YAML text (`content`) or as decoded JSON (`operation`), or neither for
    a run that is only tracked (`managed` false). `id` (a UUID) may be chosen by the client of a tracked run.
    `code` is where the program comes from. `presets` (`name` or `name:version`) and then `patches` are patched onto the
    operation, after its own presets. `resumes` (for a tracked run) is the id of a run of the same project whose series,
    outputs and artifacts it continues. `priority` (null: what the operation says) puts the run before others of its
    project. `untrusted`: its code comes from outside, such as a fork, so it may not use what is secret."""

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
    resumes: str = ""
    presets: list[str] = []
    patches: list[Patch] = []
    priority: int | None = None
    untrusted: bool = False


class AttemptObservation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the scheduler of an attempt said of it last. `phase` is `pending` (it could not be submitted yet),
    `submitted`, `starting`, `running`, `exited` or `gone`; `reason` is a word for programs and `message` a sentence for
    people; `detail` is whatever else the scheduler knows. `observed_at` is when it was first told so."""

    phase: str
    reason: str = ""
    message: str = ""
    detail: dict[str, Any] = {}
    observed_at: str = ""


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One try of a run. `reason` and `message` say how it ended, `observation` what its scheduler said last."""

    number: int
    agent: str = ""
    started_at: str | None = None
    finished_at: str | None = None
    exit_code: int | None = None
    signal: int | None = None
    reason: str = ""
    message: str = ""
    gpu: int = 0
    gpus: list[int] = []
    observation: AttemptObservation | None = None


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A run as everyone sees it. `metrics` holds the last value of each; in a list only of some, and
    `metrics_left_out` is how many others its program has logged. `resolved` is the operation as it runs. `user` made
    it. `cloned_from` is the run that it was made from and `clone_kind` how (`restart`, `resume`, `copy`); `fork_step`
    is the last step of that run which a resumed one continues (null: all of them). `dropped` is how many records
    (values, lines, events) its programs had to drop; it is counted where a run is read alone. In a list that is
    sorted by metrics, `sorted_by` has what it is sorted by, such as `metrics.loss.min`. `tracker` names the tracker
    that keeps its series, logs, events and artifacts. `untrusted`: its code comes from outside."""

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
    params: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    metrics: dict[str, Number] = {}
    metrics_left_out: int = 0
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
    user: str = ""
    priority: int = 0
    parent: str | None = None
    clone_kind: str = ""
    fork_step: int | None = None
    archived_at: str | None = None
    dropped: int = 0
    tracker: str = ""
    untrusted: bool = False
    sorted_by: dict[str, Number] = {}

    @property
    def short_id(self) -> str:
        """The last eight characters of the id: enough to name a run on the command line."""
        return self.id[-8:]

    @property
    def is_final(self) -> bool:
        """Whether the run has ended for good."""
        return self.status in ("succeeded", "failed", "stopped", "skipped")

    @property
    def cause(self) -> str:
        """Why the run is in its status, in one line: the reason and the message, or the message alone when it says the
        reason as well."""
        message = self.message or ("" if self.exit_code is None else f"exit code {self.exit_code}")
        is_said = self.reason.replace("_", " ") in message.lower()
        return message if is_said else ": ".join(filter(None, (self.reason, message)))

    def _repr_html_(self) -> str:
        """The run as a card, in a notebook."""
        from trainyard.table.html import card

        return card(self)


class RunPage(msgspec.Struct, frozen=True, kw_only=True):
    """Runs, newest first; `next` continues after the last one and is null on the last page. `total` is how many runs
    there are in all, null unless it was asked for; when `total_is_cut` there are that many or more."""

    items: list[RunRecord]
    next: str | None = None
    total: int | None = None
    total_is_cut: bool = False


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One status that a run has had."""

    status: str
    at: str
    reason: str = ""
    message: str = ""
    attempt: int = 0


class TransitionPage(msgspec.Struct, frozen=True, kw_only=True):
    """The statuses of a run, oldest first; `next` continues and is null on the last page."""

    items: list[Transition]
    next: str | None = None


class RunToken(msgspec.Struct, frozen=True, kw_only=True):
    """A run's own token and when it expires. The token is a secret."""

    token: str
    expires_at: str

    def __repr__(self) -> str:
        return f"RunToken(expires_at={self.expires_at!r})"


class Blocker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing a run waits for. `code` is one of: no_queue, not_allowed, paused, concurrency,
    quota, no_agent, never_fits, slots, behind, hold, backoff, scheduler_missing."""

    code: str
    message: str
    fix: str = ""


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run is where it is, in one sentence, and what it waits for. `place` counts from 1, over all runs that wait;
    it starts now with each of `changes`, the smallest first: `when run 1f6d9e30 ends`. `observation` is what the
    scheduler of its live attempt said last. `untrusted`: its code comes from outside."""

    run: str
    status: str
    summary: str
    blockers: list[Blocker] = []
    place: int | None = None
    changes: list[str] = []
    observation: AttemptObservation | None = None
    untrusted: bool = False
