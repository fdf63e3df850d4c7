"""Operations that benchmarks create, and the requests that create them."""

from __future__ import annotations

import json
from typing import Any

from bench.load import MARK, request
from bench.servers import PROJECT, Server

__all__ = ["creation", "job"]


def job(*command: str, queue: str = "default") -> dict[str, Any]:
    """A small job, as JSON."""
    container = {"command": list(command)}
    component = {"kind": "component", "run": {"kind": "job", "container": container}}
    return {"version": 1.1, "kind": "operation", "name": "bench", "queue": queue, "component": component}


def creation(server: Server, operation: dict[str, Any]) -> bytes:
    """The request that creates a run of it, with an idempotency key that is another in each."""
    headers = {
        **server.headers,
        "Content-Type": "application/json",
        "Idempotency-Key": MARK.decode(),
    }
    return request("POST", f"{PROJECT}/runs", headers, json.dumps({"operation": operation}).encode())
