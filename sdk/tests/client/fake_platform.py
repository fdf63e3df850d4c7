"""A small platform over real HTTP on a free port of this machine: it speaks the wire models from memory, records what
it was asked, and can be told to misbehave. Each test has its own."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from trainyard.client import models

TOKEN = "secret-token-of-the-fake"
FINAL = ("succeeded", "failed", "stopped", "skipped")


class Refusal(Exception):
    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        self.problem = {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail, **more}


@dataclass
class Seen:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass
class FakePlatform:
    """`faults` are used up one a request: a status to answer, "drop" to cut the connection, or raw text to send with
    status 200. `cuts` tell after how many lines a log stream breaks off, in the middle of the next one."""

    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    metrics: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    series: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    artifacts: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    why: dict[str, dict[str, Any]] = field(default_factory=dict)
    lineage: dict[str, dict[str, Any]] = field(default_factory=dict)
    projects: list[str] = field(default_factory=lambda: ["default"])
    queues: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    registered: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    code: dict[str, Any] = field(default_factory=dict)
    blockers: list[dict[str, str]] = field(default_factory=list)
    faults: list[int | str] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    api: str = "v1"
    release: str = ""
    seen: list[Seen] = field(default_factory=list)
    on_request: Callable[[Seen], None] | None = None
    url: str = ""

    def add_run(self, run_id: str, **more: Any) -> dict[str, Any]:
        base = {"id": run_id, "project": "default", "kind": "job", "status": "succeeded"}
        self.runs[run_id] = {**base, "created_at": "2026-01-02T03:04:05Z", **more}
        return self.runs[run_id]

    def start(self) -> FakePlatform:
        handler = type("Handler", (_Handler,), {"platform": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def asked(self, method: str, ending: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == method and seen.path.endswith(ending)]

    def find(self, ref: str) -> dict[str, Any]:
        found = [run for run_id, run in self.runs.items() if run_id == ref or (len(ref) >= 4 and run_id.endswith(ref))]
        if not found:
            raise Refusal(404, "run_not_found", f"no run {ref!r} in project 'default'", fix="`yard ls` lists them")
        return found[0]


class _Handler(BaseHTTPRequestHandler):
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

    def runs(self, seen: Seen) -> None:
        (self.create if seen.method == "POST" else self.list_runs)(seen)

    def artifact(self, seen: Seen, ref: str, name: str) -> None:
        (self.put_artifact if seen.method == "PUT" else self.get_artifact)(seen, ref, name)

    def create(self, seen: Seen) -> None:
        wish = msgspec.json.decode(seen.body, type=models.CreateRun)
        key = seen.headers["idempotency-key"]
        if wish.queue == "nowhere":
            raise Refusal(404, "queue_not_found", "no queue 'nowhere'; queues: default", fix="choose one of them")
        if "broken" in wish.content:
            fault = {"message": "unknown field `contianer`", "file": wish.file, "line": 3, "column": 5, "fix": "fix it"}
            raise Refusal(422, "invalid_operation", "the operation is not valid", faults=[fault])
        if key not in self.platform.keys:
            run_id = f"01890000-0000-7000-8000-{len(self.platform.runs) + 1:012x}"
            self.platform.add_run(run_id, status="created", name=wish.name, tags=wish.tags, inputs=wish.params)
            self.platform.keys[key] = run_id
        self._json(self.platform.runs[self.platform.keys[key]], 201)

    def preview(self, seen: Seen) -> None:
        self._json({
            "operation": {}, "resolved": {"command": ["python"], "code": self.platform.code}, "digest": "sha256:d",
            "queue": "gpu", "warnings": ["component 'old:1' is deprecated: use new"],
            "forecast": {"run": "r", "status": "queued", "summary": "", "blockers": self.platform.blockers},
            "uses": [{"kind": "component", "name": "train", "version": "1.0", "digest": "sha256:c"}],
        })  # fmt: skip

    def registry(self, seen: Seen, noun: str) -> None:
        if seen.method == "GET":
            held = [one for (kind, _, _), one in self.platform.registered.items() if kind == noun]
            return self._json({"items": held, "next": None})
        wish = json.loads(seen.body)
        made = {"project": "default", "digest": "sha256:" + "0" * 64, **wish}
        self.platform.registered[noun, wish["name"], wish["version"]] = made
        return self._json(made, 201)

    def newest(self, seen: Seen, noun: str, name: str) -> None:
        self.version_(seen, noun, name, max(v for kind, n, v in self.platform.registered if (kind, n) == (noun, name)))

    def versions(self, seen: Seen, noun: str, name: str) -> None:
        held = [one for (kind, n, _), one in self.platform.registered.items() if (kind, n) == (noun, name)]
        self._json({"items": held, "next": None})

    def version_(self, seen: Seen, noun: str, name: str, version: str) -> None:
        if seen.method == "DELETE":
            del self.platform.registered[noun, name, version]
            return self._send(204, b"")
        found = self.platform.registered[noun, name, version]
        if seen.method == "PATCH":
            found.update(json.loads(seen.body))
        return self._json(found)

    def list_runs(self, seen: Seen) -> None:
        wanted = re.findall(r'status:"?(\w+)', seen.query.get("q", [""])[0])
        runs = [run for run in self.platform.runs.values() if not wanted or run["status"] in wanted][::-1]
        start, limit = int(seen.query.get("cursor", ["0"])[0]), int(seen.query.get("limit", ["50"])[0])
        end = start + limit
        self._json({"items": runs[start:end], "next": str(end) if end < len(runs) else None})

    def get(self, seen: Seen, ref: str) -> None:
        run = self.platform.find(ref)
        if seen.method == "DELETE":
            del self.platform.runs[run["id"]]
            return self._send(204, b"")
        if seen.method == "PATCH":
            run.update({name: value for name, value in json.loads(seen.body).items() if value is not None})
        return self._json(run)

    def act(self, seen: Seen, ref: str, verb: str) -> None:
        run, wish = self.platform.find(ref), json.loads(seen.body)
        if verb == "tag":
            run["tags"] = [tag for tag in run.get("tags", []) if tag not in wish.get("remove", [])]
            run["tags"] += wish.get("add", [])
        if verb == "skip":
            run["status"] = "skipped"
        self._json(run)

    def clone(self, seen: Seen, ref: str, kind: str) -> None:
        run, wish = self.platform.find(ref), json.loads(seen.body)
        made = self.platform.add_run(
            f"01890000-0000-7000-8000-{len(self.platform.runs) + 1:012x}",
            status="queued",
            inputs=wish.get("params", {}),
            cloned_from=run["id"],
            clone_kind=kind,
        )
        self._json(made, 201)

    def bulk(self, seen: Seen) -> None:
        wish, items = json.loads(seen.body), []
        for ref in wish["refs"]:
            try:
                run = self.platform.find(ref)
            except Refusal:
                items.append({"ref": ref, "done": False, "code": "not_found", "detail": f"no run {ref!r}"})
                continue
            items.append({"ref": ref, "id": run["id"], "done": True, "status": run["status"], "made": ""})
        self._json({"items": items})

    def lineage(self, seen: Seen, ref: str) -> None:
        run = self.platform.find(ref)
        self._json({"run": run["id"], **self.platform.lineage.get(run["id"], {})})

    def stop(self, seen: Seen, ref: str) -> None:
        run = self.platform.find(ref)
        if run["status"] in FINAL:
            raise Refusal(409, "run_is_final", f"run {ref} has ended: {run['status']}", fix="there is nothing to stop")
        run["intent"], run["message"] = "stop", json.loads(seen.body).get("message", "")
        self._json(run)

    def statuses(self, seen: Seen, ref: str) -> None:
        self._json({"items": [{"status": self.platform.find(ref)["status"], "at": "2026-01-02T03:04:05Z"}]})

    def why_(self, seen: Seen, ref: str) -> None:
        run = self.platform.find(ref)
        self._json(self.platform.why.get(run["id"], {"run": run["id"], "status": run["status"], "summary": "it ended"}))

    def activities(self, seen: Seen, ref: str) -> None:
        after = int(seen.query.get("cursor", ["0"])[0])
        every = [
            {"id": n, "kind": f"k{n}", "at": "2026-01-02T03:04:05Z", "actor": "me", "project": "default"}
            for n in range(1, 6)
        ]
        items = [item for item in every if item["id"] > after][:2]
        self._json({"items": items, "next": str(items[-1]["id"]) if items else None})

    def logs(self, seen: Seen, ref: str) -> None:
        lines = self.platform.lines.get(self.platform.find(ref)["id"], [])
        if seen.headers["accept"] == "text/event-stream":
            return self._stream_logs(seen, ref, lines)
        limit = int(seen.query.get("limit", ["2"])[0])
        start = int(seen.query.get("cursor", ["0"])[0])
        if seen.query.get("tail") == ["true"]:
            start = max(0, len(lines) - limit)
        items = [{"at": "2026-01-02T03:04:05Z", "text": text} for text in lines[start : start + limit]]
        end = start + len(items)
        self._json({"items": items, "next": str(end), "more": end < len(lines)})
        return None

    def _stream_logs(self, seen: Seen, ref: str, lines: list[str]) -> None:
        start = int(seen.headers.get("last-event-id") or seen.query.get("cursor", ["0"])[0])
        cut = self.platform.cuts.pop(0) if self.platform.cuts else None
        self._open_stream()
        for number, text in enumerate(lines[start:], start + 1):
            line = {"at": "2026-01-02T03:04:05Z", "text": text}
            page = json.dumps({"items": [line], "next": str(number)}, ensure_ascii=False)
            event = f"id: {number}\nevent: lines\ndata: {page}\n\n".encode()
            if cut is not None and number > start + cut:
                self.wfile.write(event[: len(event) // 2])
                return
            self.wfile.write(b": ping\n\n" + event)
        self.wfile.write(b"event: end\ndata: " + json.dumps(self.platform.find(ref)).encode() + b"\n\n")

    def _open_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()

    def metrics_(self, seen: Seen, ref: str) -> None:
        items = self.platform.metrics.get(self.platform.find(ref)["id"], [])
        if seen.headers["accept"] != "text/event-stream":
            return self._json({"items": items})
        self._open_stream()
        for item in items:
            self.wfile.write(b"event: metrics\ndata: " + json.dumps({"items": [item]}).encode() + b"\n\n")
        self.wfile.write(b"event: end\ndata: " + json.dumps(self.platform.find(ref)).encode() + b"\n\n")
        return None

    def series_(self, seen: Seen, ref: str) -> None:
        known = {item["name"]: item for item in self.platform.series.get(self.platform.find(ref)["id"], [])}
        self._json({"items": [known[name] for name in seen.query["name"]]})

    def frames(self, seen: Seen, ref: str) -> None:
        self._json({"writer": "00" * 16, "durable": len(seen.body)})

    def put_artifact(self, seen: Seen, ref: str, name: str) -> None:
        digest = "sha256:" + hashlib.sha256(seen.body).hexdigest()
        if seen.headers["digest"] != digest:
            raise Refusal(422, "digest_mismatch", "the bytes are not those of the digest")
        self.platform.artifacts[self.platform.find(ref)["id"], name] = (seen.body, digest)
        self._json({"name": name, "size": len(seen.body), "digest": digest, "kind": seen.query["kind"][0]})

    def get_artifact(self, seen: Seen, ref: str, name: str) -> None:
        found = self.platform.artifacts.get((self.platform.find(ref)["id"], name))
        if found is None:
            raise Refusal(404, "artifact_not_found", f"no artifact {name!r}")
        self._send(200, found[0], "application/octet-stream", Digest=found[1])

    def artifacts(self, seen: Seen, ref: str) -> None:
        run_id = self.platform.find(ref)["id"]
        mine = [(name, held) for (owner, name), held in self.platform.artifacts.items() if owner == run_id]
        self._json({"items": [{"name": name, "size": len(body), "digest": digest} for name, (body, digest) in mine]})

    def projects(self, seen: Seen) -> None:
        if seen.method == "POST":
            name = json.loads(seen.body)["name"]
            if name in self.platform.projects:
                raise Refusal(409, "project_exists", f"there is a project {name!r}", fix="use it, or take another name")
            self.platform.projects.append(name)
            return self._json({"name": name}, 201)
        self._json({"items": [{"name": name} for name in self.platform.projects], "next": None})
        return None

    def whoami(self, seen: Seen) -> None:
        self._json({"name": "user:ada", "role": "member", "roles": {"vision": "admin"}, "scopes": ["read", "write"]})

    def queues(self, seen: Seen) -> None:
        self._json({"items": list(self.platform.queues.values()), "next": None})

    def queue(self, seen: Seen, name: str) -> None:
        if name == "forbidden" and seen.method != "GET":
            raise Refusal(403, "not_allowed", "only an admin may change queues", fix="ask one")
        if name not in self.platform.queues and seen.method != "PUT":
            raise Refusal(404, "not_found", f"no queue {name!r}", fix="create it")
        if seen.method == "DELETE":
            del self.platform.queues[name]
            return self._send(204, b"")
        if seen.method != "GET":
            known = self.platform.queues.get(name, {}) if seen.method == "PATCH" else {}
            self.platform.queues[name] = {**known, **json.loads(seen.body), "name": name}
        return self._json(self.platform.queues[name])

    def agents(self, seen: Seen) -> None:
        agent = {"name": "local", "scheduler": "process", "queues": ["default"], "alive": True, "seen_at": "now"}
        self._json({"items": [{**agent, "cpu": 4.0, "free_cpu": 2.0}], "next": None})

    def plugins(self, seen: Seen) -> None:
        plugin = {"name": "scheduler-process", "version": "0.1.0", "offers": ["scheduler process"]}
        self._json({"items": [plugin], "next": None})

    def version(self, seen: Seen) -> None:
        self._json({"version": "0.1.0", "api": self.platform.api, "missing": []})


_RUN = r"/projects/[^/]+/runs/(?P<ref>[^/]+)"
_ROUTES = [
    (r"(/projects/[^/]+)?/runs", "runs"),
    (r"/projects/[^/]+/runs/bulk", "bulk"),
    (r"/projects/[^/]+/runs/preview", "preview"),
    (r"/projects/[^/]+/(?P<noun>components|presets)", "registry"),
    (r"/projects/[^/]+/(?P<noun>components|presets)/(?P<name>[^/]+)", "newest"),
    (r"/projects/[^/]+/(?P<noun>components|presets)/(?P<name>[^/]+)/versions", "versions"),
    (r"/projects/[^/]+/(?P<noun>components|presets)/(?P<name>[^/]+)/versions/(?P<version>[^/]+)", "version_"),
    (_RUN, "get"),
    (_RUN + "/stop", "stop"),
    (_RUN + "/(?P<verb>approve|skip|archive|restore|tag)", "act"),
    (_RUN + "/(?P<kind>restart|resume|copy)", "clone"),
    (_RUN + "/lineage", "lineage"),
    (_RUN + "/statuses", "statuses"),
    (_RUN + "/why", "why_"),
    (_RUN + "/activities", "activities"),
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
    ("/agents", "agents"),
    ("/plugins", "plugins"),
    ("/version", "version"),
]
