"""Counters of this machine and of a tree of processes, as the system tells them: by `/proc` on Linux, by psutil where
that is installed elsewhere. Rates are made of two readings by `system`."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Reading", "Tree", "cpu_name", "memory_total", "reader"]

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SECTOR = 512
_PROC = Path("/proc")


class Tree(NamedTuple):
    """A process with all that it has started: seconds of CPU time, bytes of memory, and how many they are."""

    cpu: float
    memory: int
    processes: int


class Reading(NamedTuple):
    """One look. CPU times are seconds of all cores; bytes of disk and network are counted since boot."""

    at: float
    cpu_busy: float
    cpu_all: float
    memory_used: int
    memory_all: int
    disk_read: int
    disk_written: int
    network_sent: int
    network_received: int
    tree: Tree


def reader() -> Callable[[int], Reading] | None:
    """A function that reads all of it for the tree of a process; None where the system cannot be asked."""
    if (_PROC / "stat").exists():
        return _read_proc
    try:
        psutil = importlib.import_module("psutil")
    except ImportError:
        return None
    return lambda pid: _read_psutil(psutil, pid)


def cpu_name() -> str:
    """The model of the processor; empty where it cannot be told."""
    try:
        lines = (_PROC / "cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def memory_total() -> int:
    """Bytes of memory that the machine has."""
    return _PAGE * os.sysconf("SC_PHYS_PAGES")


def _read_proc(pid: int) -> Reading:
    busy, every = _cpu()
    total, available = _memory()
    read, written = _disks()
    sent, received = _network()
    return Reading(time.monotonic(), busy, every, total - available, total, read, written, sent, received, _tree(pid))


def _cpu() -> tuple[float, float]:
    """Seconds in which processors worked, and all seconds."""
    first = (_PROC / "stat").read_text().partition("\n")[0]
    times = [int(field) for field in first.split()[1:9]]  # guests are in user and nice already
    idle = times[3] + times[4]
    return (sum(times) - idle) / _TICKS, sum(times) / _TICKS


def _memory() -> tuple[int, int]:
    lines = (line.split() for line in (_PROC / "meminfo").read_text().splitlines())
    sizes = {fields[0]: 1024 * int(fields[1]) for fields in lines}
    return sizes["MemTotal:"], sizes.get("MemAvailable:", sizes["MemFree:"])


def _disks() -> tuple[int, int]:
    """Bytes read and written by all disks, without partitions and what is made of other disks."""
    read = written = 0
    try:
        for line in (_PROC / "diskstats").read_text().splitlines():
            fields = line.split()
            if (Path("/sys/block") / fields[2].replace("/", "!") / "device").exists():
                read, written = read + int(fields[5]), written + int(fields[9])
    except (OSError, LookupError):
        pass  # some containers do not show it
    return _SECTOR * read, _SECTOR * written


def _network() -> tuple[int, int]:
    """Bytes sent and received by all interfaces but the loopback."""
    sent = received = 0
    for line in (_PROC / "net" / "dev").read_text().splitlines()[2:]:
        name, _, fields = line.partition(":")
        if name.strip() != "lo":
            numbers = fields.split()
            sent, received = sent + int(numbers[8]), received + int(numbers[0])
    return sent, received


def _tree(root: int) -> Tree:
    children: dict[int, list[int]] = {}
    found: dict[int, Tree] = {}
    for entry in os.scandir(_PROC):
        if entry.name.isdigit() and (known := _process(int(entry.name))) is not None:
            parent, found[int(entry.name)] = known
            children.setdefault(parent, []).append(int(entry.name))
    members, at = [root], 0
    while at < len(members):
        members += children.get(members[at], [])
        at += 1
    here = [found[pid] for pid in members if pid in found]
    return Tree(sum(each.cpu for each in here), sum(each.memory for each in here), len(here))


def _process(pid: int) -> tuple[int, Tree] | None:
    """The parent of a process and what it uses, with the CPU time of children that have ended; None when it is gone."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    fields = stat[stat.rindex(b")") + 2 :].split()
    cpu = sum(int(field) for field in fields[11:15]) / _TICKS
    return int(fields[1]), Tree(cpu, _PAGE * int(fields[21]), 1)


def _read_psutil(psutil: Any, pid: int) -> Reading:
    cpu, memory = psutil.cpu_times(), psutil.virtual_memory()
    every = sum(cpu) - getattr(cpu, "guest", 0.0) - getattr(cpu, "guest_nice", 0.0)
    disk, network = psutil.disk_io_counters(), psutil.net_io_counters()
    return Reading(
        time.monotonic(),
        every - cpu.idle - getattr(cpu, "iowait", 0.0),
        every,
        memory.total - memory.available,
        memory.total,
        disk.read_bytes if disk else 0,
        disk.write_bytes if disk else 0,
        network.bytes_sent if network else 0,
        network.bytes_recv if network else 0,
        _tree_psutil(psutil, pid),
    )


def _tree_psutil(psutil: Any, pid: int) -> Tree:
    cpu, memory, count = 0.0, 0, 0
    try:
        root = psutil.Process(pid)
        members = [root, *root.children(recursive=True)]
    except psutil.Error:
        return Tree(cpu, memory, count)
    for process in members:
        try:
            cpu, memory = cpu + sum(process.cpu_times()[:4]), memory + process.memory_info().rss
            count += 1
        except psutil.Error:
            continue
    return Tree(cpu, memory, count)
