"""The end of a run reaches a receiver: connection, rule, signature, and a receiver that was down."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from yard import Yard, ended, eventually, submit

KEY = "tyg-notify-40c2-key"
CONNECTION = """
name: hook
kind: webhook
fields: {{url: "http://127.0.0.1:{port}/hook"}}
secrets: {{key: {{env: HOOK_KEY}}}}
"""


@pytest.fixture
def receiver():
    """A server that keeps what it is sent, in `taken`, and refuses everything while `is_down`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not server.is_down:
                server.taken.append((dict(self.headers), body))
            self.send_response(503 if server.is_down else 204)
            self.end_headers()

        def log_message(self, *_):
            """It is quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.taken, server.is_down = [], False
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_end_of_a_run_reaches_the_receiver_also_when_that_was_down(tmp_path, receiver):
    environ = {"HOOK_KEY": KEY, "TRAINYARD_NOTIFY__ALLOW_PRIVATE": "true"}
    with Yard(tmp_path, environ=environ) as yard, yard.client() as client:
        (tmp_path / "hook.yaml").write_text(CONNECTION.format(port=receiver.server_port))
        yard.command("connections", "add", "-f", "hook.yaml")
        token = {"Authorization": f"Bearer {(yard.data / 'token').read_text().strip()}"}
        rule = {"connection": "hook", "events": ["failed"]}
        httpx.put(f"{yard.url}/api/v1/notify/projects/default/rules/bad", json=rule, headers=token).raise_for_status()

        good, bad = submit(client, "exit 0").id, submit(client, "exit 3").id
        assert [ended(client, run).status for run in (good, bad)] == ["succeeded", "failed"]
        eventually(lambda: receiver.taken, what="the notification is sent")
        ((headers, body),) = receiver.taken
        said = headers["X-Trainyard-Timestamp"].encode() + b"." + body
        assert headers["X-Trainyard-Signature"] == "v1=" + hmac.new(KEY.encode(), said, hashlib.sha256).hexdigest()
        assert json.loads(body)["run"] == bad

        receiver.is_down = True
        late = submit(client, "exit 4").id
        ended(client, late)
        failed = eventually(lambda: _failed(yard), what="the job says that the receiver is down")
        assert "the receiver answers 503" in failed["error"]
        receiver.is_down = False
        yard.command("jobs", "retry", str(failed["id"]), code=None)  # refused while it is tried by itself
        eventually(lambda: late in {json.loads(body)["run"] for _, body in receiver.taken}, what="it is sent again")
        assert KEY not in yard.log.read_text() + yard.command("jobs", "ls", "--json")


def _failed(yard):
    """The job of a notification that has failed."""
    jobs = json.loads(yard.command("jobs", "ls", "--json"))["items"]
    return next((job for job in jobs if job["plugin"] == "notify" and job["error"]), None)
