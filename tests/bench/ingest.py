"""Durable points a second through the server: frames of blocks of five metrics, as spools hold them, posted by one and
by four writers, each to a run of its own; a point is one number of one metric. The floor is the same requests to a
Litestar handler that receives them and forgets.
"""

from __future__ import annotations

import time
import uuid
from array import array
from collections.abc import Callable
from pathlib import Path

from bench.load import Plan, Report, generate, request
from bench.measure import Result, Scale, alternate, percentile
from bench.servers import PROJECT, Server, bare, yard_up
from trainyard.track.frames import Block, Kind, encode, pack_metrics

__all__ = ["measure"]

AIM = 500_000.0
NAMES = ("loss", "accuracy", "lr", "grad_norm", "throughput")
ROWS = 1_000
BLOCKS = 20
"""A frame of 20 blocks of 1,000 rows of 5 metrics is 1.1 MB and 100,000 points."""

FRAMES_A_REQUEST = 2
REQUESTS = 24


def measure(scale: Scale, folder: Path) -> list[Result]:
    """With one and with four connections."""
    payload = _payload()
    results = []
    with yard_up(folder, {}) as yard, bare() as floor:
        for connections in (1, 4):
            requests = scale.of(REQUESTS, least=2 * connections) // connections
            name = f"ingest.{connections}"
            rounds = alternate(
                name,
                scale.rounds,
                _load(yard, payload, connections, requests),
                _load(floor, payload, connections, requests),
            )
            results.append(_rate(name, connections, *rounds))
    return results


def _payload() -> bytes:
    steps = array("q", range(ROWS))
    times = array("q", range(1_700_000_000_000_000, 1_700_000_000_000_000 + ROWS))
    block = Block(NAMES, steps, times, [array("d", (1 / (1 + i + k) for i in steps)) for k in range(len(NAMES))])
    return pack_metrics([block] * BLOCKS)


def _load(server: Server, payload: bytes, connections: int, requests: int) -> Callable[[], Report]:
    """Everything is encoded before the clock starts. Each round has runs and writers of its own."""
    host, port = server.address

    def load() -> Report:
        lanes = [_lane(server, payload, requests) for _ in range(connections)]
        report = generate(Plan(host=host, port=port, lanes=lanes))
        if report.errors:
            raise RuntimeError(f"{server.url}: {report.statuses}, {report.broken} connections broken")
        return report

    return load


def _lane(server: Server, payload: bytes, requests: int) -> list[bytes]:
    run, writer = _new_run(server), uuid.uuid4().hex
    path, headers = f"{PROJECT}/runs/{run}/frames", {**server.headers, "Content-Type": "application/octet-stream"}
    seqs = [range(1 + i * FRAMES_A_REQUEST, 1 + (i + 1) * FRAMES_A_REQUEST) for i in range(requests)]
    bodies = (b"".join(encode(Kind.METRICS, writer, seq, payload) for seq in group) for group in seqs)
    return [request("POST", path, headers, body) for body in bodies]


def _new_run(server: Server) -> str:
    with server.client() as client:
        answer = client.post(f"{PROJECT}/runs", json={"managed": False, "name": f"ingest-{time.monotonic_ns()}"})
        return str(answer.raise_for_status().json()["id"])


def _rate(name: str, connections: int, subject: list[Report], floor: list[Report]) -> Result:
    points = FRAMES_A_REQUEST * BLOCKS * ROWS * len(NAMES)
    latencies = sorted(latency for report in subject for latency in report.latencies)
    return Result(
        name,
        f"durable points through the server, {connections} connection{'s' if connections > 1 else ''}",
        "points/s",
        [points * report.rate for report in subject],
        [points * report.rate for report in floor],
        AIM,
        more=True,
        detail={"points_a_request": points, "p50_ms": round(1000 * percentile(latencies, 0.5), 1)},
    )
