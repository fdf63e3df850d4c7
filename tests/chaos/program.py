"""The program that chaos runs: it logs points and lines and keeps its own copy of each in a file, written after
the platform had it.

Usage: program.py LEDGER POINTS [SECONDS], where each point takes so long. Appends one JSON line for each fact to
LEDGER: that an attempt started (pid, attempt, nonce), each point once `log` has returned it, each line once it is
written.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid

import trainyard


def main(ledger: str, points: int, training: float = 0.0) -> None:
    attempt = int(os.environ["TRAINYARD_ATTEMPT"])
    copy = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(**fact: object) -> None:
        os.write(copy, json.dumps({"attempt": attempt, **fact}).encode() + b"\n")

    note(start=os.getpid(), nonce=uuid.uuid4().hex)
    run = trainyard.init()
    for index in range(points):
        time.sleep(training)
        step = attempt * 1_000_000 + index
        run.log({"value": float(step)}, step=step)
        note(point=step)
        if index % 10 == 0:
            sys.stdout.write(f"line {step}\n")
            sys.stdout.flush()
            note(line=step)
    run.finish()
    note(done=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:]))
