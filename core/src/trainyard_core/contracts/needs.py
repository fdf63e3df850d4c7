"""What must be present where an attempt runs: environment variables, secrets, mounts, init steps and sidecars. `Needs`
let trackers and connections state this without knowledge of any scheduler.

Ownership. Trackers and connections state needs. Core merges them and resolves the secrets. Schedulers render them, each
in its own way, and raise `SchedulerRefused` for what they cannot provide. Needs are plain data: making, merging and
comparing them has no side effect. They never hold the value of a secret, only a reference to it.

On its way to an agent of another release a field that it does not know is passed over.

Two statements clash when they give different meanings to one name or path. `merge` never decides by order which one
holds: it raises `NeedsClash`, which names the thing and both owners. Two equal statements by different owners do not
clash.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from trainyard_core.contracts.secret import SecretRef

__all__ = [
    "HostFolder",
    "InitStep",
    "MergedNeeds",
    "Mount",
    "Needs",
    "NeedsClash",
    "Scratch",
    "SecretFiles",
    "Sidecar",
    "Source",
    "Volume",
    "merge",
]

T = TypeVar("T")


class NeedsClash(ValueError):
    """Two owners give different meanings to one name. `str()` names the thing and both owners, and says how to resolve
    the clash."""


class _Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What can be mounted. In JSON, one object for all sources; its field `type` says which one it is."""


class HostFolder(_Source, frozen=True, tag="host_folder"):
    """A folder of the machine, given by its absolute path."""

    path: str


class Volume(_Source, frozen=True, tag="volume"):
    """A folder (`part`, a relative path) of a volume that the scheduler knows by name."""

    name: str
    part: str = ""


class SecretFiles(_Source, frozen=True, tag="secret_files"):
    """Secrets as files. The keys of `files` are file names. Only the attempt can read the files."""

    files: dict[str, SecretRef]


class Scratch(_Source, frozen=True, tag="scratch"):
    """An empty folder that is deleted when the attempt ends. `size` is in bytes; 0 sets no limit."""

    size: int = 0
    in_memory: bool = False


Source = HostFolder | Volume | SecretFiles | Scratch


class Mount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A source and the `path` where the attempt finds it. The path has `/` between its parts and no `..`. A relative
    one is below the folder that programs know as TRAINYARD_MOUNTS; a scheduler that has no file system of its own for
    an attempt provides no others, but for a folder at its own path. Texts of needs may refer to that folder as
    `${TRAINYARD_MOUNTS}`."""

    path: str
    source: Source
    read_only: bool = True

    def __post_init__(self) -> None:
        if not self.path.strip("/.") or ".." in self.path.split("/") or "\0" in self.path:
            raise ValueError(f"mount path {self.path[:80]!r} is empty or has '..'; write a relative or a whole path")


class _Container(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A program beside the main one. It gets the whole environment, all secrets and all mounts of the attempt, and
    variables of its own. A scheduler without images runs the command on the machine. `name` is unique among all init
    steps and sidecars of an attempt. `working_dir` is relative to the code."""

    name: str
    command: tuple[str, ...]
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    image: str = ""
    working_dir: str = ""


class InitStep(_Container, frozen=True):
    """A program that must end before the command starts. Steps run one after the other, in the order of their owners
    and, for one owner, in the order of its list. When a step fails, the attempt fails with the reason `start_failed`. A
    scheduler may run a step twice, so running it again must be harmless."""


class Sidecar(_Container, frozen=True):
    """A program that runs beside the command. The scheduler sends it TERM when the command has ended. Its exit code
    does not affect the attempt."""


class Needs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one owner needs. `owner` is shown to users, for example "connection 'images'"."""

    owner: str
    env: dict[str, str] = {}
    secret_env: dict[str, SecretRef] = {}
    mounts: tuple[Mount, ...] = ()
    init: tuple[InitStep, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()

    def __repr__(self) -> str:
        return f"Needs({self.owner})"


class MergedNeeds(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The needs of all owners, each thing once, for a scheduler to render."""

    env: dict[str, str] = {}
    secret_env: dict[str, SecretRef] = {}
    mounts: tuple[Mount, ...] = ()
    init: tuple[InitStep, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()

    def __repr__(self) -> str:
        return f"MergedNeeds(env={sorted(self.env)}, secret_env={sorted(self.secret_env)})"


def merge(needs: Iterable[Needs]) -> MergedNeeds:
    """Merge needs in the given order. Raises NeedsClash; its message never contains the value of a variable."""
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
            place = posixpath.normpath(mount.path)
            place = "/" + place.lstrip("/") if place.startswith("/") else place  # normpath keeps two leading slashes
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
