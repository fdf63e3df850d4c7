"""Runs created a second, at 1, 8 and 64 connections: each with token, authorization, compilation, idempotency key and
wake, durable before it is answered. Their queue is paused, so that nothing starts. The floor is a POST to a Litestar
handler that does nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench.load import Plan, Report, generate
from bench.measure import Result, Scale, alternate, percentile
from bench.operations import creation, job
from bench.servers import Server, bare, yard_up

__all__ = ["measure"]

SECONDS = 1.5
AIMS = {1: None, 8: 1500.0, 64: None}


def measure(scale: Scale, folder: Path) -> list[Result]:
    """Three rates, and the errors at the most connections."""
    results = []
    with yard_up(folder, {}) as yard, bare() as floor:
        with yard.client() as client:
            client.put("/api/v1/queues/paused", json={"paused": True}).raise_for_status()
        for connections, aim in AIMS.items():
            subject = _load(yard, connections, SECONDS * scale.share)
            reports = alternate(
                f"create.{connections}", scale.rounds, subject, _load(floor, connections, SECONDS * scale.share)
            )
            results.append(_rate(connections, aim, *reports))
    return [*results, _errors(*reports)]


def _load(server: Server, connections: int, seconds: float) -> Callable[[], Report]:
    once = creation(server, job("/bin/true", queue="paused"))
    host, port = server.address

    def load() -> Report:
        salt = time.monotonic_ns()
        return generate(Plan(host=host, port=port, lanes=[[once]] * connections, seconds=seconds, salt=salt))

    return load


def _rate(connections: int, aim: float | None, subject: list[Report], floor: list[Report]) -> Result:
    latencies = sorted(latency for report in subject for latency in report.latencies)
    return Result(
        f"create.{connections}",
        f"runs created, {connections} connection{'s' if connections > 1 else ''}",
        "runs/s",
        [report.rate for report in subject],
        [report.rate for report in floor],
        aim,
        more=True,
        detail={f"p{share}_ms": round(1000 * percentile(latencies, share / 100), 2) for share in (50, 95, 99)},
    )


def _errors(subject: list[Report], floor: list[Report]) -> Result:
    return Result(
        "create.64.errors",
        "requests that failed, 64 connections",
        "errors",
        [report.errors for report in subject],
        [report.errors for report in floor],
        0.0,
        detail={"statuses": [report.statuses for report in subject]},
    )
