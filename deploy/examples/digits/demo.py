"""The demo: a server of its own in a temporary directory, three runs with different params, a table of them, and what
differs between the best and the worst; then a sweep of nine trials, two at a time, and the best of them. Every step is
a `yard` command that is printed before it is called.

Standard library only. Nothing is left behind: the server ends, the directory goes, and runs that an interruption left
are stopped first.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
YARD = str(Path(sys.executable).with_name("yard"))
TRIALS = {"timid": {"lr": "0.0001"}, "steady": {"lr": "0.003"}, "wild": {"lr": "0.5", "hidden": "16"}}
SWEEP = "sweep_asha.yaml"
METRIC = "test/accuracy"
READY_WITHIN = 60.0
RUNS_WITHIN = 150.0


def main() -> int:
    """Run the demo. Returns 0 when all three runs and the sweep succeeded."""
    with tempfile.TemporaryDirectory(prefix="trainyard-demo-") as folder, server(Path(folder)) as environ:
        runs = [create(environ, name, params) for name, params in TRIALS.items()]
        try:
            show(environ, "logs", "-f", runs[0])
            statuses = [wait(environ, run) for run in runs]
        except BaseException:
            end(environ, runs)
            raise
        show(environ, "ls")
        if statuses != ["succeeded"] * len(runs):
            return 1
        show(environ, "metrics", runs[1], METRIC, "train/loss")
        show(environ, "compare", *runs, "--metric", METRIC)
        return 0 if sweep(environ) == "succeeded" else 1


def sweep(environ: dict[str, str]) -> str:
    """Search for better params, and show what was found. The status in which the sweep ended."""
    say("run", "-f", SWEEP)
    run = str(json.loads(call(environ, "run", "-f", SWEEP, "--json"))["id"])
    print(run)
    try:
        status = wait(environ, run)
    except BaseException:
        end(environ, [run])
        raise
    show(environ, "sweep", run, "--no-watch")
    return status


@contextmanager
def server(data: Path) -> Iterator[dict[str, str]]:
    """`yard up` on a free port of 127.0.0.1. Gives the environment in which `yard` finds it."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRAINYARD_")}
    environ |= {"TRAINYARD_DATA": str(data), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"}
    say("up", "--port", "0")
    with (data / "server.log").open("w") as log:
        process = subprocess.Popen([YARD, "up", "--port", "0"], env=environ, stdout=subprocess.PIPE, stderr=log)
        try:
            print(ready(process, data / "server.log"))
            yield environ
        finally:
            process.terminate()
            process.communicate(timeout=30)


def ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """The line in which the server says where it is. Ends the demo when there is none in time."""
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], READY_WITHIN)
    line = process.stdout.readline().decode().strip() if readable else ""
    if not line:
        sys.exit(f"the server did not start:\n{log.read_text()}")
    return line


def create(environ: dict[str, str], name: str, params: dict[str, str]) -> str:
    """Create one run. Returns its id."""
    words = [word for key, value in params.items() for word in ("-P", f"{key}={value}")]
    arguments = ("run", "-f", "digits.yaml", "--name", name, *words)
    say(*arguments)
    run = str(json.loads(call(environ, *arguments, "--json"))["id"])
    print(run)
    return run


def wait(environ: dict[str, str], run: str) -> str:
    """The status in which a run ended. Ends the demo when it takes too long."""
    deadline = time.monotonic() + RUNS_WITHIN
    while True:
        seen = json.loads(call(environ, "get", run, "--json"))
        if seen["finished_at"]:
            return str(seen["status"])
        if time.monotonic() > deadline:
            sys.exit(f"run {run} is still {seen['status']}: {call(environ, 'why', run)}")
        time.sleep(0.2)


def end(environ: dict[str, str], runs: list[str]) -> None:
    """Stop what is still alive, for runs outlive their server."""
    for run in runs:
        subprocess.run([YARD, "stop", run], env=environ, capture_output=True, check=False, timeout=30)
    for run in runs:
        wait(environ, run)


def show(environ: dict[str, str], *arguments: str) -> None:
    """Print a command, then what it prints."""
    say(*arguments)
    print(call(environ, *arguments), end="", flush=True)


def say(*arguments: str) -> None:
    """Print a command as a person would type it, long ids by their ending."""
    print("\n$ yard " + " ".join(word[-8:] if len(word) == 36 else word for word in arguments), flush=True)


def call(environ: dict[str, str], *arguments: str) -> str:
    """A `yard` command's output. Ends the demo with what it says when it fails."""
    done = subprocess.run(
        [YARD, *arguments], cwd=HERE, env=environ, capture_output=True, text=True, check=False, timeout=RUNS_WITHIN
    )
    if done.returncode:
        sys.exit(f"yard {arguments[0]} failed with code {done.returncode}:\n{done.stderr or done.stdout}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
