"""One root of attempts for a test, and the check that nothing of it lives on."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from trainyard.track import frames
from trainyard_core.hookspecs import Context
from trainyard_scheduler_process.scheduler import ProcessScheduler


class Site:
    """A data directory of one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "plugin"
        self.root = self.folder / "attempts"
        self.scratch = folder / "scratch"
        self.scratch.mkdir()

    def make_scheduler(self, url: str = "") -> ProcessScheduler:
        return ProcessScheduler.from_context(Context(folder=self.folder, settings={"cpu": 4, "gpu": 2}, url=url))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Afterwards no process knows the folder by its arguments or environment, and nobody listens in it."""
    site = Site(tmp_path)
    yield site
    others = (
        entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit() and entry.name != str(os.getpid())
    )
    left = [pid for pid in others if _knows(pid, tmp_path)]
    assert not left, f"processes left: {left}"
    watch = site.root / ".watch"
    assert not watch.exists() or not list(watch.iterdir())


def _knows(pid: str, folder: Path) -> bool:
    text = b""
    for name in ("environ", "cmdline"):
        try:
            text += Path("/proc", pid, name).read_bytes()
        except OSError:
            continue
    try:
        handles = [str(entry.readlink()) for entry in Path("/proc", pid, "fd").iterdir()]
    except OSError:
        handles = []
    return str(folder).encode() in text or any(handle.startswith(str(folder)) for handle in handles)


class Platform:
    """A server that takes frames exactly once by (writer, seq), and refuses all while it is `down`."""

    def __init__(self) -> None:
        self.down = False
        self.tokens: set[str] = set()
        self.frames: dict[str, list[frames.Frame]] = {}
        self.changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def texts(self) -> list[str]:
        """All log lines that came."""
        taken = [frame for writer in self.frames.values() for frame in writer if frame.kind is frames.Kind.LOGS]
        return [line.text for frame in taken for line in frames.unpack_lines(frame.payload)]

    def take(self, body: bytes, token: str) -> tuple[int, dict[str, object]]:
        if self.down:
            return 503, {"code": "down"}
        with self.changed:
            self.tokens.add(token)
            durable = 0
            for frame in frames.split(body):
                known = self.frames.setdefault(frame.writer, [])
                if frame.seq > len(known) + 1:
                    return 409, {"code": "sequence_gap", "expected": len(known) + 1}
                if frame.seq == len(known) + 1:
                    known.append(frame)
                durable = len(known)
            self.changed.notify_all()
        return 200, {"durable": durable}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = platform.take(body, self.headers.get("Authorization", ""))
                self._answer(status, answer)

            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(503 if platform.down else 201, {})

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


@pytest.fixture
def platform() -> Iterator[Platform]:
    platform = Platform()
    yield platform
    platform.close()


@pytest.fixture
def moved(platform: Platform) -> Iterator[Platform]:
    """The same platform at another address, with the frames that it has already."""
    moved = Platform()
    moved.frames = platform.frames
    yield moved
    moved.close()
