"""The other service: keeps frames and blobs in memory and knows neither metrics nor lines. Standard library only,
but for the frame format. It decides what is new of an append, under one lock; everything else is its client's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from trainyard.track.frames import split

__all__ = ["Service", "main"]


@dataclass
class _Run:
    frames: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    blobs: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, bytes] = field(default_factory=dict)


class Service(ThreadingHTTPServer):
    """The service, listening on 127.0.0.1. Port 0 takes a free one. Use it as a context manager, to close it."""

    request_queue_size = 128

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.lock = threading.Lock()
        self.runs: dict[tuple[str, str], _Run] = defaultdict(_Run)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def append(self, run: tuple[str, str], data: bytes) -> tuple[int, int]:
        """Keep what is new: the status and the durable number (200), or the one that is next (409)."""
        frames = split(data)
        with self.lock:
            kept = self.runs[run].frames[frames[0].writer]
            if frames[0].seq > len(kept) + 1:
                return 409, len(kept) + 1
            kept += [frame.raw for frame in frames if frame.seq > len(kept)]
            return 200, len(kept)

    def add_part(self, run: tuple[str, str], upload: str, offset: int, data: bytes) -> tuple[int, int]:
        """Keep a part that goes on where its upload is: the status and how many bytes there are."""
        with self.lock:
            parts = self.runs[run].parts
            kept = parts.get(upload, b"")
            if offset != len(kept):
                return 409, len(kept)
            parts[upload] = kept + data
            return 200, len(parts[upload])

    def complete(self, run: tuple[str, str], upload: str, name: str, size: int, digest: str) -> tuple[int, int]:
        """Make a blob of an upload's parts: 409 while some are missing, 422 for other bytes, which are dropped."""
        with self.lock:
            kept = self.runs[run]
            data = kept.parts.get(upload, b"")
            if len(data) == size and _digest(data) != digest:
                kept.parts.pop(upload, None)
                return 422, 0
            if len(data) == size:
                kept.blobs[name] = data
                kept.parts.pop(upload, None)
            blob = kept.blobs.get(name)
            done = blob is not None and (len(blob), _digest(blob)) == (size, digest)
            return (200, size) if done else (409, len(data))


class _Handler(BaseHTTPRequestHandler):
    """One request: `/runs/{project}/{run}[/{noun}[/{name}]]`."""

    server: Service
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # header and body go out as two writes; the second must not wait for an ACK
    timeout = 30

    def do_POST(self) -> None:
        run, noun, name, query = self._target()
        if noun == "complete":
            said = {key: values[0] for key, values in query.items()}
            status, number = self.server.complete(run, name, said["name"], int(said["size"]), said["digest"])
        else:
            status, number = self.server.append(run, self._body())
        self._answer(status, json.dumps(number).encode())

    def do_PUT(self) -> None:
        run, noun, name, query = self._target()
        data = self._body()
        if noun == "parts":
            status, number = self.server.add_part(run, name, int(query["offset"][0]), data)
            return self._answer(status, json.dumps(number).encode())
        with self.server.lock:
            self.server.runs[run].blobs[name] = data
        return self._answer(204, b"")

    def do_DELETE(self) -> None:
        run, noun, name, _ = self._target()
        with self.server.lock:
            if noun:
                kept = self.server.runs[run]
                (kept.parts if noun == "parts" else kept.blobs).pop(name, None)
            else:
                self.server.runs.pop(run, None)
        self._answer(204, b"")

    def do_GET(self) -> None:
        run, noun, name, query = self._target()
        with self.server.lock:
            kept = self.server.runs[run]
            writer = query.get("writer", [""])[0]
            if noun == "durable":
                return self._answer(200, json.dumps(len(kept.frames.get(writer, []))).encode())
            if noun == "parts":
                return self._answer(200, json.dumps(len(kept.parts.get(name, b""))).encode())
            if noun == "frames":
                chosen = [kept.frames.get(writer, [])] if writer else list(kept.frames.values())
                return self._answer(200, b"".join(raw for frames in chosen for raw in frames))
            blobs = dict(kept.blobs)
        if name:
            return self._blob(blobs.get(name))
        return self._answer(200, json.dumps([[name, len(b), _digest(b)] for name, b in blobs.items()]).encode())

    def _blob(self, data: bytes | None) -> None:
        if data is None:
            return self._answer(404, b"")
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-"))
        start, end = (int(asked[1]), int(asked[2] or len(data)) + 1) if asked else (0, len(data))
        return self._answer(200, data[start:end], digest=_digest(data))

    def _target(self) -> tuple[tuple[str, str], str, str, dict[str, list[str]]]:
        url = urlsplit(self.path)
        _, _, project, run, noun, name = (unquote(part) for part in (url.path + "///").split("/")[:6])
        return (project, run), noun, name, parse_qs(url.query)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(self, status: int, body: bytes, *, digest: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if digest:
            self.send_header("Digest", digest)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: tests read standard output."""


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    with Service(parser.parse_args().port) as service:
        print(service.url, flush=True)
        service.serve_forever()


if __name__ == "__main__":
    main()
