"""How long Python takes to start with `import trainyard`, whole processes compared: the import alone, and with what the
first `trainyard.log` needs. The floor is `python -c pass`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.measure import Result, Scale, alternate

__all__ = ["measure"]

ROUNDS = 15
AIM = 50.0
PROGRAMS = {
    "import": ("python with import trainyard, whole process", "import trainyard"),
    "import.log": (
        "python with import trainyard and what log() needs, whole process",
        "import trainyard; trainyard.log",
    ),
}


def measure(scale: Scale, folder: Path) -> list[Result]:
    """Two whole processes."""
    rounds = scale.of(ROUNDS, least=scale.rounds)
    return [
        Result(name, what, "ms", *alternate(name, rounds, _start(code), _start("pass")), AIM)
        for name, (what, code) in PROGRAMS.items()
    ]


def _start(code: str) -> Callable[[], float]:
    def start() -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return 1000 * (time.perf_counter() - started)

    return start
