"""The `hosts` scheduler: places attempts on hosts of different sizes, and lets them wait when none has room, as a
cluster does.

A host is a name and some cores in `hosts.json`; whoever changes that file adds, resizes, silences and removes hosts.
All programs run on this machine, under the runner (`docs/runner.md`). What an attempt is placed on lies in its folder,
so that any instance may go on.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from trainyard.runner import finish, lock, proc, tombstone
from trainyard.runner.delivery import Delivery
from trainyard.runner.layout import Folder, fold, read_json, write_json, write_whole
from trainyard_alternate_late.attempt_folder import locked, look, start, stop_before_start
from trainyard_alternate_late.host_streams import HostConnection, HostProgram
from trainyard_core.contracts.scheduler import (
    AttemptDiagnosis,
    AttemptStream,
    Capacity,
    Manifest,
    Scheduler,
    SchedulerRefused,
)
from trainyard_core.contracts.workload import AttemptRef, Observation, Phase, Workload
from trainyard_core.hookspecs import Context

__all__ = ["Cluster", "Host", "HostsScheduler", "write_cluster"]

T = TypeVar("T")
_ENOUGH = 1e-9


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """One host: its cores, and how it does. `ready`: it starts what is placed on it; `pulling` and `unpullable`: it has
    not, or not got, the image; `preempting`: it ends its attempts soon; `silent`: nobody hears of it."""

    cpu: float
    state: str = "ready"


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """All hosts by name. `away` says why the cluster cannot be asked at all; empty: it can. `forbidden` are images that
    no host may run."""

    hosts: dict[str, Host] = {}
    away: str = ""
    forbidden: tuple[str, ...] = ()


_RUNNING = {
    "silent": ("node_lost", "host {0} does not answer; its attempts may run or not"),
    "preempting": ("preempting", "host {0} is wanted by others and ends its attempts soon"),
}
_STARTING = {
    "pulling": ("image_pull", "host {0} pulls the image"),
    "unpullable": ("image_pull_failed", "host {0} cannot pull the image: no such image"),
}


def write_cluster(folder: Path, cluster: Cluster) -> None:
    """What the hosts of a scheduler on this folder are from now on."""
    root = folder / "hosts"
    root.mkdir(parents=True, exist_ok=True)
    write_json(root / "hosts.json", msgspec.to_builtins(cluster))


class HostsScheduler(Scheduler):
    """Places attempts, first come first served; one that does not fit now is passed by those that do."""

    name = "hosts"

    def __init__(self, root: Path) -> None:
        self._root = root
        self._delivery = Delivery()

    @classmethod
    def from_context(cls, context: Context) -> HostsScheduler:
        """On `<folder>/hosts`, with one host unless there is a file of hosts."""
        if not (context.folder / "hosts" / "hosts.json").exists():
            write_cluster(context.folder, Cluster(hosts={"a": Host(cpu=float(os.cpu_count() or 1) + 16)}))
        return cls(context.folder / "hosts")

    def render(self, workload: Workload) -> Manifest:
        self._folder(workload.ref)
        if not workload.command and not workload.args:
            raise SchedulerRefused("there is no command: give `container.command`")
        if workload.image in self._cluster().forbidden:
            raise SchedulerRefused(f"no host may run the image '{workload.image}': use another one")
        manifest: Manifest = msgspec.json.decode(msgspec.json.encode(workload))
        del manifest["token"]
        return {**manifest, "report_exit": True}

    async def submit(self, workload: Workload) -> None:
        self._asked()
        folder, manifest = self._folder(workload.ref), self.render(workload)
        if folder.tombstone.exists() or folder.lock.exists() or folder.workload.exists():
            return
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(folder.token, workload.token.encode())
        write_json(folder.workload, manifest)
        await self._place()

    async def observe(self, refs: Sequence[AttemptRef]) -> list[Observation]:
        self._asked()
        await self._place()
        cluster = self._cluster()
        seen = [await asyncio.to_thread(self._look, self._folder(ref), cluster) for ref in refs]
        for one in seen:
            if one is not None and one.phase is Phase.EXITED:
                self._delivery.deliver(self._folder(one.ref))
        return [one for one in seen if one is not None]

    async def stop(self, ref: AttemptRef, *, grace: float) -> None:
        folder = self._folder(ref)
        if folder.tombstone.exists() or folder.exit.exists():
            return
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_json(folder.stop, {"grace": grace})
        await asyncio.to_thread(stop_before_start, folder)

    async def diagnose(self, ref: AttemptRef) -> list[AttemptDiagnosis]:
        folder, cluster = self._folder(ref), self._cluster()
        if not folder.workload.exists() or folder.exit.exists():
            return []
        placed = _placed(folder)
        if placed is None:
            return [AttemptDiagnosis("no host has room for it", self._rooms(cluster), "wait, or add a host")]
        if (host := cluster.hosts.get(placed)) is not None and host.state == "silent":
            return [AttemptDiagnosis(f"host {placed} does not answer", "", "start it again, or take it away")]
        return []

    async def exec(self, ref: AttemptRef, command: Sequence[str]) -> AttemptStream:
        started = self._running(ref)
        while b"TRAINYARD_SPOOL=" not in Path(f"/proc/{started['pid']}/environ").read_bytes():
            await asyncio.sleep(0.01)  # the runner's child has not become the program yet
            started = self._running(ref)
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(started["pid"]),
                cwd=f"/proc/{started['pid']}/cwd",
                start_new_session=True,
            )
        except OSError as error:
            raise SchedulerRefused(f"'{command[0]}' does not run: {error.strerror}") from error
        return HostProgram(process)

    async def proxy(self, ref: AttemptRef, port: int) -> AttemptStream:
        self._running(ref)
        try:
            return HostConnection(*await asyncio.open_connection("127.0.0.1", port))
        except OSError as error:
            raise SchedulerRefused(f"port {port}: {error.strerror}") from error

    def _running(self, ref: AttemptRef) -> dict[str, Any]:
        folder = self._folder(ref)
        started = read_json(folder.started) if lock.probe(folder) is lock.Held.LIVE else None
        if started is None or folder.exit.exists():
            raise SchedulerRefused("it does not run: wait until it does")
        return started

    async def adopt(self) -> list[AttemptRef]:
        found = {path.parent for name in ("workload.json", "lock") for path in self._root.glob(f"[!.]*/*/{name}")}
        return [AttemptRef(path.parent.name, int(path.name)) for path in sorted(found)]

    async def release(self, ref: AttemptRef) -> None:
        folder = self._folder(ref)
        self._delivery.forget(folder)
        if folder.path.exists():
            tombstone.entomb(folder)
            folder.path.rename(folder.tombstone.with_name(f"{folder.tombstone.name}.{time.time_ns()}"))

    async def capacity(self) -> Capacity:
        """Of a cluster without hosts nothing is known: it may grow."""
        cores = [host.cpu for host in self._cluster().hosts.values()]
        if not cores:
            return Capacity()
        return Capacity(cpu=sum(cores), gpu=0, other={}, largest={"cpu": max(cores)})

    async def aclose(self) -> None:
        await self._delivery.aclose()

    def _asked(self) -> None:
        if why := self._cluster().away:
            raise OSError(why)

    def _cluster(self) -> Cluster:
        return msgspec.json.decode((self._root / "hosts.json").read_bytes(), type=Cluster)

    async def _place(self) -> None:
        """Place what waits, and start what is placed."""
        for folder in await self._exclusively(self._placeable):
            await asyncio.to_thread(start, folder.path)
            await locked(folder)

    async def _exclusively(self, work: Callable[[], T]) -> T:
        def guarded() -> T:
            with _flocked(self._root / ".placing"):
                return work()

        return await asyncio.to_thread(guarded)

    def _placeable(self) -> list[Folder]:
        """What is to be started now: it has a host that starts things, and nobody has started it."""
        cluster, free = self._cluster(), self._free()
        found = []
        for folder in self._folders():
            if folder.lock.exists() or folder.stop.exists() or not folder.workload.exists():
                continue
            placed = _placed(folder)
            if placed is None and (placed := _host_for(_cores(folder), free, cluster)) is not None:
                free[placed] -= _cores(folder)
                write_json(folder.path / "placed.json", {"host": placed})
            if placed is not None and (host := cluster.hosts.get(placed)) is not None and host.state == "ready":
                found.append(folder)
        return found

    def _folders(self) -> Iterator[Folder]:
        """Those of attempts, the oldest first."""
        for path in sorted(self._root.glob("[!.]*/*/workload.json"), key=lambda path: path.stat().st_mtime_ns):
            yield fold(self._root, path.parent.parent.name, int(path.parent.name))

    def _free(self) -> dict[str, float]:
        free = {name: host.cpu for name, host in self._cluster().hosts.items()}
        for folder in self._folders():
            if not folder.exit.exists() and (placed := _placed(folder)) in free:
                free[placed] -= _cores(folder)
        return free

    def _rooms(self, cluster: Cluster) -> str:
        free = self._free()
        rooms = (f"{name} has {max(0, free[name]):g} of {host.cpu:g} free" for name, host in cluster.hosts.items())
        return ", ".join(rooms) or "there is no host"

    def _look(self, folder: Folder, cluster: Cluster) -> Observation | None:
        ref, placed = AttemptRef(folder.run, folder.attempt), _placed(folder)
        host = None if placed is None else cluster.hosts.get(placed)
        if placed is not None and host is None and not folder.exit.exists():
            _end_with_its_host(folder, placed)
        seen = look(folder)
        if seen is None and folder.workload.exists() and not folder.stop.exists():
            if placed is None:
                message = f"it asks for cpu {_cores(folder):g}; {self._rooms(cluster)}"
                return Observation(ref=ref, phase=Phase.SUBMITTED, reason="unschedulable", message=message)
            reason, message = _STARTING.get(host.state if host else "", ("", ""))
            message = message.format(placed)
            return Observation(ref=ref, phase=Phase.STARTING, reason=reason, message=message)
        if seen is None or host is None or seen.phase is not Phase.RUNNING or host.state not in _RUNNING:
            return seen
        reason, message = _RUNNING[host.state]
        return msgspec.structs.replace(seen, reason=reason, message=message.format(placed), detail={"host": placed})

    def _folder(self, ref: AttemptRef) -> Folder:
        try:
            return fold(self._root, ref.run, ref.attempt)
        except ValueError as error:
            raise SchedulerRefused(str(error)) from error


def _environment(pid: int) -> dict[str, str]:
    entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(os.fsdecode(entry).split("=", 1) for entry in entries if b"=" in entry)


def _host_for(cores: float, free: Mapping[str, float], cluster: Cluster) -> str | None:
    """The host with the least room that is enough."""
    fit = [(room, name) for name, room in free.items() if room + _ENOUGH >= cores]
    return min((each for each in fit if cluster.hosts[each[1]].state != "silent"), default=(0.0, None))[1]


def _cores(folder: Folder) -> float:
    manifest = read_json(folder.workload) or {}
    return float(manifest["resources"].get("cpu", 0.0))


def _placed(folder: Folder) -> str | None:
    try:
        return (read_json(folder.path / "placed.json") or {}).get("host")
    except FileNotFoundError:
        return None


def _end_with_its_host(folder: Folder, host: str) -> None:
    """A host that was taken away takes its attempts along."""
    owner = lock.owner(folder) if folder.lock.exists() else None
    if owner is not None and owner.boot == proc.boot():
        proc.signal_same(owner.pid, owner.ticks, signal.SIGKILL)
    handle = lock.claim_for_nobody(folder) if owner is None else _seized(folder)
    if handle is None:
        return
    try:
        if not folder.exit.exists():
            finish.kill_leftovers(folder)
            message = f"host {host} was taken away"
            finish.conclude(folder, finish.End(reason="lost", message=message, retryable=True))
    finally:
        os.close(handle)


def _seized(folder: Folder) -> int | None:
    """The lock of a runner that was killed, once it is dead."""
    deadline = time.monotonic() + 5.0
    while (handle := lock.seize(folder)) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return handle


@contextmanager
def _flocked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
