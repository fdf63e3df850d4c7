"""What tracking costs a training program: prints JSON with `log()` of five metrics and `import trainyard`.

Subject and floor alternate in one process (and one order of processes for the import), each measured ROUNDS times;
the figures are the medians over the rounds. The floor of `log` is a list append of a tuple with a clock; that of the
import is `python -c pass`. The cost of reading the clock around each call is measured and part of both.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS = 7
CALLS = 20_000


def percentiles(call: Callable[[int], None]) -> dict[str, float]:
    """p50, p99 and the greatest of CALLS calls, in microseconds."""
    clock = time.perf_counter_ns
    spent = [0] * CALLS
    for n in range(CALLS):
        begin = clock()
        call(n)
        spent[n] = clock() - begin
    spent.sort()
    return {"p50_us": spent[CALLS // 2] / 1e3, "p99_us": spent[CALLS * 99 // 100] / 1e3, "max_us": spent[-1] / 1e3}


def logging_cost(root: Path) -> dict[str, dict[str, float]]:
    """`run.log`, `trainyard.log` and the floor, alternating."""
    os.environ.update(TRAINYARD_RUN="bench", TRAINYARD_SPOOL=str(root), TRAINYARD_PROJECT="bench")
    import trainyard

    run = trainyard.init()
    row = {"loss": 0.1, "accuracy": 0.9, "lr": 1e-3, "grad_norm": 2.5, "epoch": 3.0}
    kept: list[tuple[float, ...]] = []
    log, clock = trainyard.log, time.time_ns

    def floor(n: int) -> None:
        kept.append((clock(), n, row["loss"], row["accuracy"], row["lr"], row["grad_norm"], row["epoch"]))

    calls: dict[str, Callable[[int], None]] = {
        "run.log": lambda n: run.log(row, n),
        "trainyard.log": lambda n: log(row, n),
        "floor": floor,
    }
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in calls}
    for call in calls.values():
        call(0)
    for _ in range(ROUNDS):
        for name, call in calls.items():
            kept.clear()
            gc.collect()
            rounds[name].append(percentiles(call))
    trainyard.finish()
    return {name: summary(found) for name, found in rounds.items()}


def summary(found: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure over the rounds, and the p50 of the quietest round: on a busy machine the difference
    is the neighbours'."""
    figures = {key: round(statistics.median(one[key] for one in found), 3) for key in found[0]}
    return {**figures, "quietest_p50_us": round(min(one["p50_us"] for one in found), 3)}


def import_cost() -> dict[str, float]:
    """Milliseconds of whole processes, alternating; `import_ms` is the difference of the medians."""
    programs = {
        "floor_ms": "pass",
        "import_and_floor_ms": "import trainyard",
        "track_ms": "import trainyard; trainyard.log",
    }
    spent: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, program in programs.items():
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)
            spent[name].append((time.perf_counter() - begin) * 1e3)
    found = {name: round(statistics.median(each), 2) for name, each in spent.items()}
    found["import_ms"] = round(found["import_and_floor_ms"] - found["floor_ms"], 2)
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"log_five_metrics": logging_cost(Path(folder)), "import": import_cost()}, indent=1))
