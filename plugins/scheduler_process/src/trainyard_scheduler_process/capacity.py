"""What this machine has to give: counted once, or stated in the settings.

Devices are named as `CUDA_VISIBLE_DEVICES` names them; an attempt holds them by index into that list.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from trainyard_core.contracts.workload import Resources

__all__ = ["Capacity", "Settings", "capacity_of", "settings_of"]

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]i?|)b?", re.IGNORECASE)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `scheduler_process`: slots to offer in place of those that are found. `memory` is in bytes, or a
    text such as `16Gi`. `resources` are amounts of anything else that this machine has, such as licences: they are only
    counted."""

    cpu: float | None = None
    memory: int | str | None = None
    gpu: int | None = None
    resources: dict[str, float] = {}


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """The whole capacity and the names of its devices, in order."""

    resources: Resources
    devices: tuple[str, ...]


def settings_of(section: Mapping[str, Any]) -> Settings:
    """The settings. Raises ValueError that names the key and what is allowed."""
    try:
        settings = msgspec.convert(dict(section), Settings)
    except msgspec.ValidationError as error:
        raise ValueError(f"settings of scheduler_process: {error}; known are cpu, memory, gpu and resources") from error
    for name, value in (("gpu", settings.gpu), *settings.resources.items()):
        if value is not None and not 0 <= value < math.inf:
            raise ValueError(f"settings of scheduler_process: {name} is {value}, it cannot be negative or without end")
    memory = None if settings.memory is None else _bytes(settings.memory)
    for name, value in (("cpu", settings.cpu), ("memory", memory)):
        if value is not None and not 0 < value < math.inf:
            raise ValueError(
                f"settings of scheduler_process: {name} is {value}, and no run fits; leave it out to offer what this"
                " machine has, or give an agent no work by `yard agents drain`"
            )
    return settings


def capacity_of(settings: Settings, environ: Mapping[str, str]) -> Capacity:
    """The settings first, then what the machine says. May run `nvidia-smi`: blocking."""
    devices = _devices(settings.gpu, environ)
    cpu = float(len(os.sched_getaffinity(0))) if settings.cpu is None else settings.cpu
    memory = _memory() if settings.memory is None else _bytes(settings.memory)
    whole = Resources(cpu=cpu, memory=memory, gpu=len(devices), other=settings.resources)
    return Capacity(resources=whole, devices=devices)


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


def _memory() -> int:
    """All memory of the machine in bytes; 0, which is no limit, when it cannot be read."""
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return 0
    found = re.search(r"MemTotal:\s+(\d+) kB", text)
    return int(found[1]) * 1024 if found else 0


def _bytes(size: int | str) -> int:
    if isinstance(size, int):
        return size
    found = _SIZE.fullmatch(size.strip())
    if found is None:
        raise ValueError(f"settings of scheduler_process: memory is {size!r}; give bytes, or a text such as '16Gi'")
    return int(float(found[1]) * _UNITS[found[2].lower()])
