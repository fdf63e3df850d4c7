"""Random SIGKILL of whatever there is while runs end: each status that a rule names is told at least once, and those of
one run in the order in which they happened, by the books of the receiver.

`make chaos` runs it at full scale (CHAOS_SCALE=1: 1,000 runs, 100 kills); without it 40 runs and 3 kills.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from trainyard.client.errors import ClientError
from trainyard.client.models import CreateRun

from .stage import SETTINGS, Stage, wait_until
from .test_random_kills import SEED, Killer

SCALE = float(os.environ.get("CHAOS_SCALE", "0.04"))
RUNS, KILLS = int(1000 * SCALE), max(3, int(100 * SCALE))
WHOLE = ("server", "server", "valkey", "flush")
PARTS = ("server", "api", "worker", "worker", "valkey", "flush", "backend")
POINTS = [f"notify:{place}:{times}" for place in ("before_commit", "after_commit") for times in (1, 2, 3)]
EVENTS = ["running", "retrying", "succeeded", "failed", "stopped"]
TWICE = 'test "$TRAINYARD_ATTEMPT" -gt 1'
"""The first attempt fails, the second one does not: running, retrying, running, succeeded."""
REFUSED = 0.05
"""The share of requests that the receiver refuses."""


class Receiver(ThreadingHTTPServer):
    """Keeps the run and the number of each event that it took, in `taken`, and refuses some requests at random."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken: list[tuple[str, int]] = []
        self.chance, self.lock = random.Random(SEED), threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Receiver

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            is_taken = self.server.chance.random() >= REFUSED
            if is_taken:
                self.server.taken.append((told["run"], told["event"]))
        self.send_response(204 if is_taken else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """It is quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def settings() -> Mapping[str, str]:
    """The receiver is on this machine."""
    return {**SETTINGS, "HOOK_KEY": "a key", "TRAINYARD_NOTIFY__ALLOW_PRIVATE": "true"}


def test_every_end_is_told_in_order_whatever_dies(alone: Stage, receiver: Receiver, capsys: pytest.CaptureFixture[str]):
    endure(alone, receiver, WHOLE, capsys)


def test_every_end_is_told_in_order_whatever_of_several_processes_dies(
    split: Stage, receiver: Receiver, capsys: pytest.CaptureFixture[str]
):
    endure(split, receiver, PARTS, capsys)


def endure(stage: Stage, receiver: Receiver, victims: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Submit and kill in random order, wait until all is told, and compare the books with the log."""
    stage.up()
    write_rule(stage, receiver)
    chance = random.Random(SEED)
    killer = Killer(stage, chance, victims)
    acts = ["submit"] * RUNS + ["kill"] * KILLS
    chance.shuffle(acts)
    for number, act in enumerate(acts):
        killer.strike() if act == "kill" else submit(stage, f"run-{number}")
    check(stage, receiver, runs=RUNS)
    with capsys.disabled():
        told, more = len({*receiver.taken}), len(receiver.taken) - len({*receiver.taken})
        fallen = f"victims {dict(killer.victims)}, starts {stage.starts}"
        print(f"\nnotifications, chaos seed {SEED}: {RUNS} runs, {told} told, {more} told again; {fallen}")


def test_a_server_killed_at_any_write_of_the_plugin_tells_all_in_order(alone: Stage, receiver: Receiver):
    alone.up()
    write_rule(alone, receiver)
    alone.end(alone.processes("server")[0])
    alone.faults += [{"TRAINYARD_FAULT": point} for point in POINTS]
    for number in range(len(POINTS)):
        submit(alone, f"run-{number}")
        check(alone, receiver, runs=number + 1)
    assert alone.starts == len(POINTS) + 2, "each point was met"


def write_rule(stage: Stage, receiver: Receiver) -> None:
    token = {"Authorization": f"Bearer {(stage.data / 'token').read_text().strip()}"}
    hook = {
        "kind": "webhook",
        "fields": {"url": f"http://127.0.0.1:{receiver.server_port}/"},
        "secrets": {"key": {"env": "HOOK_KEY"}},
    }
    rule = {"connection": "hook", "events": EVENTS}
    with httpx.Client(base_url=f"{stage.url}/api/v1/", headers=token, timeout=30) as client:
        client.put("connections/hook", json=hook).raise_for_status()
        client.put("notify/projects/default/rules/all", json=rule).raise_for_status()


def submit(stage: Stage, name: str) -> None:
    """A run that is tried twice, and is made once however often the server dies."""
    container = {"command": ["sh", "-c", TWICE], "resources": {"requests": {"cpu": "100m"}}}
    operation = {
        "version": 1.1,
        "kind": "component",
        "name": name,
        "termination": {"maxRetries": 1},
        "run": {"kind": "job", "container": container},
    }
    while True:
        stage.up()
        with contextlib.suppress(ClientError, OSError), stage.client() as client:
            client.runs.create(CreateRun(operation=operation), key=f"notified-{name}")
            return


def check(stage: Stage, receiver: Receiver, *, runs: int) -> None:
    """All runs end, and all that the log has of them comes to the receiver, for the first time in its order."""
    expected = wait_until(lambda: ended(stage, runs), within=60 + 2 * runs, what=f"all end (seed {SEED})")
    events = {(run, event) for run, known in expected.items() for event in known}

    def is_told() -> bool:
        return events <= {*receiver.taken}

    wait_until(is_told, within=60 + runs / 2, what=f"all is told (seed {SEED})", else_=stage.up)
    for run, order in expected.items():
        assert [*dict.fromkeys(event for of, event in receiver.taken if of == run)] == order, (run, SEED)


def ended(stage: Stage, runs: int) -> Mapping[str, list[int]] | None:
    """The events of each run that a rule names, once all have ended."""
    stage.up()
    found: dict[str, list[int]] = defaultdict(list)
    with contextlib.suppress(ClientError, OSError), stage.client() as client:
        known = list(client.activities.list(kind="status"))
        for each in sorted(known, key=lambda each: each.id):
            if each.data["status"] in EVENTS:
                found[each.run].append(each.id)
        ends = {each.run for each in known if each.data["status"] in ("succeeded", "failed", "stopped")}
        return found if len(ends) == runs else None
    return None
