"""HTTP of the fake platform: requests are recorded, routed by a table, and misanswered when a test says so."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from fake_catalog import Catalog
from fake_platform import TOKEN, FakePlatform, Refusal, Seen
from fake_runs import Runs
from fake_sweeps import Sweeps
from fake_tracking import Tracking


class Handler(Runs, Tracking, Sweeps, Catalog, BaseHTTPRequestHandler):
    platform: FakePlatform
    protocol_version = "HTTP/1.1"
    timeout = 5

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle_any(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, unquote(parts.path), parse_qs(parts.query), headers, body)
        self.platform.seen.append(seen)
        if self.platform.on_request:
            self.platform.on_request(seen)
        self.close_connection = True  # so that no idle connection outlives a test
        if self.platform.faults:
            return self._misbehave(self.platform.faults.pop(0))
        try:
            with suppress(ConnectionError):  # a client may leave when it likes
                self._route(seen)
        except Refusal as refusal:
            self._send(refusal.problem["status"], json.dumps(refusal.problem).encode(), "application/problem+json")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815  # http.server looks for these names

    def _misbehave(self, fault: int | str) -> None:
        if fault == "drop":
            self.connection.close()
        elif isinstance(fault, str):
            self._send(200, fault.encode(), "text/html")
        else:
            problem = {"type": "about:blank", "title": "told to", "status": fault, "code": "told", "retryable": True}
            self._send(fault, json.dumps(problem).encode(), "application/problem+json")

    def _send(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        if self.platform.release:
            self.send_header("X-Trainyard-Server", self.platform.release)
        if self.platform.request_id:
            self.send_header("X-Request-Id", self.platform.request_id)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _json(self, value: Any, status: int = 200) -> None:
        self._send(status, msgspec.json.encode(value))

    def _route(self, seen: Seen) -> None:
        if seen.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, "not_authenticated", "the token is not known here", fix="set TRAINYARD_TOKEN_FILE")
        for pattern, name in _ROUTES:
            match = re.fullmatch(f"{seen.method} /api/v1{pattern}", f"{seen.method} {seen.path}")
            if match:
                return getattr(self, name)(seen, **match.groupdict())
        self._send(404, b"<h1>nothing here</h1>", "text/html")
        return None


_RUN = r"/projects/[^/]+/runs/(?P<ref>[^/]+)"
_SWEEP = r"/projects/[^/]+/sweeps/(?P<ref>[^/]+)"
_ROUTES = [
    (r"(/projects/[^/]+)?/runs", "runs"),
    (r"/projects/[^/]+/runs/bulk", "bulk"),
    (r"/projects/[^/]+/runs/preview", "preview"),
    (r"/projects/[^/]+/runs/series", "many_series"),
    (r"/projects/[^/]+/(?P<noun>components|presets)", "registry"),
    (r"/projects/[^/]+/(?P<noun>components|presets)/(?P<name>[^/]+)", "newest"),
    (r"/projects/[^/]+/(?P<noun>components|presets)/(?P<name>[^/]+)/versions", "versions"),
    (r"/projects/[^/]+/(?P<noun>components|presets)/(?P<name>[^/]+)/versions/(?P<version>[^/]+)", "version_"),
    (_RUN, "get"),
    (_SWEEP, "sweep"),
    (_SWEEP + "/trials", "trials"),
    (_SWEEP + "/front", "front"),
    (_RUN + "/stop", "stop"),
    (_RUN + "/(?P<verb>approve|skip|archive|restore|tag)", "act"),
    (_RUN + "/(?P<kind>restart|resume|copy)", "clone"),
    (_RUN + "/lineage", "lineage"),
    (_RUN + "/statuses", "statuses"),
    (_RUN + "/why", "why_"),
    (_RUN + "/activities", "activities"),
    (_RUN + "/events", "events"),
    (_RUN + "/tracked-events", "tracked_events"),
    (_RUN + "/logs", "logs"),
    (_RUN + "/metrics", "metrics_"),
    (_RUN + "/series", "series_"),
    (_RUN + "/frames", "frames"),
    (_RUN + "/artifacts", "artifacts"),
    (_RUN + "/artifacts/(?P<name>.+)", "artifact"),
    ("/projects", "projects"),
    ("/whoami", "whoami"),
    ("/queues", "queues"),
    ("/queues/(?P<name>[^/]+)", "queue"),
    (r"/notify/projects/(?P<project>[^/]+)/rules", "rules"),
    (r"/notify/projects/(?P<project>[^/]+)/rules/(?P<name>[^/]+)", "rule"),
    (r"/notify/projects/[^/]+/rules/(?P<name>[^/]+)/test", "tried"),
    ("/agents", "agents"),
    ("/plugins", "plugins"),
    ("/version", "version"),
]
