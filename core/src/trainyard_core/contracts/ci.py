"""The `CiProvider` contract: one kind of git host, which sends events such as pushes and shows the results of runs.

Ownership. Core owns the deliveries (it stores each once, by its id), the matching of events to CI files, the runs that
it creates for them, and the reports that it still has to send. A provider owns the formats of the host. It keeps no
state: each call passes the repository and the credential that it needs, and any process may make the next call.

Trust. A request is not trusted until `verify` has returned: core calls it with the raw bytes, before `parse`. Code from
a fork (`PullRequest.fork`) is not trusted: core gives it no secrets. Names, refs and paths of an event come from
outside; a provider never puts them into a command or a path.

Concurrency. `verify` and `parse` are pure and cheap; core calls them while it handles the request. Core calls the other
methods from an event loop; calls may overlap, also for one commit. An implementation moves blocking work to threads.

Idempotence. `report` is idempotent by (repository, commit, name): the same report again changes nothing, and a later
one replaces the earlier one. Core sends only the newest state, and never an older one after it. Comments and checks are
idempotent by their keys in the same way.

Raises. `NotGenuine`, `BadEvent`, `CommitMissing` and `CredentialRefused`, where a method names them; none of them
contains the payload, a header or a secret. Core treats any other exception as temporary (no network, a rate limit) and
repeats the call with back-off.

Provisional: nothing in core calls it yet. Its hook, `register_ci_providers`, comes with its first plugin.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

import msgspec

from trainyard_core.contracts.secret import Secret

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
    """The request does not carry the expected signature or token."""


class BadEvent(ValueError):
    """The request is genuine, but its content is not what the host is known to send. `str()` says what is missing."""


class CommitMissing(LookupError):
    """The repository has no such commit, or the credential may not read it."""


class CredentialRefused(Exception):
    """The host refuses the credential for this repository. `str()` says which permission is missing."""


class CiRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it was received. Header names are in lower case. The body is unchanged, because signatures cover its
    bytes."""

    headers: dict[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"CiRequest({len(self.body)} bytes)"


class _GitEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="event"):
    """The fields of all events: the host's id of the delivery, the repository as the host names it (`owner/name`), the
    user who caused the event, and the commit to work on."""

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
    """What happened to a pull request, as far as CI acts on it."""

    OPENED = "opened"
    UPDATED = "updated"
    CLOSED = "closed"


class PullRequest(_GitEvent, frozen=True, tag="pull_request"):
    """A pull (or merge) request. `sha` is its head, `base` the branch that it is to be merged into, and `base_sha` the
    commit of that branch that results are compared with. `fork` is true when the head is in another repository, whose
    owner may be anyone."""

    number: int
    action: PullRequestAction
    base: str
    base_sha: str
    fork: bool


GitEvent = Push | Tag | PullRequest


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository and the access to it: the base URL of its host, its name there, and a credential, if there is
    one."""

    url: str
    name: str
    credential: Secret | None = None


class CommitState(StrEnum):
    """The state that is reported for a commit. A host that lacks one of them shows the nearest one that does not claim
    success."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    SKIPPED = "skipped"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One state of a commit. `name` distinguishes it from other reports of the commit; `url` leads to the run;
    `summary` is one line, which a provider cuts to the length that its host accepts."""

    name: str
    state: CommitState
    url: str
    summary: str


class CiProvider(ABC):
    """One kind of git host. The prose of the module says what every method may assume."""

    name: str

    @abstractmethod
    def verify(self, request: CiRequest, secret: Secret) -> None:
        """Return if the sender of the request knows the secret. Compares in constant time. Raises NotGenuine."""

    @abstractmethod
    def parse(self, request: CiRequest) -> GitEvent | None:
        """Return the event of a verified request, or None if there is nothing to do for it (a ping, a deleted branch, a
        kind of event that CI does not act on). Raises BadEvent."""

    @abstractmethod
    async def fetch(self, repository: Repository, sha: str, paths: Sequence[str]) -> dict[str, bytes]:
        """Return the files of that commit by their paths. Paths that do not exist or are no regular files are left out.
        Raises CommitMissing, CredentialRefused."""

    @abstractmethod
    async def report(self, repository: Repository, sha: str, report: Report) -> None:
        """Show the state of a commit at the host. Idempotent by (repository, commit, name). Raises CommitMissing,
        CredentialRefused."""

    @abstractmethod
    async def aclose(self) -> None:
        """Release the resources of this instance."""


@runtime_checkable
class SupportsPullRequestComment(Protocol):
    """The provider can comment on a pull request."""

    async def comment(self, repository: Repository, number: int, *, key: str, text: str) -> None:
        """Create or replace one comment, whose `text` is Markdown. Idempotent by (repository, number, key): a marker in
        the comment itself identifies the comment of a key. Raises CredentialRefused."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A report with a page of its own at the host. `details` is Markdown; a provider cuts it to the length that its
    host accepts."""

    report: Report
    title: str
    details: str


@runtime_checkable
class SupportsChecks(Protocol):
    """The provider can show more than a status line for a commit. Core then calls `check` instead of `report`."""

    async def check(self, repository: Repository, sha: str, check: Check) -> None:
        """Create or replace the check of that name. Idempotent by (repository, commit, name). Raises CommitMissing,
        CredentialRefused."""
