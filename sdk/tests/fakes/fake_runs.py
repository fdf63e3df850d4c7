"""What the fake platform answers about runs."""

from __future__ import annotations

import json
import re

import msgspec
from fake_platform import Refusal, Seen

from trainyard.client import models

FINAL = ("succeeded", "failed", "stopped", "skipped")


def _query(seen: Seen) -> str:
    return seen.query.get("q", [""])[0]


class Runs:
    """Answers from `self.platform`; sending is the handler's."""

    def runs(self, seen: Seen) -> None:
        (self.create if seen.method == "POST" else self.list_runs)(seen)

    def create(self, seen: Seen) -> None:
        request = msgspec.json.decode(seen.body, type=models.CreateRun)
        key = seen.headers["idempotency-key"]
        if request.queue == "nowhere":
            raise Refusal(404, "queue_not_found", "no queue 'nowhere'; queues: default", fix="choose one of them")
        if "broken" in request.content:
            fault = {
                "message": "unknown field `contianer`",
                "file": request.file,
                "line": 3,
                "column": 5,
                "fix": "fix it",
            }
            raise Refusal(422, "invalid_operation", "the operation is not valid", problems=[fault])
        if key not in self.platform.keys:
            run_id = f"01890000-0000-7000-8000-{len(self.platform.runs) + 1:012x}"
            kind = "sweep" if "matrix:" in request.content else "job"
            self.platform.add_run(
                run_id, kind=kind, status="created", name=request.name, tags=request.tags, params=request.params
            )
            self.platform.keys[key] = run_id
        self._json(self.platform.runs[self.platform.keys[key]], 201)

    def preview(self, seen: Seen) -> None:
        self._json({
            "operation": {}, "resolved": {"command": ["python"], "code": self.platform.code}, "digest": "sha256:d",
            "queue": "gpu", "warnings": ["component 'old:1' is deprecated: use new"],
            "forecast": {"run": "r", "status": "queued", "summary": "", "blockers": self.platform.blockers},
            "uses": [{"kind": "component", "name": "train", "version": "1.0", "digest": "sha256:c"}],
        })  # fmt: skip

    def list_runs(self, seen: Seen) -> None:
        wanted = [name for each in re.findall(r'status:"?([\w|]+)', _query(seen)) for name in each.split("|")]
        wanted = [*wanted, *(FINAL if "done" in wanted else ())]
        runs = [run for run in self.platform.runs.values() if not wanted or run["status"] in wanted][::-1]
        start, limit = int(seen.query.get("cursor", ["0"])[0]), int(seen.query.get("limit", ["50"])[0])
        end = start + limit
        page = {"items": runs[start:end], "next": str(end) if end < len(runs) else None}
        self._json({**page, "total": len(runs)} if seen.query.get("count") == ["true"] else page)

    def get(self, seen: Seen, ref: str) -> None:
        run = self.platform.find(ref)
        if seen.method == "DELETE":
            del self.platform.runs[run["id"]]
            return self._send(204, b"")
        if seen.method == "PATCH":
            run.update({name: value for name, value in json.loads(seen.body).items() if value is not None})
        return self._json(run)

    def act(self, seen: Seen, ref: str, verb: str) -> None:
        run, request = self.platform.find(ref), json.loads(seen.body)
        if verb == "tag":
            run["tags"] = [tag for tag in run.get("tags", []) if tag not in request.get("remove", [])]
            run["tags"] += request.get("add", [])
        if verb == "skip":
            run["status"] = "skipped"
        self._json(run)

    def clone(self, seen: Seen, ref: str, kind: str) -> None:
        run, request = self.platform.find(ref), json.loads(seen.body)
        made = self.platform.add_run(
            f"01890000-0000-7000-8000-{len(self.platform.runs) + 1:012x}",
            status="queued",
            params=request.get("params", {}),
            cloned_from=run["id"],
            clone_kind=kind,
        )
        self._json(made, 201)

    def bulk(self, seen: Seen) -> None:
        request, items = json.loads(seen.body), []
        for ref in request["refs"]:
            try:
                run = self.platform.find(ref)
            except Refusal:
                items.append({"ref": ref, "done": False, "code": "not_found", "detail": f"no run {ref!r}"})
                continue
            items.append({"ref": ref, "id": run["id"], "done": True, "status": run["status"], "created": ""})
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
