"""Runs the benchmarks and prints one JSON document: the machine, and each figure with its floor, its aim and every
round. Progress goes to standard error. `--only NAME` runs some of them, `--quick` does little of everything, to see
that it works; its figures mean nothing. Ends with 1 when a benchmark broke; an aim that is missed is told, not
punished.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench import machine  # noqa: E402 - a script finds its package by where it lies
from bench.measure import Scale, say  # noqa: E402

__all__ = ["main"]

BENCHMARKS = (
    "log",
    "start",
    "commands",
    "up",
    "create",
    "ingest",
    "lives",
    "notifier",
    "jobs",
    "nodelay",
    "admission",
    "orders",
    "subscribers",
    "observers",
    "notify",
    "listing",
    "frame",
    "series",
    "sweep",
    "slot",
    "regret",
)
FULL, QUICK = Scale(5, 1.0), Scale(2, 0.1)


def main(arguments: Sequence[str]) -> int:
    """The program."""
    parser = argparse.ArgumentParser(description="Trainyard's benchmarks, as one JSON document.")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="little of everything; the figures mean nothing")
    given = parser.parse_args(arguments)
    document: dict[str, Any] = {"machine": machine.facts(), "quick": given.quick}
    started = time.monotonic()
    document["benchmarks"] = _measure(given.only or BENCHMARKS, QUICK if given.quick else FULL)
    document["seconds"] = round(time.monotonic() - started)
    print(json.dumps(document, indent=1))
    return 1 if any("broken" in each for each in document["benchmarks"].values()) else 0


def _measure(names: Sequence[str], scale: Scale) -> dict[str, Any]:
    """Each in a folder of its own. One that breaks is told as broken, and the others go on."""
    told: dict[str, Any] = {}
    for name in names:
        with tempfile.TemporaryDirectory(prefix="yard-bench-") as folder:
            Path(folder).chmod(0o755)
            try:
                results = import_module(f"bench.{name}").measure(scale, Path(folder))
            except Exception as error:
                say(f"{name}: broken: {error!r}")
                told[name] = {"broken": repr(error)}
            else:
                told |= {result.name: result.told() for result in results}
                for result in results:
                    figures = told[result.name]
                    say(f"{result.name}: {figures['subject']} {figures['unit']}, floor {figures['floor']}")
    return told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
