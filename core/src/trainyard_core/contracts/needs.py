"""What someone wants to find in the place where an attempt runs: `Needs`, which keep schedulers apart from trackers and
connections.

Ownership. Trackers and connections state needs; core merges them and resolves the secrets; schedulers render them, each
in its own way, and refuse by `SchedulerRefused` what they cannot give. Needs are plain data: pure to make, to merge and
to compare. They never hold a secret's value, only where it lies.

A clash (one name or path, two meanings) is never settled by order: `merge` raises `NeedsClash`, which names the thing
and both owners. The same statement by two owners is no clash.

Provisional: no scheduler renders needs yet. They become a part of `Workload` with the first plugin that states some.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec
from msgspec.structs import replace

__all__ = [
    "HostFolder",
    "InitStep",
    "MergedNeeds",
    "Mount",
    "Needs",
    "NeedsClash",
    "Scratch",
    "SecretFiles",
    "SecretRef",
    "Sidecar",
    "Source",
    "Volume",
    "merge",
]

T = TypeVar("T")


class NeedsClash(ValueError):
    """Two owners want different things under one name. `str()` says what and who, and how to part them."""


class SecretRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a secret lies: an entry (`key`) of a secret that the deployment knows by `name`. The repr leaves the key
    out, for it is where a hurried hand puts the value."""

    name: str
    key: str

    def __repr__(self) -> str:
        return f"SecretRef({self.name!r}, ...)"


class _Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What can be mounted: one JSON object, told apart by `type`."""


class HostFolder(_Source, frozen=True, tag="host_folder"):
    """A folder of the machine, by absolute path."""

    path: str


class Volume(_Source, frozen=True, tag="volume"):
    """A folder (`part`, relative) of a volume that the scheduler knows by name."""

    name: str
    part: str = ""


class SecretFiles(_Source, frozen=True, tag="secret_files"):
    """Secrets as files, by the file's name, readable by the attempt alone."""

    files: dict[str, SecretRef]


class Scratch(_Source, frozen=True, tag="scratch"):
    """An empty folder that ends with the attempt; `size` in bytes, 0 for no limit of its own."""

    size: int = 0
    in_memory: bool = False


Source = HostFolder | Volume | SecretFiles | Scratch


class Mount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A source, to be found at `path`. The path is absolute, `/` between parts, without `..`."""

    path: str
    source: Source
    read_only: bool = True

    def __post_init__(self) -> None:
        if not self.path.startswith("/") or ".." in self.path.split("/") or "\0" in self.path:
            raise ValueError(f"mount path {self.path[:80]!r} is not absolute or has '..'; write the whole path")


class _Container(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A program beside the main one. It sees all env, secrets and mounts of the attempt; a scheduler without images
    runs the command on the machine. `name` is unique among all of an attempt's init steps and sidecars."""

    name: str
    command: tuple[str, ...]
    image: str = ""


class InitStep(_Container, frozen=True):
    """Runs to its end before the command, in the order of the owners, then of the steps; when it fails, so does the
    attempt, with reason `start_failed`. It may run twice, and does no harm then."""


class Sidecar(_Container, frozen=True):
    """Runs beside the command, and gets TERM when the command has ended. Its own exit decides nothing."""


class Needs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one owner wants. `owner` is for people, such as "connection 'images'"."""

    owner: str
    env: dict[str, str] = {}
    secret_env: dict[str, SecretRef] = {}
    mounts: tuple[Mount, ...] = ()
    init: tuple[InitStep, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()

    def __repr__(self) -> str:
        return f"Needs({self.owner})"


class MergedNeeds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all owners want together, each thing once, for a scheduler to render."""

    env: dict[str, str] = {}
    secret_env: dict[str, SecretRef] = {}
    mounts: tuple[Mount, ...] = ()
    init: tuple[InitStep, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()

    def __repr__(self) -> str:
        return f"Merged(env={sorted(self.env)}, secret_env={sorted(self.secret_env)})"


def merge(needs: Iterable[Needs]) -> MergedNeeds:
    """All needs as one, in the order given. Raises NeedsClash; no message of it has a value of the environment."""
    needs = tuple(needs)
    variables = _agreed("environment variable", _variables(needs))
    containers = _agreed("init step or sidecar", _containers(needs))
    return MergedNeeds(
        env={name: value for name, value in variables.items() if isinstance(value, str)},
        secret_env={name: value for name, value in variables.items() if isinstance(value, SecretRef)},
        mounts=tuple(_agreed("mount at", _mounts(needs)).values()),
        init=tuple(container for container in containers.values() if isinstance(container, InitStep)),
        sidecars=tuple(container for container in containers.values() if isinstance(container, Sidecar)),
    )


def _variables(needs: tuple[Needs, ...]) -> Iterator[tuple[str, str, str | SecretRef]]:
    for one in needs:
        yield from ((one.owner, name, value) for name, value in one.env.items())
        yield from ((one.owner, name, value) for name, value in one.secret_env.items())


def _mounts(needs: tuple[Needs, ...]) -> Iterator[tuple[str, str, Mount]]:
    for one in needs:
        for mount in one.mounts:
            place = "/" + posixpath.normpath(mount.path).lstrip("/")  # normpath keeps two leading slashes
            yield one.owner, place, replace(mount, path=place)


def _containers(needs: tuple[Needs, ...]) -> Iterator[tuple[str, str, InitStep | Sidecar]]:
    for one in needs:
        containers: tuple[InitStep | Sidecar, ...] = (*one.init, *one.sidecars)
        yield from ((one.owner, container.name, container) for container in containers)


def _agreed(what: str, stated: Iterable[tuple[str, str, T]]) -> dict[str, T]:
    agreed: dict[str, tuple[str, T]] = {}
    for owner, name, thing in stated:
        first, known = agreed.setdefault(name, (owner, thing))
        if known != thing:
            raise NeedsClash(_clash(what, name, first, owner))
    return {name: thing for name, (_, thing) in agreed.items()}


def _clash(what: str, name: str, first: str, second: str) -> str:
    if first == second:
        return f"{first} wants {what} '{name}' twice and not the same; give it one meaning"
    return f"{first} and {second} both want {what} '{name}', and not the same; rename it in one, or use one of them"
