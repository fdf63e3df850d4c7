"""A small platform over real HTTP on a free port of this machine: it speaks the wire models from memory, records what
it was asked, and can be told to misbehave. Each test has its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

TOKEN = "secret-token-of-the-fake"


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
    tracked: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    artifacts: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    why: dict[str, dict[str, Any]] = field(default_factory=dict)
    lineage: dict[str, dict[str, Any]] = field(default_factory=dict)
    sweeps: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    looked: dict[str, int] = field(default_factory=dict)
    projects: list[str] = field(default_factory=lambda: ["default"])
    queues: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    registered: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    code: dict[str, Any] = field(default_factory=dict)
    blockers: list[dict[str, str]] = field(default_factory=list)
    faults: list[int | str] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    api: str = "v1"
    release: str = ""
    request_id: str = ""
    seen: list[Seen] = field(default_factory=list)
    on_request: Callable[[Seen], None] | None = None
    url: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)

    def add_run(self, run_id: str, **more: Any) -> dict[str, Any]:
        base = {"id": run_id, "project": "default", "kind": "job", "status": "succeeded"}
        self.runs[run_id] = {**base, "created_at": "2026-01-02T03:04:05Z", **more}
        return self.runs[run_id]

    def start(self) -> FakePlatform:
        from fake_handler import Handler  # it needs the names above

        handler = type("Handler", (Handler,), {"platform": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def stop(self) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def asked(self, method: str, ending: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == method and seen.path.endswith(ending)]

    def find(self, ref: str) -> dict[str, Any]:
        if ref == "latest":
            found = [run for run in self.runs.values() if not run.get("parent")][-1:]
            fix = "create one with `yard run -f`"
        else:
            found, fix = self._ending(ref), "`yard ls` lists them"
        if not found:
            raise Refusal(404, "run_not_found", f"no run {ref!r} in project 'default'", fix=fix)
        return found[0]

    def _ending(self, ref: str) -> list[dict[str, Any]]:
        return [run for run_id, run in self.runs.items() if run_id == ref or (len(ref) >= 4 and run_id.endswith(ref))]
