"""The statuses of runs reach a receiver: connection, rule, signature, a receiver that was down, the commands of the
page, and that no secret of a connection is anywhere."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from planted_secrets import files_with, printed
from yard import Yard, ended, eventually, submit

from trainyard_core.testing.distributions import install

PAGE = Path(__file__).parents[2] / "docs/notifications.md"
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
                server.taken.append((self.path, dict(self.headers), body))
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
        yard.command("notify", "add", "bad", "--connection", "hook", "--on", "failed")
        assert "bad   hook        failed  user:admin" in yard.command("notify", "ls")
        assert "the receiver has taken the notification" in yard.command("notify", "test", "bad")
        assert json.loads(receiver.taken.pop()[2])["event"] == 0

        good, bad = submit(client, "exit 0").id, submit(client, "exit 3").id
        assert [ended(client, run).status for run in (good, bad)] == ["succeeded", "failed"]
        eventually(lambda: receiver.taken, what="the notification is sent")
        ((_, headers, body),) = receiver.taken
        said = headers["X-Trainyard-Timestamp"].encode() + b"." + body
        assert headers["X-Trainyard-Signature"] == "v1=" + hmac.new(KEY.encode(), said, hashlib.sha256).hexdigest()
        assert json.loads(body)["run"] == bad

        receiver.is_down = True
        assert "the receiver answers 503" in yard.command("notify", "test", "bad", code=1)
        late = submit(client, "exit 4").id
        ended(client, late)
        (failed,) = eventually(lambda: _failed(yard), what="the job says that the receiver is down")
        assert "the receiver answers 503" in failed["error"]
        receiver.is_down = False
        yard.command("jobs", "retry", str(failed["id"]), code=None)  # refused while it is tried by itself
        eventually(lambda: late in _runs(receiver), what="it is sent again")
        yard.command("notify", "rm", "bad", "--yes")
        assert "no rule 'bad'" in yard.command("notify", "show", "bad", code=None)


def _failed(yard):
    """The jobs of notifications that have failed by now."""
    jobs = json.loads(yard.command("jobs", "ls", "--json"))["items"]
    return [job for job in jobs if job["plugin"] == "notify" and job["error"]]


def _runs(receiver):
    """The runs that the receiver of webhooks was told of."""
    return {json.loads(body).get("run") for _, _, body in receiver.taken}


def test_what_the_page_says_works(tmp_path, receiver):
    """Its connections, its commands and its operation, with a receiver of this machine in place of Slack."""
    page = PAGE.read_text()
    for number, block in enumerate(re.findall(r"(?:^    .*\n)+", page, re.M)):
        text = re.sub("^    ", "", block, flags=re.M)
        if text.startswith("name: "):
            (tmp_path / f"{text.split()[1]}.yaml").write_text(text)
        assert number < 20
    (tmp_path / "train.yaml").write_text(re.search(r"```yaml\n(version.*?)```", page, re.S)[1])
    (tmp_path / "train.py").write_text("raise SystemExit(1)\n")
    path = "/services/a-secret-path"
    url = f"http://127.0.0.1:{receiver.server_port}{path}"
    environ = {"SLACK_URL": url, "HOOK_KEY": KEY, "TRAINYARD_NOTIFY__ALLOW_PRIVATE": "true"}
    with Yard(tmp_path, environ=environ) as yard, yard.client() as client:
        for name in ("alerts", "mail", "hook"):
            yard.command("connections", "add", "-f", f"{name}.yaml")
        for line in re.findall(r"^    yard (notify .*)$", page, re.M):
            yard.command(*line.split())
        assert [each.name for each in client.notification_rules.list()] == ["failures", "mails"]
        assert [(where, json.loads(body)["text"]) for where, _, body in receiver.taken] == [
            (path, "Run test of project 'default' failed (test: a test of rule 'failures')")
        ]
        run = yard.command("run", "-f", "train.yaml").split()[0]
        assert ended(client, run).status == "failed"
        ((key, other),) = eventually(lambda: _both(receiver), what="the rule and the operation tell it")
        assert key != other, "one for the rule, one for the operation"


def _both(receiver):
    """The two notifications of a run that has failed."""
    found = [json.loads(body)["text"] + str(number) for number, (_, _, body) in enumerate(receiver.taken[1:])]
    return [tuple(found)] if len(found) == 2 and all("failed" in each for each in found) else None


SOURCE = """
from trainyard_core.contracts.secret import SecretSource
from trainyard_core.hookspecs import hookimpl

async def resolve(platform, name, key):
    with open({file!r}) as file:
        return file.read()

@hookimpl
def register_secret_sources():
    return [SecretSource(name="vault", resolve=resolve)]
"""


@pytest.fixture
def mail(tmp_path):
    """A mail server for TLS, with the file of its certificate, that refuses mails while `answers` says so."""
    sys.path.insert(0, str(PAGE.parents[1] / "plugins/notify/tests"))
    from mail_server import certificate, mail_server

    loop, started = asyncio.new_event_loop(), threading.Event()
    file, ended_, found = certificate(tmp_path), asyncio.Event(), []

    async def serve():
        async with mail_server("tls", file) as server:
            server.file = file
            found.append(server)
            started.set()
            await ended_.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(30)
    yield found[0]
    loop.call_soon_threadsafe(ended_.set)
    thread.join()
    loop.close()
    sys.path.remove(str(PAGE.parents[1] / "plugins/notify/tests"))


PATH = "/services/slack-77d1-of-the-environment"
ROUTING = "pd-5512-from-a-file"
SIGNING = "wh-93b0-from-a-plugin"
PASSWORD = "smtp-2c4e-from-a-file"
SECRETS = (PATH, ROUTING, SIGNING, PASSWORD)


def test_no_secret_of_a_connection_is_anywhere_after_what_failed_and_what_arrived(tmp_path, receiver, mail):
    place, outside = tmp_path / "yard", tmp_path / "outside"
    place.mkdir()
    outside.mkdir()
    for name, value in (("routing", ROUTING), ("signing", SIGNING), ("password", PASSWORD)):
        (outside / name).write_text(value)
    install(outside / "site", "vault", SOURCE.format(file=str(outside / "signing")))
    url = f"http://127.0.0.1:{receiver.server_port}"
    written = {
        "slack": "kind: slack\nsecrets: {url: {env: SLACK_URL}}",
        "pager": f"kind: pagerduty\nfields: {{url: '{url}/v2'}}\nsecrets: {{routing_key: {{file: {outside}/routing}}}}",
        "hook": f"kind: webhook\nfields: {{url: '{url}/hook'}}\nsecrets: {{key: {{source: vault, name: hook}}}}",
        "mail": f"kind: email\nfields: {{host: localhost, port: {mail.port}, security: tls, user: a, sender: a@b.c}}\n"
        f"secrets: {{password: {{file: {outside}/password}}}}",
    }
    environ = {
        "SLACK_URL": f"{url}{PATH}",
        "SSL_CERT_FILE": str(mail.file),
        "TRAINYARD_NOTIFY__ALLOW_PRIVATE": "true",
        "PYTHONPATH": os.pathsep.join([str(outside / "site"), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    with Yard(place, environ=environ) as yard, yard.client() as client:
        for name, text in written.items():
            (place / f"{name}.yaml").write_text(f"name: {name}\n{text}\n")
            yard.command("connections", "add", "-f", f"{name}.yaml")
            to = ["--to", "ada@example.com"] if name == "mail" else []
            yard.command("notify", "add", name, "--connection", name, "--on", "failed", *to)
        receiver.is_down, mail.answers = True, {"MAIL": f"451 {PASSWORD} later"}
        run = submit(client, "exit 3").id
        ended(client, run)
        eventually(lambda: len(_failed(yard)) == 4, what="each of them fails")
        clean(yard, run)
        assert mail.logins and not mail.mails
        receiver.is_down, mail.answers = False, {}
        for job in _failed(yard):
            yard.command("jobs", "retry", str(job["id"]), code=None)  # and not wait for its time
        eventually(lambda: len(receiver.taken) == 3 and mail.mails, what="all arrive")
        ways = {where for where, _, _ in receiver.taken}
        assert ways == {PATH, "/v2", "/hook"}
        assert ROUTING in str(receiver.taken), "which it was sent with, and which is a secret all the same"
        clean(yard, run)
    assert not files_with(place, SECRETS)


def clean(yard, run):
    """No secret is in a file, in what is printed, in the list of processes or in the bundle for support."""
    names = ("slack", "pager", "hook", "mail")
    commands = [
        ("get", run, "--json"), ("logs", run), ("why", run), ("jobs", "ls", "--json"), ("observers", "ls"),
        ("settings",),
        *(("connections", "show", name) for name in names), *(("connections", "check", name) for name in names),
        *(("notify", "show", name) for name in names), ("notify", "ls"), *(("notify", "test", name) for name in names),
    ]  # fmt: skip
    told = printed(yard, *commands)
    assert not [value for value in SECRETS if value in told]
    assert not files_with(yard.folder, SECRETS)
