"""A server that is stopped by SIGSTOP in the middle of a plan, and continued long after its lease has ended: the other
server on the same PostgreSQL plans on meanwhile, and what the frozen one still had in hand changes nothing.

`make chaos` freezes for a minute (CHAOS_SCALE=1); without it for as long as the other one needs to plan on.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from trainyard_core.contracts.director import LEASE

from . import test_sweep_kills as sweeps
from .stage import SETTINGS, Stage, wait_until

SCALE = float(os.environ.get("CHAOS_SCALE", "0.05"))
FROZEN = 60.0 if SCALE >= 1 else 0.0
"""Seconds for which the server stands still, at least."""
MORE = 10
"""Trials that must come while it does."""
MOST = 30
"""Sweeps within which the first server plans."""


@pytest.fixture
def servers(tmp_path: Path, postgres_url: str, valkey_url: str):
    """Two servers, of which the second has the agent, as a process of its own; the first stops itself before it writes
    its third plan."""
    shared = {
        **SETTINGS,
        "TRAINYARD_DATABASE": postgres_url,
        "TRAINYARD_VALKEY": valkey_url,
        "TRAINYARD_SCHEDULER_PROCESS__CPU": "4",
    }
    freezes = {"TRAINYARD_FAULT": "SIGSTOP plan:before_write:3", "TRAINYARD_AGENT": ""}
    first = Stage(tmp_path / "first", environ={**shared, **freezes})
    second = Stage(tmp_path / "second", arguments=("--split", "--processes", "1"), environ=shared)
    try:
        for stage in (second, first):
            stage.up()
        yield first, second
    finally:
        if first.process is not None:
            first.process.send_signal(signal.SIGCONT)
        for stage in (first, second):
            stage.down()


def test_a_server_that_is_frozen_in_a_plan_holds_nobody_up_and_writes_nothing_stale(
    servers: tuple[Stage, Stage], capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = servers
    assert first.process is not None
    pid, begun = first.process.pid, dict[str, Path]()
    while not is_stopped(pid):  # it is chance which of the two plans
        book = second.books / f"trials-{len(begun)}"
        sweep = sweeps.begin(first, book, key=f"sweep-{len(begun)}")
        begun[sweep] = book
        wait_until(lambda run=sweep: is_stopped(pid) or is_final(second, run), within=300, what="the sweep goes on")
        assert len(begun) < MOST, "the first server never plans"
    began, before = time.monotonic(), len(sweeps.notes(book))
    wait_until(lambda: len(sweeps.notes(book)) >= min(before + MORE, sweeps.TRIALS), within=300, what="trials go on")
    took = time.monotonic() - began
    wait_until(lambda: time.monotonic() - began >= max(FROZEN, LEASE + 1), within=300, what="it was frozen long enough")
    assert is_stopped(pid)
    os.kill(pid, signal.SIGCONT)
    for sweep, book in begun.items():
        wait_until(lambda run=sweep: is_final(second, run), within=300, what="the sweep ends")
        sweeps.check(second, sweep, book)
    with first.client() as client:
        assert {client.runs.get(sweep).status for sweep in begun} == {"succeeded"}, "the server that was frozen serves"
    with capsys.disabled():
        print(f"\nfrozen planning: {MORE} trials more came within {took:.1f} s, with a lease of {LEASE:g} s")


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def is_final(stage: Stage, run: str) -> bool:
    with stage.client() as client:
        return client.runs.get(run).is_final
