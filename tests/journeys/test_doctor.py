"""`yard doctor` against real servers: all well, each thing that can be wrong, and a bundle without a secret."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from yard import Yard, ended, submit

CANARY = "canary-5c1f-never-to-be-seen"
HOPS = [
    "data directory", "settings file", "disk", "waiting to be sent", "address", "proxy", "name", "connection",
    "encryption", "health", "readiness", "version", "clock", "token", "project", "upload", "database", "database write",
    "migrations", "queue", "tracker", "plugins", "agents", "jobs", "observers", "server disk",
]  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    environ = {"TRAINYARD_TRACKER": "folder", "TRAINYARD_PLUGINS": "scheduler_process,tracker_folder"}
    with Yard(tmp_path_factory.mktemp("doctor"), environ=environ) as yard:
        yield yard


def checks(yard, *arguments, code=0, **environ):
    """The doctor's checks by hop."""
    printed = yard.command("doctor", "--json", *arguments, code=code, **environ)
    document, _ = json.JSONDecoder().raw_decode(printed)
    return {check["name"]: check for check in document["items"]}


def test_every_hop_is_looked_at_in_order_and_all_is_well(served):
    found = checks(served)
    assert list(found) == HOPS
    bad = {name: check for name, check in found.items() if check["state"] not in ("ok", "skipped", "warning")}
    assert bad == {}
    assert found["upload"]["detail"] == "1 MiB arrived whole"
    assert found["token"]["detail"].startswith("user:admin, admin in the deployment")
    assert "keeps, gives back and deletes" in found["tracker"]["detail"]


def test_what_a_person_sees_is_a_line_a_hop(served):
    printed = served.command("doctor")
    lines = [line for line in printed.splitlines() if not line.lstrip().startswith("->")]
    assert [line[8:26].strip() for line in lines] == HOPS
    assert "FAILED" not in printed


def test_nothing_is_left_of_it(served):
    with served.client() as client:
        assert [project.name for project in client.projects.list()] == ["default"]
    assert [path for path in served.data.rglob("*") if path.is_file() and "yard-plugins-check" in str(path)] == []


def test_no_server_anywhere(served, tmp_path):
    found = checks(served, "--data", str(tmp_path), code=1, TRAINYARD_CONFIG=str(tmp_path))
    assert found["address"]["state"] == "failed"
    assert "yard up" in found["address"]["fix"]
    assert {found[name]["state"] for name in ("connection", "health", "token", "upload")} == {"skipped"}


def test_a_server_that_does_not_listen(served):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        found = checks(served, "--url", f"http://127.0.0.1:{closed.getsockname()[1]}", code=1)
    assert (found["connection"]["state"], found["health"]["state"]) == ("failed", "skipped")
    assert "yard up" in found["connection"]["fix"]


def test_a_name_that_leads_nowhere(served):
    found = checks(served, "--url", "https://nowhere.invalid", code=1, NO_PROXY="*", no_proxy="*")
    assert (found["name"]["state"], found["connection"]["state"]) == ("failed", "skipped")
    assert "nowhere.invalid leads to no address" in found["name"]["detail"]


def test_something_else_that_listens(served):
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>a router</html>")

        def log_message(self, *_):
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        thread = threading.Thread(target=stranger.serve_forever)
        thread.start()
        found = checks(served, "--url", f"http://127.0.0.1:{stranger.server_port}", code=1)
        stranger.shutdown()
        thread.join()
    assert (found["connection"]["state"], found["health"]["state"], found["token"]["state"]) == (
        "ok",
        "failed",
        "skipped",
    )
    assert "no Trainyard server" in found["health"]["detail"]


@pytest.mark.parametrize("token", ["", CANARY])
def test_a_token_that_is_not_known_stops_it_there(served, token):
    found = checks(served, "--url", served.url, "--data", "/nowhere", code=1, TRAINYARD_TOKEN=token)
    assert (found["health"]["state"], found["project"]["state"]) == ("ok", "skipped")
    assert "failed" in (found["token"]["state"], found["version"]["state"])
    assert CANARY not in json.dumps(found)


def test_a_project_that_is_not_there_is_named(served):
    found = checks(served, "-p", "nobodys", code=1)
    assert (found["project"]["state"], found["upload"]["state"]) == ("failed", "ok")
    assert "nobodys" in found["project"]["detail"]


def test_who_is_no_admin_is_not_told_what_the_server_stands_on(served):
    served.command("users", "add", "ada", "--role", "viewer")
    made = json.loads(served.command("tokens", "create", "--for", "ada", "--expires-in", "1d", "--json"))
    found = checks(served, TRAINYARD_TOKEN=made["token"])
    assert found["server"]["state"] == "skipped"
    assert "database" not in found
    assert (found["token"]["state"], "expires at" in found["token"]["detail"]) == ("warning", True)
    served.command("users", "rm", "ada", "--yes")


def test_private_files_that_others_may_read_are_told_with_the_remedy(served):
    token = served.data / "token"
    token.chmod(0o644)
    found = checks(served, code=1)
    assert found["data directory"]["fix"] == f"chmod 600 {token}"
    token.chmod(0o600)
    assert checks(served)["data directory"]["state"] == "ok"


def test_a_settings_file_that_is_not_toml(served, tmp_path):
    (tmp_path / "trainyard.toml").write_text("port = = 1\n")
    found = checks(served, "--data", str(tmp_path), "--url", served.url, code=1)
    assert "trainyard.toml" in found["settings file"]["detail"]


def test_what_waits_to_be_sent_is_counted(served, tmp_path):
    script = "import trainyard; run = trainyard.init(); run.log({'loss': 1.0}, 1); run.finish()"
    environ = {"TRAINYARD_OFFLINE": "1", "TRAINYARD_DATA": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], env={**served.environ, **environ}, check=True, timeout=60
    )
    token = (served.data / "token").read_text().strip()
    found = checks(served, "--data", str(tmp_path), "--url", served.url, TRAINYARD_TOKEN=token)
    assert (found["waiting to be sent"]["state"], found["waiting to be sent"]["fix"]) == (
        "warning",
        "send them: yard sync",
    )


def test_a_bundle_tells_what_was_seen_and_no_secret(served, tmp_path):
    with served.client() as client:
        run = submit(client, f"echo {CANARY}; exit 3", tags=["bundled"])
        ended(client, run.id)
    target = tmp_path / "bundle.zip"
    token = (served.data / "token").read_text().strip()
    served.command(
        "doctor", "--bundle", str(target), TRAINYARD_TOKEN=token, TRAINYARD_MYPLUGIN__PASSWORD=CANARY,
        HTTPS_PROXY=f"http://me:{CANARY}@proxy.invalid:1", TRAINYARD_URL=served.url,
    )  # fmt: skip
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with zipfile.ZipFile(target) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(parts) == {
        "doctor.json", "versions.json", "environment.json", "settings.json", "plugins.json", "agents.json",
        "queues.json", "runs.json", "activities.json",
    }  # fmt: skip
    whole = "\n".join(parts.values())
    assert CANARY not in whole
    assert token not in whole
    assert json.loads(parts["environment.json"])["TRAINYARD_TOKEN"] == "***"
    assert json.loads(parts["runs.json"])[0]["id"] == run.id
    assert {each["kind"] for each in json.loads(parts["activities.json"])} >= {"status"}
    assert "trainyard-core" in json.loads(parts["versions.json"])["distributions"]
    assert "not told" not in whole


def test_a_bundle_is_written_also_when_there_is_no_server(served, tmp_path):
    target = tmp_path / "bundle.zip"
    environ = {"TRAINYARD_CONFIG": str(tmp_path)}
    served.command("doctor", "--bundle", str(target), "--data", str(tmp_path), code=1, **environ)
    with zipfile.ZipFile(target) as archive:
        assert set(archive.namelist()) == {"doctor.json", "versions.json", "environment.json"}
