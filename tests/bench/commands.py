"""How long the commands take that are typed most: `yard ls` among 100,000 runs, and `yard --help`, each as a whole
process, until it has ended. The floor of `yard ls` is a Python that asks for the same page with the standard library
and decodes it; that of `yard --help` is one that does nothing, `python -c pass`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.generate_runs import generate
from bench.measure import Result, Scale, alternate
from bench.servers import PROJECT, yard_up

__all__ = ["measure"]

ROUNDS = 15
RUNS = 100_000
AIM_LS, AIM_HELP = 0.3, 0.1
YARD = str(Path(sys.executable).with_name("yard"))
PAGE = (
    "import json, os, urllib.request as r; "
    "q = r.Request(os.environ['PAGE'], headers={'Authorization': 'Bearer ' + os.environ['TRAINYARD_TOKEN']}); "
    "print(len(json.load(r.urlopen(q))['items']))"
)


def measure(scale: Scale, folder: Path) -> list[Result]:
    """Both commands."""
    rounds = scale.of(ROUNDS, least=scale.rounds)
    help_times = alternate("yard.help", rounds, _seconds([YARD, "--help"]), _seconds([sys.executable, "-c", "pass"]))
    database = f"sqlite:///{folder / 'runs.db'}"
    generate(database, count := scale.of(RUNS))
    with yard_up(folder, {"database": database}) as server:
        page = f"{server.url}{PROJECT}/runs?limit=20&count=true"
        environ = {"TRAINYARD_URL": server.url, "TRAINYARD_TOKEN": server.token, "PAGE": page}
        listed = _seconds([YARD, "ls"], environ)
        ls_times = alternate("yard.ls", rounds, listed, _seconds([sys.executable, "-c", PAGE], environ))
    return [
        Result("yard.help", "yard --help, a whole process", "s", *help_times, AIM_HELP),
        Result("yard.ls", f"yard ls among {count:,} runs, a whole process", "s", *ls_times, AIM_LS),
    ]


def _seconds(command: Sequence[str], environ: Mapping[str, str] = {}) -> Callable[[], float]:
    whole = {**os.environ, **environ}

    def run() -> float:
        started = time.perf_counter()
        subprocess.run(command, env=whole, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return time.perf_counter() - started

    return run
