"""What a run is made of once nothing is left to decide: the resolved operation.

It is stored, sent and digested, so it is a msgspec struct with one canonical JSON form. It holds no template: the only
text that is still to be replaced is `${TRAINYARD_OUTPUTS}` and `${TRAINYARD_ARTIFACTS}` in `command`, `args` and `env`,
which the runner replaces exactly, once, with the folders of the attempt (see `context.py`).
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal

import msgspec

from trainyard.matrix.sweep import SweepSpec

__all__ = [
    "Checkout",
    "Code",
    "ContainerSpec",
    "Notification",
    "OutputType",
    "ResolvedOperation",
    "Resources",
    "Role",
    "all_checkouts",
    "canonical_json",
    "decode_resolved",
    "digest",
    "digest_of",
    "stored",
    "used_connections",
]

_DESCRIBES = frozenset({"name", "description", "tags", "queue", "priority", "component", "notifications"})
"""Fields that do not change what runs; the digest leaves them out."""


class Code(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the program's source comes from.

    `folder`: `path` on the machine of the agent. `git`: `url` and `commit`, which is a commit or whatever else git can
    resolve, None for the default branch; `patch` is a diff that is applied on top. With `connection` it is checked out
    by an init step that this connection brings, as a `Checkout` says, and there is no patch.
    """

    kind: Literal["none", "folder", "git"]
    path: str | None = None
    url: str | None = None
    commit: str | None = None
    patch: str | None = None
    connection: str | None = None
    flags: tuple[str, ...] = ()


class Checkout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A revision of a repository that is fetched with the credential of a connection, into `path` below the folder of
    the code. Without `url` the repository is that of the connection, without `revision` it is the default branch;
    `flags` are for `git fetch`."""

    connection: str
    path: str = "."
    url: str | None = None
    revision: str | None = None
    flags: tuple[str, ...] = ()


class Resources(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The size of a run: `cpu` in cores, `memory` in bytes, `gpu` in devices; 0 is not stated. `other` are
    amounts of any other name."""

    cpu: float = 0.0
    memory: int = 0
    gpu: int = 0
    other: dict[str, float] = {}

    def __hash__(self) -> int:
        return hash((self.cpu, self.memory, self.gpu, frozenset(self.other.items())))


class ContainerSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A program beside the main one. `name` is unique among all init steps and sidecars of an operation."""

    name: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    image: str = ""
    working_dir: str = ""


class Notification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A status of the run, or `done` for any end, that is told through these connections."""

    trigger: str
    connections: tuple[str, ...]


class Role(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """So many copies of one program. `requests` and `limits` are of one copy."""

    name: str
    container: ContainerSpec
    replicas: int = 1
    requests: Resources = Resources()
    limits: Resources = Resources()


class OutputType(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A declared output; `value` is set when the file gives it beforehand."""

    type: str
    is_list: bool = False
    is_optional: bool = False
    value: object = None


class ResolvedOperation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything a scheduler needs to run an operation. `timeout` is in seconds, None for no limit.

    One of another kind than `job` is run by a scheduler if it has `roles`, of which the first is the main one; how
    their copies work together is `topology`; `resources` is the sum of all of them. Without, it is run by no scheduler,
    but plans child runs. `spec` are the kind's own fields, by the names of the file. `volumes` and `placement` are as
    written. Of kind `sweep`, `sweep` says what is searched, `inputs` are those that all of its trials
    have alike, and what a trial runs is compiled once its params are known.

    `init` are programs that end before the command starts, in order, once `code` and `checkouts` are there; `sidecars`
    run beside it.

    `connections` are names of those that it names itself; `used_connections` has all. `notifications` name others,
    which the program is not given.

    `component` is the digest of the component as it was written; `digest()` gives that of what runs.
    """

    kind: str
    name: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    queue: str = "default"
    priority: int = 0
    inputs: dict[str, object] = {}
    outputs: dict[str, OutputType] = {}
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    image: str | None = None
    working_dir: str | None = None
    code: Code = Code(kind="none")
    checkouts: tuple[Checkout, ...] = ()
    init: tuple[ContainerSpec, ...] = ()
    sidecars: tuple[ContainerSpec, ...] = ()
    connections: tuple[str, ...] = ()
    notifications: tuple[Notification, ...] = ()
    roles: tuple[Role, ...] = ()
    topology: str = "none"
    ports: tuple[int, ...] = ()
    volumes: tuple[dict[str, object], ...] = ()
    placement: dict[str, object] = {}
    resources: Resources = Resources()
    max_retries: int = 0
    timeout: float | None = None
    component: str = ""
    sweep: SweepSpec | None = None
    spec: dict[str, object] = {}


def all_checkouts(resolved: ResolvedOperation) -> tuple[Checkout, ...]:
    """What connections check out, the code itself first."""
    code = resolved.code
    if code.connection is None:
        return resolved.checkouts
    own = Checkout(connection=code.connection, url=code.url, revision=code.commit, flags=code.flags)
    return (own, *resolved.checkouts)


def used_connections(resolved: ResolvedOperation) -> tuple[str, ...]:
    """The names of all connections that it uses, each once."""
    return tuple(dict.fromkeys((*resolved.connections, *(each.connection for each in all_checkouts(resolved)))))


def canonical_json(resolved: ResolvedOperation) -> bytes:
    """One byte sequence for one meaning: sorted keys, no spaces, fields at their default left out.

    Floats are written in the shortest form that reads back as the same number, so a stored operation keeps its bytes.
    """
    return _canonical(msgspec.to_builtins(resolved))


def digest(resolved: ResolvedOperation) -> str:
    """`sha256:...` of what runs. Name, description, tags, queue and the component's wording are left out."""
    fields = msgspec.to_builtins(resolved)
    return digest_of({name: value for name, value in fields.items() if name not in _DESCRIBES})


def stored(resolved: ResolvedOperation) -> tuple[str, str]:
    """The canonical JSON as text, and the digest."""
    fields = msgspec.to_builtins(resolved)
    text = _ENCODER.encode(fields)
    return text, digest_of({name: value for name, value in fields.items() if name not in _DESCRIBES})


def digest_of(value: object) -> str:
    """`sha256:...` of the canonical JSON of plain data."""
    return "sha256:" + hashlib.sha256(_canonical(value)).hexdigest()


_DECODER = msgspec.json.Decoder(ResolvedOperation)


def decode_resolved(content: bytes | str) -> ResolvedOperation:
    """The inverse of `canonical_json`. Raises msgspec.ValidationError for what is not a resolved operation."""
    return _DECODER.decode(content)


def _canonical(value: object) -> bytes:
    return _ENCODER.encode(value).encode()


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
