"""A thousand subscribers of the project's activities on one process while fifty activities a second are written: the
memory of each, the lag from commit to receipt, and the server's CPU. Subscribers are a process of their own, beside a
writer that renames a run over HTTP; the lag is from the activity's own time, which the server reads before it commits,
to the event's arrival. The floor is what one subscriber alone sees of the same load, and for memory an idle kept
connection.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.measure import Result, Scale, percentile, say
from bench.servers import PROJECT, Server, yard_up

__all__ = ["measure"]

SUBSCRIBERS, RATE, SECONDS, LANES = 1000, 50, 8.0, 16
AIM_LAG, AIM_MEMORY = 500.0, 100.0
FEED = f"{PROJECT}/activities"
LISTEN = Path(__file__).with_name("listen.py")


class Load(NamedTuple):
    """Of one round: lags in ms, KB for each subscriber and for each idle connection, CPU of the server in percent of a
    core, and what was lost."""

    lags: list[float]
    memory: float
    idle: float
    cpu: float
    missed: int
    rate: float


def measure(scale: Scale, folder: Path) -> list[Result]:
    """Lag, memory and CPU."""
    many = scale.of(SUBSCRIBERS, least=20)
    seconds = SECONDS * max(scale.share, 0.25)
    subject, floor = [], []
    for number in range(1, max(2, scale.rounds - 2) + 1):
        with yard_up(folder, {}) as yard:
            floor.append(_round(yard, 1, seconds))
            subject.append(_round(yard, many, seconds))
        last = subject[-1]
        say(f"subscribers: round {number}: p50 {percentile(last.lags, 0.5):.1f} ms, {last.memory:.1f} KB each")
    return _results(many, subject, floor)


def _results(many: int, subject: list[Load], floor: list[Load]) -> list[Result]:
    detail = {
        "subscribers": many,
        "activities_a_second": [round(load.rate, 1) for load in subject],
        "events_missed": [load.missed for load in subject],
        "longest_ms": round(max(lag for load in subject for lag in load.lags), 1),
    }

    def lag(share: float) -> tuple[list[float], list[float]]:
        return [percentile(x.lags, share) for x in subject], [percentile(x.lags, share) for x in floor]

    what = f"from commit to receipt, {many} subscribers, {RATE} activities/s"
    return [
        Result("subscribers.lag", f"{what}, p50", "ms", *lag(0.5), None, detail=detail),
        Result("subscribers.lag.p99", f"{what}, p99", "ms", *lag(0.99), AIM_LAG),
        Result(
            "subscribers.memory",
            "memory of a subscriber",
            "KB",
            [x.memory for x in subject],
            [x.idle for x in subject],
            AIM_MEMORY,
        ),
        Result("subscribers.cpu", "CPU of the server at that", "%", [x.cpu for x in subject], [x.cpu for x in floor]),
    ]


def _round(yard: Server, many: int, seconds: float) -> Load:
    idle = _each(yard, many, "/api/v1/health")
    before = _memory(yard.pid)
    with _listening(yard, many, FEED) as listener:
        memory = (_memory(yard.pid) - before) / many
        started, cpu = time.monotonic(), _cpu(yard.pid)
        written = _write(yard, seconds)
        took = time.monotonic() - started
        spent = _cpu(yard.pid) - cpu
        told = _told(listener, written)
    lags = [1000 * (at - told_at) for told_at, *arrivals in told.values() for at in arrivals]
    return Load(lags, memory, idle, 100 * spent / took, written * many - len(lags), written / took)


def _each(yard: Server, many: int, path: str) -> float:
    """KB that the server holds for each connection that was answered so and stays open."""
    before = _memory(yard.pid)
    with _listening(yard, many, path):
        return (_memory(yard.pid) - before) / many


@contextmanager
def _listening(yard: Server, many: int, path: str) -> Iterator[subprocess.Popen[bytes]]:
    """The subscribers, once all of them have their first bytes."""
    host, port = yard.address
    load = json.dumps({"host": host, "port": port, "token": yard.token, "many": many, "path": path})
    process = subprocess.Popen([sys.executable, str(LISTEN), load], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def _write(yard: Server, seconds: float) -> int:
    """One activity after another at the rate, however long the answers take: each a new name of a run. How many."""
    amount = int(seconds * RATE)
    with yard.client() as client, ThreadPoolExecutor(LANES) as lanes:
        run = client.post(f"{PROJECT}/runs", json={"managed": False}).raise_for_status().json()["id"]

        def rename() -> None:
            client.patch(f"{PROJECT}/runs/{run}", json={"name": f"n{time.monotonic_ns()}"}).raise_for_status()

        started, sent = time.monotonic(), []
        for number in range(amount):
            time.sleep(max(0.0, started + number / RATE - time.monotonic()))
            sent.append(lanes.submit(rename))
        for each in sent:
            each.result()
    return amount


def _told(listener: subprocess.Popen[bytes], expected: int) -> dict[str, list[float]]:
    """By the name that each gave: the server's time of the activity, and when the subscribers had it."""
    assert listener.stdin is not None
    assert listener.stdout is not None
    listener.stdin.write(f"{expected}\n".encode())
    listener.stdin.flush()
    told: dict[str, Any] = json.loads(listener.stdout.readline())
    return told


def _memory(pid: int) -> float:
    """Resident KB (1024 bytes) of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
