"""The `CiProvider` contract: one kind of git host, from which pushes come and to which results are reported.

Ownership. Core owns deliveries (each stored once, by its id), the matching of events to CI files, the runs that they
make and the report that is due. A provider owns the host's formats. It keeps nothing: each call brings the repository
and the credential that it needs, and any process may make the next one.

Trust. A request is nobody's until `verify` has returned: core calls it on the raw bytes, before `parse`. What comes
from a fork (`PullRequest.fork`) is a stranger's: core gives it no secrets. Names, refs and paths of an event come from
outside and are never put into a command or a path by a provider.

Concurrency. `verify` and `parse` are pure, cheap and called in the request. The others are called from an event loop
and may overlap, also for one commit; blocking work goes to threads inside the implementation.

Idempotence. `report` by (repository, commit, name): the same report again changes nothing and a later one replaces the
earlier. Core sends the newest state only, and never an older one after it. Comments and checks likewise by their key.

Raises. `NotGenuine`, `BadEvent`, `CommitMissing` and `CredentialRefused` as named; none holds the payload, a header or
a secret. Any other exception is trouble of the moment (no network, a rate limit): the call is made again with back-off.

Provisional: nothing in core calls it yet. Its hook, `register_ci_providers`, comes with its first plugin.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

import msgspec

from trainyard_core.contracts.connection import Secret

__all__ = [
    "BadEvent",
    "Check",
    "CiProvider",
    "CiRequest",
    "CommitMissing",
    "CommitState",
    "CredentialRefused",
    "GitEvent",
    "NotGenuine",
    "PullRequest",
    "PullRequestAction",
    "Push",
    "Report",
    "Repository",
    "SupportsChecks",
    "SupportsPullRequestComment",
    "Tag",
]


class NotGenuine(Exception):
    """The request does not carry the signature or token that was agreed on."""


class BadEvent(ValueError):
    """The request is genuine, but not what the host is known to send. `str()` says what was missing."""


class CommitMissing(LookupError):
    """The repository has no such commit, or none that the credential may see."""


class CredentialRefused(Exception):
    """The host refuses the credential for this repository. `str()` says which permission is missing."""


class CiRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came in: header names in lower case, the body's bytes untouched (signatures are over them)."""

    headers: dict[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"CiRequest({len(self.body)} bytes)"


class _GitEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="event"):
    """What all events have: the host's id of the delivery, the repository as the host names it (`owner/name`), who did
    it, and the commit to work on."""

    delivery: str
    repository: str
    actor: str
    sha: str


class Push(_GitEvent, frozen=True, tag="push"):
    """A branch moved from `before` (empty when it is new) to `sha`."""

    branch: str
    before: str = ""


class Tag(_GitEvent, frozen=True, tag="tag"):
    """A tag was set on a commit."""

    name: str


class PullRequestAction(StrEnum):
    """What happened to a pull request, as far as it matters to CI."""

    OPENED = "opened"
    UPDATED = "updated"
    CLOSED = "closed"


class PullRequest(_GitEvent, frozen=True, tag="pull_request"):
    """A pull (or merge) request. `sha` is its head; `base` is the branch that it goes into and `base_sha` the commit of
    it that results are compared with. `fork`: the head is in another repository, whose owner may be anyone."""

    number: int
    action: PullRequestAction
    base: str
    base_sha: str
    fork: bool


GitEvent = Push | Tag | PullRequest


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository and the way in: the base URL of its host, its name there, and a credential, if there is one."""

    url: str
    name: str
    credential: Secret | None = None


class CommitState(StrEnum):
    """What a commit is told to be. A host without one of them shows the nearest that does not claim success."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    SKIPPED = "skipped"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one thing about a commit. `name` tells it from other reports of the commit; `url` leads to the run;
    `summary` is one line, which a provider cuts to what its host takes."""

    name: str
    state: CommitState
    url: str
    summary: str


class CiProvider(ABC):
    """One kind of git host. See the module's prose for what every method may assume."""

    name: str

    @abstractmethod
    def verify(self, request: CiRequest, secret: Secret) -> None:
        """Return when the request comes from who knows the secret. Compares in constant time. Raises NotGenuine."""

    @abstractmethod
    def parse(self, request: CiRequest) -> GitEvent | None:
        """The event of a verified request; None for one that asks for nothing (a ping, a deleted branch, a kind that
        is not acted on). Raises BadEvent."""

    @abstractmethod
    async def fetch(self, repository: Repository, sha: str, paths: Sequence[str]) -> dict[str, bytes]:
        """Files as they are in that commit, by path; one that is not there, or is no plain file, is left out. Raises
        CommitMissing, CredentialRefused."""

    @abstractmethod
    async def report(self, repository: Repository, sha: str, report: Report) -> None:
        """Say how it stands with a commit. Idempotent by (repository, commit, name). Raises CommitMissing,
        CredentialRefused."""

    @abstractmethod
    async def aclose(self) -> None:
        """Free this instance's own resources."""


@runtime_checkable
class SupportsPullRequestComment(Protocol):
    """Can write below a pull request."""

    async def comment(self, repository: Repository, number: int, *, key: str, text: str) -> None:
        """One comment in Markdown that is kept current: a later text of the same key replaces it. Idempotent by
        (repository, number, key), found again by a mark in the comment itself. Raises CredentialRefused."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A report with a page of its own at the host. `details` is Markdown, and cut to what the host takes."""

    report: Report
    title: str
    details: str


@runtime_checkable
class SupportsChecks(Protocol):
    """Has more than a status line for a commit. Callers then use `check` in place of `report`."""

    async def check(self, repository: Repository, sha: str, check: Check) -> None:
        """Create or replace the check of that name. Idempotent by (repository, commit, name). Raises CommitMissing,
        CredentialRefused."""
