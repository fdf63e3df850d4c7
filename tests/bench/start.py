"""How long `import trainyard` takes in a fresh process: alone, and with what the first `trainyard.log` needs. The floor
is a whole process that does nothing, `python -c pass`.
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
TIMED = "import time; started = time.perf_counter(); {}; print(1000 * (time.perf_counter() - started))"
FIGURES = (
    ("import", "import trainyard", "import trainyard", 50.0),
    ("import.log", "import trainyard and what log() needs", "import trainyard; trainyard.log", None),
)


def measure(scale: Scale, folder: Path) -> list[Result]:
    """Both imports."""
    rounds = scale.of(ROUNDS, least=scale.rounds)
    return [
        Result(name, what, "ms", *alternate(name, rounds, _importing(code), _doing_nothing), aim)
        for name, what, code, aim in FIGURES
    ]


def _importing(code: str) -> Callable[[], float]:
    command = [sys.executable, "-c", TIMED.format(code)]
    return lambda: float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def _doing_nothing() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return 1000 * (time.perf_counter() - started)
