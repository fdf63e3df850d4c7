"""A program that runs the trials of a sweep by itself, as a user would write it. The test tells it what to do by its
arguments: `SWEEP DIE_AT`: go on with a sweep (or `new`), and be killed within the trial of that number (0: never)."""

from __future__ import annotations

import os
import signal
import sys

import trainyard


def opened(given: str):
    if given != "new":
        return trainyard.sweep(id=given)
    params = {"x": {"kind": "uniform", "value": [-2, 2]}, "size": {"kind": "range", "value": "1:9:1"}}
    return trainyard.sweep("parabola", "tpe", params, "loss", "minimize", trials=8, seed=3)


with opened(sys.argv[1]) as search:
    print("sweep", search.id, flush=True)
    for trial in search:
        with trial:
            trial.log({"warm": 1.0}, step=0)
            if trial.number == int(sys.argv[2]):
                print("dies", trial.key, trial.id, flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
            trial.tell(loss=trial.params["x"] ** 2)
        print("ran", trial.key, flush=True)
print("best", search.best.value)
