"""A crash at every named point: the server is killed there, started again, and nothing is lost, doubled or stuck. The
points of one thing are met in one life of three runs, one after the other.

The points are enumerated from a life without faults, so a new one is covered as soon as it exists. `make test`
takes each point's first time in a process; `make chaos` also its third.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from trainyard.client.errors import ClientError, Conflict, NotReachable
from trainyard.runner.failpoints import POINTS

from .stage import Stage, check_books, wait_until

FULL = float(os.environ.get("CHAOS_SCALE", "0.05")) >= 1
SETTINGS = {
    "TRAINYARD_BACKOFF_FIRST": "0.05",
    "TRAINYARD_PLATFORM_RETRIES": "10",
    "TRAINYARD_SCHEDULER_PROCESS__CPU": "2",
}
SERVER_POINTS = [
    "migrate:before_commit",
    "migrate:after_commit",
    "prepare:before_commit",
    "prepare:after_commit",
    "token:before_commit",
    "token:after_commit",
    "token_used:before_commit",
    "token_used:after_commit",
    "uptime:before_commit",
    "uptime:after_commit",
    "register:before_commit",
    "register:after_commit",
    "create:before_commit",
    "create:after_commit",
    "assign:before_commit",
    "assign:after_commit",
    "agent:after_lease",
    "submit:before",
    "submit:after",
    "report:before_commit",
    "report:after_commit",
    "artifact:after_put",
    "artifact:before_commit",
    "artifact:after_commit",
    "ingest:before_append",
    "ingest:after_append",
    "ingest:before_commit",
    "ingest:after_commit",
    "orders:before_commit",
    "orders:after_commit",
    "released:before_commit",
    "released:after_commit",
    "stop:before_commit",
    "stop:after_commit",
    "schedule:before_commit",
    "schedule:after_commit",
]
ANY_TIME = {"jobs", "notify", "observer", "observer_lease", "reconcile"}
"""What a server may or may not do within so short a life. Kills in the midst of it have tests of their own."""
THINGS = tuple(dict.fromkeys(point.split(":")[0] for point in SERVER_POINTS))
TIMES = (1, 3) if FULL else (1,)


@pytest.fixture
def stage(tmp_path: Path):
    stage = Stage(tmp_path, environ=SETTINGS)
    yield stage
    stage.down()


def live(stage: Stage, *faults: Mapping[str, str]) -> None:
    """Two runs that end by themselves and one that is stopped, whatever happens to the server meanwhile."""
    stage.faults += faults
    stage.up()
    runs = {name: stage.submit_surely(name, points=30) for name in ("one", "two")}
    endless = stage.submit_surely("endless", points=10_000_000, training=0.01)
    wait_until((stage.books / "endless.jsonl").exists, within=60, what="the third run starts", else_=stage.up)
    stop_surely(stage, endless)
    wait_until(lambda: not stage.phases(), within=60, what="every run ends", else_=stage.up)
    books = {**runs, "endless": endless}
    outcomes = wait_until(lambda: compared(stage, books), within=60, what="the books are compared", else_=stage.up)
    assert outcomes == Counter(succeeded=2, stopped=1)


def compared(stage: Stage, runs: Mapping[str, str]) -> Counter[str] | None:
    """`check_books`; None when the server died under it, as it may long after the runs have ended."""
    try:
        return check_books(stage, runs)
    except NotReachable:
        return None


def stop_surely(stage: Stage, run: str) -> None:
    def stopped() -> bool:
        stage.up()
        try:
            with stage.client() as client:
                client.runs.stop(run)
        except Conflict:
            return True  # it has ended, which only a stop does: one was taken whose answer did not come
        except (ClientError, OSError):
            return False
        return True

    wait_until(stopped, within=30, what="the stop is taken")


def test_the_points_are_those_of_a_life(stage: Stage, tmp_path: Path):
    """The list above is what a life really meets."""
    log = tmp_path / "points"
    live(stage, {"TRAINYARD_FAULT_LOG": str(log)})
    met = set(log.read_text().split())
    assert set(SERVER_POINTS) == {point for point in met if point.split(":")[0] not in ANY_TIME}


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("thing", THINGS)
def test_a_server_killed_here_loses_nothing(stage: Stage, thing: str, times: int):
    points = [point for point in SERVER_POINTS if point.startswith(f"{thing}:")]
    live(stage, *({"TRAINYARD_FAULT": f"{point}:{times}"} for point in points))
    if times == 1:
        assert stage.starts == len(points) + 1, f"the server did not come by each of {points}"


@pytest.mark.parametrize("point", POINTS)
def test_a_runner_killed_here_loses_nothing(stage: Stage, tmp_path: Path, point: str):
    marker = tmp_path / "fell"
    live(stage, {"TRAINYARD_RUNNER_FAULT": f"{point}:{marker}"})
    assert marker.exists(), f"no runner came by {point}"
