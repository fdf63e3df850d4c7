"""What `trainyard.log` of five metrics costs its caller: p50, p99 and p99.99 of a million single calls, as fast as they
can be made, with the writer's thread at work beside them; the longest is told with them. No point may be lost. The
floor keeps the same values with the time in a list. Each round is a process of its own, which this module's program is.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.measure import Result, Scale, percentile, say

__all__ = ["measure"]

CALLS = 1_000_000
AIMS = {"50": 1.5, "99": 15.0, "99.99": 1000.0}


def measure(scale: Scale, folder: Path) -> list[Result]:
    """p50, p99 and p99.99."""
    told = [_round(folder / str(number), scale.of(CALLS)) for number in range(scale.rounds)]
    return [
        Result(
            f"log.p{share}",
            f"log() of 5 metrics, p{share} of the calls",
            "us",
            [each["subject"][share] for each in told],
            [each["floor"][share] for each in told],
            aim,
            detail={"longest": [each["subject"]["most"] for each in told]},
        )
        for share, aim in AIMS.items()
    ]


def _round(folder: Path, calls: int) -> dict[str, Any]:
    folder.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, str(Path(__file__)), str(folder), str(calls)], stdout=subprocess.PIPE, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    say(f"log: {folder.name}: {told}")
    return told


def main(folder: str, calls: int) -> None:
    """The program: subject, then floor."""
    import trainyard

    run = trainyard.init(offline=True, spool=folder)
    values = {"loss": 0.5, "accuracy": 0.25, "lr": 0.001, "grad_norm": 1.5, "throughput": 1234.5}
    subject = _time_each(trainyard.log, values, calls)
    run.flush()
    assert not run._writer.ring.lost, "points were lost"
    kept: list[tuple[int, tuple[float, ...]]] = []
    floor = _time_each(lambda row: kept.append((time.time_ns(), (*row.values(),))), values, calls)
    print(json.dumps({"subject": _brief(subject), "floor": _brief(floor)}))
    sys.stdout.flush()
    os._exit(0)  # nothing is to be shipped: the folder goes with the benchmark


def _time_each(log: Callable[[Mapping[str, float]], None], values: Mapping[str, float], calls: int) -> list[int]:
    """Nanoseconds of each call; the first hundred are not counted."""
    clock, spent = time.perf_counter_ns, [0] * calls
    for _ in range(100):
        log(values)
    gc.collect()
    for number in range(calls):
        before = clock()
        log(values)
        spent[number] = clock() - before
    return spent


def _brief(spent: list[int]) -> dict[str, float]:
    shares = {share: percentile(spent, float(share) / 100) / 1000 for share in AIMS}
    return {**shares, "most": max(spent) / 1000}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
