"""A tuner of one's own for `sweep_iterative.yaml`: two trials at first, then two closer around the best one so far.

It is given all trials that have ended as JSON, and logs what to try next as the output `suggestions`.
"""

from __future__ import annotations

import json
import sys

import trainyard

FIRST = [{"lr": 0.001, "hidden": 32}, {"lr": 0.05, "hidden": 64}]


def main() -> None:
    """Log the next suggestions."""
    trials = json.loads(sys.argv[1])
    trainyard.init().log_outputs(suggestions=around(trials) if trials else FIRST)


def around(trials: list[dict]) -> list[dict]:
    """A smaller and a larger learning rate than that of the best trial."""
    judged = [trial for trial in trials if trial["phase"] == "succeeded"]
    best = max(judged or trials, key=lambda trial: trial["values"].get("accuracy", 0))["params"]
    return [{**best, "lr": max(0.0001, best["lr"] / 2)}, {**best, "lr": min(0.5, best["lr"] * 1.5)}]


if __name__ == "__main__":
    main()
