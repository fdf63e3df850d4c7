"""An HTTP server for suites that stands for the platform: it takes the frames of attempts exactly once."""

from __future__ import annotations

import json
import select
import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from trainyard.track import frames
from trainyard.track.frames import Frame, Kind

__all__ = ["Receiver"]


class Receiver:
    """Takes frames by (writer, sequence number), and files without looking at them. Used as a context manager.

    While `down` is true, it refuses all requests. While `answers` is not set, it does not answer requests with frames:
    `asked` is set when such a request arrives, and `given_up` when its client has closed the connection without
    waiting. `tokens` are the tokens of all requests with frames.
    """

    def __init__(self) -> None:
        self.down = False
        self.answers, self.asked, self.given_up = threading.Event(), threading.Event(), threading.Event()
        self.answers.set()
        self.tokens: set[str] = set()
        self.frames: dict[str, list[Frame]] = {}
        self._guard = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.answers.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def lines(self) -> list[str]:
        """Return all lines of output that have arrived."""
        return [line.text for frame in self._of(Kind.LOGS) for line in frames.unpack_lines(frame.payload)]

    def points(self) -> dict[str, int]:
        """Return how many points of each metric have arrived."""
        found: Counter[str] = Counter()
        for frame in self._of(Kind.METRICS):
            for column in frames.summarize(frame.payload):
                found[column.name] += column.total
        return dict(found)

    def has(self, line: str) -> bool:
        """Return whether that line has arrived."""
        return line in self.lines()

    def has_all(self, writers: Mapping[str, int]) -> bool:
        """Return whether all frames of each of these writers (the number of its last frame by its id) have arrived, and
        none of another writer."""
        return {writer: len(taken) for writer, taken in self.frames.items()} == dict(writers)

    def _of(self, kind: Kind) -> list[Frame]:
        with self._guard:
            return [frame for taken in self.frames.values() for frame in taken if frame.kind is kind]

    def take(self, body: bytes, token: str) -> tuple[int, dict[str, object]]:
        """Return the status and the body of the answer to a request with frames."""
        if self.down:
            return 503, {"code": "down"}
        with self._guard:
            self.tokens.add(token)
            durable = 0
            for frame in frames.split(body):
                known = self.frames.setdefault(frame.writer, [])
                if frame.seq > len(known) + 1:
                    return 409, {"code": "sequence_gap", "expected": len(known) + 1}
                if frame.seq == len(known) + 1:
                    known.append(frame)
                durable = len(known)
        return 200, {"durable": durable}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                self._wait()
                status, answer = receiver.take(body, token)
                self._answer(status, answer)

            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(503 if receiver.down else 201, {})

            def _wait(self) -> None:
                if not receiver.answers.is_set():
                    receiver.asked.set()
                    receiver.answers.wait()
                    if select.select([self.connection], [], [], 0)[0]:  # its end: it sends one request at a time
                        receiver.given_up.set()

            def _answer(self, status: int, answer: dict[str, object]) -> None:
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                return

        return Handler
