"""What this machine has: counted once, or stated in the settings.

Devices are named as `CUDA_VISIBLE_DEVICES` names them; an attempt holds them by index into that list.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from trainyard_core.contracts.scheduler import Capacity
from trainyard_scheduler_process.settings import Settings

__all__ = ["Machine", "machine_of"]


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The capacity of the machine and the names of its devices, in order."""

    capacity: Capacity
    devices: tuple[str, ...]


def machine_of(settings: Settings, environ: Mapping[str, str]) -> Machine:
    """The settings first, then what the machine says. May run `nvidia-smi`: blocking."""
    devices = _devices(settings.gpu, environ)
    cpu = float(len(os.sched_getaffinity(0))) if settings.cpu is None else settings.cpu
    memory = _memory() if settings.memory is None else settings.memory
    capacity = Capacity(cpu=cpu, memory=memory, gpu=len(devices), other=settings.resources, devices="indexed")
    return Machine(capacity=capacity, devices=devices)


def _devices(stated: int | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        names = tuple(name.strip() for name in visible.split(",") if name.strip() not in {"", "-1"})
    else:
        names = tuple(str(index) for index in range(_count_devices() if stated is None else stated))
    if stated is None or stated <= len(names):
        return names[:stated]
    return tuple(str(index) for index in range(stated))


def _count_devices() -> int:
    if shutil.which("nvidia-smi") is None:
        return 0
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())


def _memory() -> int | None:
    """All memory of the machine in bytes; None when it cannot be read."""
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return None
    found = re.search(r"MemTotal:\s+(\d+) kB", text)
    return int(found[1]) * 1024 if found else None
