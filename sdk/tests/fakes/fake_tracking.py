"""What the fake platform answers about what runs track: lines, metrics, frames, files."""

from __future__ import annotations

import hashlib
import json

from fake_platform import Refusal, Seen
from fake_runs import FINAL


class Tracking:
    """Answers from `self.platform`; sending is the handler's."""

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

    def events(self, seen: Seen, ref: str) -> None:
        run = self.platform.find(ref)
        self._open_stream()
        self.wfile.write(b": ping\n\nid: 1\nevent: status\ndata: {}\n\n")
        if run["status"] in FINAL:
            self.wfile.write(b"event: end\ndata: " + json.dumps(run).encode() + b"\n\n")
        elif self.platform.cuts:
            self.platform.cuts.pop()
        else:
            self.platform.stopped.wait(5)  # a stream that is open and silent

    def series_(self, seen: Seen, ref: str) -> None:
        known = {item["name"]: item for item in self.platform.series.get(self.platform.find(ref)["id"], [])}
        self._json({"items": [known[name] for name in seen.query["name"]]})

    def many_series(self, seen: Seen) -> None:
        asked, items = json.loads(seen.body), []
        for ref in asked["runs"]:
            run = self.platform.find(ref)["id"]
            known = {item["name"]: item for item in self.platform.series.get(run, [])}
            for name in asked["names"]:
                points = known.get(name, {"points": []})["points"]
                columns = zip(*points, strict=True) if points else [()] * 6
                found = dict(zip(("step", "until", "time", "min", "max", "last"), columns, strict=True))
                items.append({"run": run, "name": name, "total": len(points), **found})
        self._json({"items": items})

    def tracked_events(self, seen: Seen, ref: str) -> None:
        """Pages of two; a kind that is asked for counts."""
        run, kind = self.platform.find(ref)["id"], seen.query.get("kind", [""])[0]
        names, at = seen.query.get("name", []), int(seen.query.get("cursor", ["0"])[0])
        known = self.platform.tracked.get(run, [])
        chosen = [
            each for each in known[at : at + 2]
            if kind in ("", each["kind"]) and (not names or each.get("name") in names)
        ]  # fmt: skip
        end = min(at + 2, len(known))
        self._json({"items": chosen, "next": str(end), "more": end < len(known)})

    def frames(self, seen: Seen, ref: str) -> None:
        self._json({"writer": "00" * 16, "durable": len(seen.body)})

    def artifact(self, seen: Seen, ref: str, name: str) -> None:
        (self.put_artifact if seen.method == "PUT" else self.get_artifact)(seen, ref, name)

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
