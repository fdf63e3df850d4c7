"""NVIDIA GPUs of this machine: their names from the driver's files, what they do from `nvidia-smi`. Both say nothing
where there is none."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

__all__ = ["Gpus", "names"]

_SECONDS = 5.0
_DRIVER = Path("/proc/driver/nvidia/gpus")
_FIELDS = {
    "utilization": "utilization.gpu",
    "memory_used": "memory.used",
    "memory_total": "memory.total",
    "temperature": "temperature.gpu",
    "power": "power.draw",
}
_MIB = 1024 * 1024


def names() -> list[str]:
    """The models of all GPUs, as the driver lists them."""
    found = []
    for path in sorted(_DRIVER.glob("*/information")):
        try:
            lines = path.read_text(errors="replace").splitlines()
        except OSError:
            continue
        found += [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
    return found


class Gpus:
    """Asks `nvidia-smi` for the GPUs that this process may use. After a failure it is not asked again."""

    def __init__(self, visible: str | None = None) -> None:
        """`visible` is CUDA_VISIBLE_DEVICES; None: all."""
        self._program = which("nvidia-smi") if visible not in ("", "-1") else None
        numbers = (visible or "").replace(" ", "")
        self._chosen = [f"--id={numbers}"] if numbers.replace(",", "").isdecimal() else []

    def read(self) -> dict[str, float]:
        """Metrics of each GPU by its number: utilization and memory in percent, memory in bytes, degrees Celsius,
        watts."""
        if self._program is None:
            return {}
        query = f"--query-gpu=index,{','.join(_FIELDS.values())}"
        command = [self._program, query, "--format=csv,noheader,nounits", *self._chosen]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=True)
        except (OSError, subprocess.SubprocessError):
            self._program = None
            return {}
        lines = done.stdout.decode(errors="replace").splitlines()
        return {name: value for line in lines for name, value in _of_line(line).items()}


def _of_line(line: str) -> dict[str, float]:
    """One GPU's line; what it does not support is left out."""
    index, *fields = (field.strip() for field in line.split(","))
    values = {}
    for name, field in zip(_FIELDS, fields, strict=False):
        try:
            values[name] = float(field)
        except ValueError:
            continue
    total = values.pop("memory_total", 0.0)
    if "memory_used" in values and total:
        values |= {"memory": 100 * values["memory_used"] / total, "memory_used": values["memory_used"] * _MIB}
    return {f"gpu/{index}/{name}": value for name, value in values.items()}
