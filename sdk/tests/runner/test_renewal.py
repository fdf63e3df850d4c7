"""A run's token is renewed by its real runner: in good time, and first of all after it was cut off for too long."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from trainyard.runner.layout import write_whole
from trainyard.track import frames
from trainyard.track.frames import Kind


class Server:
    """Takes frames of a valid token only, and gives another one for any that it gave, for `life` seconds."""

    def __init__(self, life: int) -> None:
        self.life = life
        self.asked: list[tuple[str, int]] = []
        self.texts: list[str] = []
        self.given: list[str] = []
        self.unwelcome: set[str] = set()
        self.changed = threading.Condition()
        self._numbers = itertools.count(1)
        handler = type("Handler", (_Handler,), {"server_": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = False
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def give(self, *, expires_in: float | None = None) -> str:
        """A token; one that has expired already for a negative time."""
        expiry = int(time.time() + (self.life if expires_in is None else expires_in))
        token = f"tyr.run.1.{expiry}.{next(self._numbers)}"
        self.given.append(token)
        return token

    def answer(self, what: str, token: str, body: bytes) -> tuple[int, dict[str, Any]]:
        with self.changed:
            status, found = self._answer(what, token, body)
            self.asked.append((what, status))
            self.changed.notify_all()
            return status, found

    def _answer(self, what: str, token: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if token not in self.given:
            return 401, {"code": "unauthenticated"}
        if what == "token":
            return 200, {"token": self.give()}
        if token in self.unwelcome or float(token.split(".")[3]) <= time.time():
            return 401, {"code": "unauthenticated"}
        found = frames.split(body)
        for frame in found:
            if frame.kind is Kind.LOGS:
                self.texts += [line.text for line in frames.unpack_lines(frame.payload)]
        return 200, {"writer": found[0].writer, "durable": found[-1].seq}

    def count(self, what: str) -> int:
        return sum(asked == what for asked, _ in self.asked)

    def wait(self, what: str, times: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.count(what) >= times, 60), f"{what} was asked for {self.asked}"


class _Handler(BaseHTTPRequestHandler):
    server_: Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        status, answer = self.server_.answer(self.path.rsplit("/", 1)[-1], token, body)
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(life=4)
    yield made
    made.close()


def test_the_runner_renews_in_good_time_and_the_file_has_the_new_token(attempt: Any, server: Server) -> None:
    one = attempt("echo begin; while [ ! -e $TRAINYARD_OUTPUTS/../go ]; do sleep 0.05; done", url=server.url)
    first = server.give()
    write_whole(one.folder.token, first.encode())
    process = one.start()
    server.wait("token", 2)
    held = one.folder.token.read_text()
    assert held in server.given
    assert held != first
    assert one.folder.token.stat().st_mode & 0o777 == 0o600
    (one.folder.path / "go").touch()
    assert process.wait(60) == 0
    assert server.texts == ["begin"]
    assert ("frames", 401) not in server.asked


def test_a_runner_that_was_cut_off_for_longer_than_a_token_lives_renews_first(attempt: Any, server: Server) -> None:
    one = attempt("echo hello", url=server.url)
    write_whole(one.folder.token, server.give(expires_in=-3600).encode())
    assert one.run()["code"] == 0
    assert server.asked[0] == ("token", 200)
    assert ("frames", 401) not in server.asked
    assert server.texts == ["hello"]


def test_a_token_that_has_expired_by_the_servers_clock_alone_is_renewed_when_it_is_refused(
    attempt: Any, server: Server
) -> None:
    one = attempt("echo hello", url=server.url)
    token = server.give(expires_in=36_000)
    server.unwelcome.add(token)
    write_whole(one.folder.token, token.encode())
    assert one.run()["code"] == 0
    assert server.asked[:3] == [("frames", 401), ("token", 200), ("frames", 200)]
    assert server.texts == ["hello"]
