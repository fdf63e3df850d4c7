"""Notifications on `yard up`: from the activity of a run that begins, by the time that the server gives it before it
commits, until a webhook of this machine has the request. Twenty runs a second begin. The floor is a request with the
same body from this process, on a connection of its own as each notification has.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import msgspec

from bench.measure import Result, Scale, percentile, say
from bench.servers import PROJECT, yard_up

__all__ = ["measure"]

RUNS, RATE = 200, 20
AIM = 250.0
WAIT = 60.0
RULE = {"connection": "hook", "events": ["running"]}
ENVIRON = {"BENCH_HOOK_KEY": "a key of the benchmark", "TRAINYARD_NOTIFY__ALLOW_PRIVATE": "true"}


class _Receiver(ThreadingHTTPServer):
    """Keeps when each request came, in seconds since 1970 UTC, with its body."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: list[tuple[float, bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((time.time(), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """It is quiet."""


def measure(scale: Scale, folder: Path) -> list[Result]:
    """The lag."""
    runs = scale.of(RUNS, 20)
    lags: list[list[float]] = []
    floors: list[list[float]] = []
    missed = []
    with _receiver() as receiver, yard_up(folder, {}, environ=ENVIRON) as yard, yard.client() as client:
        hook = {
            "kind": "webhook",
            "fields": {"url": f"http://127.0.0.1:{receiver.server_port}/"},
            "secrets": {"key": {"env": "BENCH_HOOK_KEY"}},
        }
        client.put("/api/v1/connections/hook", json=hook).raise_for_status()
        client.put("/api/v1/notify/projects/default/rules/begins", json=RULE).raise_for_status()
        _round(client, receiver, 5)  # the first ones import what sends
        for number in range(1, scale.rounds + 1):
            lags.append(_round(client, receiver, runs))
            missed.append(runs - len(lags[-1]))
            floors.append(_floor(receiver, receiver.taken[-1][1], runs))
            say(f"notify: round {number}: p95 {percentile(lags[-1], 0.95):.1f} ms")

    def result(name: str, share: float, aim: float | None) -> Result:
        subject, floor = ([percentile(each, share) for each in several] for several in (lags, floors))
        what = f"from event to notification, {RATE} events/s, p{share * 100:.0f}"
        return Result(name, what, "ms", subject, floor, aim, detail={"missed": missed})

    return [result("notify.lag", 0.5, None), result("notify.lag.p95", 0.95, AIM)]


@contextmanager
def _receiver() -> Iterator[_Receiver]:
    receiver = _Receiver()
    thread = threading.Thread(target=receiver.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.shutdown()
        receiver.server_close()
        thread.join()


def _round(client: httpx.Client, receiver: _Receiver, runs: int) -> list[float]:
    """Have so many runs begin, and wait until all are told; the lags in ms."""
    before, started = len(receiver.taken), time.monotonic()
    for number in range(runs):
        time.sleep(max(0.0, started + number / RATE - time.monotonic()))
        client.post(f"{PROJECT}/runs", json={"managed": False}).raise_for_status()
    deadline = time.monotonic() + WAIT
    while len(receiver.taken) - before < runs and time.monotonic() < deadline:
        time.sleep(0.02)
    return [
        (came - datetime.fromisoformat(msgspec.json.decode(body)["at"]).timestamp()) * 1000
        for came, body in receiver.taken[before:]
    ]


def _floor(receiver: _Receiver, body: bytes, times: int) -> list[float]:
    """How long such a request takes from here until it has come, in ms."""
    lags = []
    for _ in range(times):
        before, sent = len(receiver.taken), time.time()
        connection = HTTPConnection("127.0.0.1", receiver.server_port)
        connection.request("POST", "/", body)
        connection.getresponse().read()
        connection.close()
        lags.append((receiver.taken[before][0] - sent) * 1000)
    return lags
