"""A program runs the trials of a sweep by itself, dies in the middle, and goes on with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from yard import PATIENCE, eventually

PROGRAM = Path(__file__).parent / "ask_tell_program.py"


def start(yard, sweep="new", die_at=0):
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), sweep, str(die_at)],
        env={**yard.environ, "TRAINYARD_CODE": "0"},
        cwd=yard.folder,
        stdout=subprocess.PIPE,
        text=True,
    )


def told(process):
    """Its lines, by their first word, and how it ended."""
    said, _ = process.communicate(timeout=PATIENCE)
    lines = [line.split() for line in said.splitlines()]
    return {word: [rest for first, *rest in lines if first == word] for word in ("sweep", "ran", "dies", "best")}


def test_a_program_searches_and_knows_the_best(yard, client):
    process = start(yard)
    said = told(process)
    assert process.returncode == 0
    ((sweep,),) = said["sweep"]
    found = eventually(lambda: (now := client.sweeps.get(sweep)).is_final and now, what="the sweep ends")
    assert (found.status, found.created, found.succeeded) == ("succeeded", 8, 8)
    assert said["best"] == [[str(found.best.value)]]
    trials = list(client.sweeps.trials(sweep))
    assert min(trial.value for trial in trials) == found.best.value
    for trial in trials:
        assert trial.value == trial.params["x"] ** 2
        assert isinstance(trial.params["size"], int)
        run = client.runs.get(trial.run)
        assert (run.status, run.metrics, run.parent) == ("succeeded", {"warm": 1.0}, sweep)
    assert not list((yard.data / "asking").iterdir())
    assert not list((yard.data / "spool").iterdir())


def test_a_program_that_is_killed_goes_on_with_its_sweep_and_no_trial_counts_twice(yard, client):
    killed = start(yard, die_at=3)
    said = told(killed)
    assert killed.returncode == -9
    ((sweep,),), ((key, lost),) = said["sweep"], said["dies"]
    assert client.runs.get(lost).status == "running"
    again = told(start(yard, sweep))
    ran = [each[0] for each in said["ran"] + again["ran"]]
    assert sorted(ran) == sorted({str(number) for number in range(1, 9)} - {key})
    found = eventually(lambda: (now := client.sweeps.get(sweep)).is_final and now, what="the sweep ends")
    assert (found.status, found.created, found.succeeded, found.failed) == ("succeeded", 8, 7, 1)
    given_up = client.runs.get(lost)
    assert (given_up.status, given_up.metrics) == ("failed", {"warm": 1.0})
    assert not list((yard.data / "asking").iterdir())


def test_two_programs_share_a_sweep(yard, client):
    first = start(yard)
    assert first.stdout is not None
    sweep = first.stdout.readline().split()[1]
    second = start(yard, sweep)
    ran = [each[0] for process in (first, second) for each in told(process)["ran"]]
    assert sorted(ran) == [str(number) for number in range(1, 9)]
    found = eventually(lambda: (now := client.sweeps.get(sweep)).is_final and now, what="the sweep ends")
    assert (found.created, found.succeeded) == (8, 8)


def test_a_program_goes_on_when_the_server_starts_again(yard, client):
    process = start(yard)
    assert process.stdout is not None
    sweep = process.stdout.readline().split()[1]
    process.stdout.readline()
    yard.down()
    yard.up()
    told(process)
    assert process.returncode == 0
    found = eventually(lambda: (now := client.sweeps.get(sweep)).is_final and now, what="the sweep ends")
    assert (found.status, found.created, found.succeeded) == ("succeeded", 8, 8)
