"""The program that chaos runs: it logs points, files and lines and keeps its own copy of each in a file, written after
the platform had it.

Usage: program.py LEDGER POINTS [SECONDS [UNTIL]], where each point takes so long, and more come until there is a file
UNTIL. Appends one JSON line for each fact to LEDGER, with the attempt and the time: that an attempt started and whether
it was alone (nobody else held LEDGER, which each locks for life), each point once `log` has returned it, each file with
its digest once `log_file` has, each line once it is written, and that `finish` has returned. A program that the
platform did not start is attempt 0.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sys
import time
from itertools import count
from pathlib import Path

import trainyard

EVERY_LINE, EVERY_FILE = 10, 50


def main(ledger: str, points: int, training: float = 0.0, until: str = "") -> None:
    attempt = int(os.environ.get("TRAINYARD_ATTEMPT", "0"))
    copy = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(**fact: object) -> None:
        os.write(copy, json.dumps({"attempt": attempt, "at": time.time(), **fact}).encode() + b"\n")

    note(start=os.getpid(), alone=is_alone(copy))
    run = trainyard.init()
    note(run=run.id)
    for index in count():
        if index >= points and (not until or os.path.exists(until)):  # noqa: PTH110 - it is asked at every point
            break
        time.sleep(training)
        step = attempt * 1_000_000 + index
        run.log({"value": float(step)}, step=step)
        note(point=step)
        if index % EVERY_LINE == 0:
            sys.stdout.write(f"line {step}\n")
            sys.stdout.flush()
            note(line=step)
        if index % EVERY_FILE == 0:
            name, content = f"{step}.bin", os.urandom(1000)
            source = Path(f"{ledger}.{attempt}")  # the next one is written over it
            source.write_bytes(content)
            run.log_file(source, name)
            note(artifact=name, digest=f"sha256:{hashlib.sha256(content).hexdigest()}")
    run.finish()
    note(done=True)


def is_alone(ledger: int) -> bool:
    """Whether no other program holds this ledger; from now on this one does."""
    try:
        fcntl.flock(ledger, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:4]), *sys.argv[4:])
