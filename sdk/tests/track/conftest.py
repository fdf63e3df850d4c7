"""What the tracking tests share: reading a spool back, and a small HTTP server that behaves as the platform does."""

import contextlib
import hashlib
import http.server
import json
import re
import socket
import threading
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote

import pytest

from trainyard.track import failpoints, frames, segments
from trainyard.track import log_once as saying

_VARIABLES = (
    "RUN SPOOL URL TOKEN TOKEN_FILE PROJECT PARAMS OFFLINE DATA RESUME_FROM RESUME_STEP ATTEMPT PARENT_SPOOL STRICT"
)


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    """No test sees another's environment, warnings or fault hook, and nothing is recorded but what it records."""
    for name in _VARIABLES.split():
        monkeypatch.delenv(f"TRAINYARD_{name}", raising=False)
    for name in ("CODE", "ORIGIN", "CAPTURE", "SYSTEM_PERIOD"):
        monkeypatch.setenv(f"TRAINYARD_{name}", "0")
    monkeypatch.setenv("TRAINYARD_QUIET", "1")
    saying._said.clear()
    yield
    failpoints.install(None)


def all_frames(root, writer):
    """Every frame of one writer, gaps filled, as the server would see them."""
    raw, _ = segments.read(root / writer, writer, segments.Place(1), 1 << 40)
    return frames.split(b"".join(raw))


def rows_of(found):
    """The rows of frames as (names, step, values), in frame order and in block order."""
    rows = []
    for frame in found:
        if frame.kind is frames.Kind.METRICS:
            for block in frames.unpack_metrics(frame.payload):
                rows += [(block.names, step, v) for step, *v in zip(block.steps, *block.values, strict=True)]
    return rows


@pytest.fixture
def spool_rows():
    """Rows of a whole spool by writer."""
    return lambda root: {writer: rows_of(all_frames(root, writer)) for writer in segments.writers(root)}


@pytest.fixture
def spool_frames():
    return all_frames


@pytest.fixture
def frame_rows():
    return rows_of


@pytest.fixture
def spool_lines():
    """The output that is kept in a spool, as (stream, text), in the order in which it was printed."""

    def lines(root):
        found = [f for w in segments.writers(root) for f in all_frames(root, w) if f.kind is frames.Kind.LOGS]
        kept = [line for frame in found for line in frames.unpack_lines(frame.payload)]
        return [(line.stream, line.text) for line in kept]

    return lines


@pytest.fixture
def spool_events():
    def events(root):
        found = [f for w in segments.writers(root) for f in all_frames(root, w) if f.kind is frames.Kind.EVENTS]
        return [event for frame in found for event in frames.unpack_events(frame.payload)]

    return events


class Platform:
    """The server's promises about frames and artifacts, in memory. `plan` holds what to do to the next frames
    requests: "ok", "503", "lose" (do nothing and cut the line), "store" (store, then cut the line), "hang" (answer
    when `release` is set), "401", "422"; when it is empty all is well. `refusals` holds the next
    answers, a status and a body each, to artifacts by name; `projects` those that there are, None: all. With a `life`
    it answers 503 after each so many requests, as a server does that is killed again and again."""

    def __init__(self):
        self.token = "secret-1"
        self.frames = {}
        self.artifacts = {}
        self.runs = {}
        self.projects = None
        self.project_taken = False
        self.keys = []
        self.plan = []
        self.life, self.age = 0, 0
        self.sizes = []
        self.refusals = {}
        self.requests = []
        self.cuts = []
        self.kinds = {}
        self.attempts = set()
        self.release = threading.Event()
        self.heard = threading.Event()
        self.connections = []
        self.limit = 8 * 1024 * 1024 + 4096
        self.lock = threading.Lock()
        handler = type("Handler", (Handler,), {"platform": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def listed(self, name):
        """An artifact as the list has it; the later of two was stored later."""
        digest = f"sha256:{hashlib.sha256(self.artifacts[name]).hexdigest()}"
        at = f"2026-01-01T00:00:{[*self.artifacts].index(name):02d}.000000Z"
        return {
            "name": name,
            "kind": self.kinds.get(name, "file"),
            "size": len(self.artifacts[name]),
            "digest": digest,
            "at": at,
        }

    def dies(self):
        """Whether this request meets the end of a life."""
        self.age = 0 if self.life and self.age >= self.life else self.age + 1
        return self.life > 0 and self.age == 0

    def close(self):
        """Answer no more. May be called again."""
        self.release.set()
        self.server.shutdown()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server.server_close()
        self.thread.join()

    def elsewhere(self):
        """The same platform at another port."""
        other = type(self)()
        other.token, other.frames, other.artifacts, other.runs = self.token, self.frames, self.artifacts, self.runs
        return other

    def rows(self):
        return {writer: rows_of(found) for writer, found in self.frames.items()}

    def events(self):
        found = [f for fs in self.frames.values() for f in fs if f.kind is frames.Kind.EVENTS]
        return [event for frame in found for event in frames.unpack_events(frame.payload)]

    def append(self, data):
        found = frames.split(data)
        with self.lock:
            have = self.frames.setdefault(found[0].writer, [])
            if found[0].seq > len(have) + 1:
                return 409, {"code": "sequence_gap", "status": 409, "expected": len(have) + 1}
            have += [frame for frame in found if frame.seq > len(have)]
            assert [f.seq for f in have] == list(range(1, len(have) + 1))
            return 200, {"writer": found[0].writer, "durable": len(have)}


class Handler(http.server.BaseHTTPRequestHandler):
    """What is asked of the platform, over HTTP."""

    platform: Platform
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.platform.connections.append(self.connection)

    def log_message(self, *args):
        pass

    def cut(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        self.handle_it("POST")

    def do_PUT(self):
        self.handle_it("PUT")

    def do_GET(self):
        """A list of artifacts, one on each page, or the bytes of one, of which `cuts` tell how many come of a time."""
        self.platform.requests.append(("GET", self.path, self.headers.get("Range", "")))
        if self.headers["Authorization"] != f"Bearer {self.platform.token}":
            return self.answer(401, {"code": "unauthorized", "status": 401})
        if self.platform.plan and (status := int(self.platform.plan.pop(0))):
            return self.answer(status, {"code": "planned", "status": status})
        path, _, query = self.path.partition("?")
        if path.endswith("/artifacts"):
            return self.list({key: found[0] for key, found in parse_qs(query).items()})
        return self.read(unquote(path.partition("/artifacts/")[2]))

    def list(self, query):
        names = sorted(
            n for n in self.platform.artifacts if n.startswith(query["prefix"]) and n > query.get("cursor", "")
        )
        items = [self.platform.listed(name) for name in names[:1]]
        return self.answer(200, {"items": items, "next": names[0] if len(names) > 1 else None})

    def read(self, name):
        body = self.platform.artifacts.get(name)
        if body is None:
            return self.answer(404, {"code": "not_found", "status": 404})
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        end = start + self.platform.cuts.pop(0) if self.platform.cuts else len(body)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.wfile.write(body[start:end])
        return self.cut() if end < len(body) else None

    def handle_it(self, method):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.platform.requests.append((method, self.path, self.headers.get("Idempotency-Key", "")))
        self.platform.attempts.add(self.headers.get("Attempt"))
        if self.headers["Authorization"] != f"Bearer {self.platform.token}":
            return self.answer(401, {"code": "unauthorized", "status": 401})
        if self.platform.dies():
            return self.answer(503, {"code": "unavailable", "status": 503})
        if method == "PUT":
            return self.artifact(body)
        if self.path.endswith("/projects"):
            self.platform.projects.add(json.loads(body)["name"])
            return self.answer(409 if self.platform.project_taken else 201, {})
        if self.path.endswith("/runs"):
            return self.create(json.loads(body))
        return self.take(body)

    def artifact(self, body):
        name = unquote(re.search(r"/artifacts/([^?]*)", self.path)[1])
        if self.platform.refusals.get(name):
            return self.answer(*self.platform.refusals[name].pop(0))
        if self.headers["Digest"] != f"sha256:{hashlib.sha256(body).hexdigest()}":
            return self.answer(422, {"code": "digest_mismatch", "status": 422})
        self.platform.artifacts[name] = body
        return self.answer(201, {})

    def create(self, body):
        if self.platform.projects == set():
            return self.answer(404, {"code": "not_found", "status": 404})
        self.platform.keys.append(self.headers["Idempotency-Key"])
        status = 200 if body["id"] in self.platform.runs else 201
        self.platform.runs.setdefault(body["id"], body)
        return self.answer(status, {"id": body["id"]})

    def take(self, body):
        self.platform.sizes.append(len(body))
        if len(body) > self.platform.limit:
            return self.answer(413, {"code": "too_large", "status": 413})
        todo = self.platform.plan.pop(0) if self.platform.plan else "ok"
        if todo.isdigit():
            return self.answer(int(todo), {"code": "planned", "status": int(todo)})
        if todo == "lose":
            return self.cut()
        if todo == "hang":
            self.platform.release.wait(30)
            return self.cut()
        status, answer = self.platform.append(body)
        self.platform.heard.set()
        if todo == "store":
            return self.cut()
        return self.answer(status, answer)


@pytest.fixture
def platform():
    server = Platform()
    yield server
    server.close()


@pytest.fixture
def token_file(tmp_path, platform):
    path = tmp_path / "token"
    path.write_text(platform.token + "\n")
    return path


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A data directory of the test's own, and a process that tracks nothing yet."""
    from trainyard.track import ending, session

    data = tmp_path / "data"
    monkeypatch.setattr(ending, "watch_program", lambda: None)
    monkeypatch.setenv("TRAINYARD_DATA", str(data))
    monkeypatch.setattr(session, "_current", None)
    monkeypatch.setattr(session, "_hooked", True)
    yield SimpleNamespace(data=data, spools=lambda: sorted(Path(data, "spool").glob("*")))
    if session._current is not None:
        session._current.finish(finish_timeout=0)


@pytest.fixture
def managed(tmp_path, home, monkeypatch):
    """The spool of an attempt whose program this process is."""
    monkeypatch.setenv("TRAINYARD_RUN", "the-run")
    monkeypatch.setenv("TRAINYARD_PROJECT", "p")
    monkeypatch.setenv("TRAINYARD_SPOOL", str(tmp_path / "attempt" / "spool"))
    monkeypatch.setenv("TRAINYARD_PARAMS", '{"lr": 0.5, "layers": [1, 2]}')
    return tmp_path / "attempt" / "spool"
