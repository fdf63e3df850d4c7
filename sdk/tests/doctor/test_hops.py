"""Hops of the doctor that need no platform: this machine, and the way to a server."""

from __future__ import annotations

import http.server
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from trainyard.client.discovery import Endpoint
from trainyard.doctor import local, network

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def straight(monkeypatch):
    """No proxy of the machine that the tests are on."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def certificate(tmp_path):
    """A certificate for localhost that signed itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")

    def make(days="30"):
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", days, *subject, *files]
        subprocess.run(command, check=True, capture_output=True)
        return tmp_path / "cert.pem", tmp_path / "key.pem"

    return make


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        return


@pytest.fixture
def listening():
    """Something that listens on a port, encrypted when it is given a certificate."""
    running = []

    def start(cert=None, key=None):
        server = Quiet(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
        if cert is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert, key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return server.server_port

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_certificate_that_is_trusted_is_told_with_its_end(certificate, listening, monkeypatch):
    cert, key = certificate()
    port = listening(cert, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    seen = network.encryption(Endpoint(f"https://localhost:{port}"))
    assert (seen.state, "TLS" in seen.detail) == ("ok", True)


def test_a_certificate_that_ends_soon_is_warned_of(certificate, listening, monkeypatch):
    cert, key = certificate("3")
    port = listening(cert, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    assert network.encryption(Endpoint(f"https://localhost:{port}")).state == "warning"


def test_a_certificate_that_nobody_here_trusts_names_the_remedy(certificate, listening):
    port = listening(*certificate())
    seen = network.encryption(Endpoint(f"https://localhost:{port}"))
    assert (seen.state, "SSL_CERT_FILE" in seen.fix) == ("failed", True)


def test_a_port_that_does_not_speak_https(listening):
    with socket.create_server(("127.0.0.1", 0)) as plain:
        thread = threading.Thread(target=lambda: _hang_up(plain))
        thread.start()
        seen = network.encryption(Endpoint(f"https://localhost:{plain.getsockname()[1]}"))
        thread.join()
    assert (seen.state, "https is spoken" in seen.fix) == ("failed", True)


def _hang_up(server):
    accepted, _ = server.accept()
    accepted.sendall(b"220 not what you look for\r\n")
    accepted.close()


def test_an_address_without_encryption_elsewhere_is_warned_of():
    assert network.encryption(Endpoint("http://192.0.2.1:8400")).state == "warning"
    assert network.encryption(Endpoint("http://127.0.0.1:8400")).state == "skipped"


def test_a_proxy_is_named_without_its_password(monkeypatch, listening):
    port = listening()
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:hunter2@127.0.0.1:{port}")
    endpoint = Endpoint("https://team.example")
    seen = network.proxy(endpoint)
    assert f"127.0.0.1:{port}" in seen.detail
    assert "hunter2" not in seen.detail
    assert network.name(endpoint).state == "skipped"
    assert network.connection(endpoint).detail == f"127.0.0.1:{port} (the proxy) takes connections"
    monkeypatch.setenv("NO_PROXY", "team.example")
    assert network.proxy(endpoint).detail.startswith("none")
    assert network.proxy(Endpoint("https://localhost")).detail.startswith("none")


def test_a_port_where_nothing_listens(listening):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        seen = network.connection(Endpoint(f"http://127.0.0.1:{closed.getsockname()[1]}"))
    assert (seen.state, "yard up" in seen.fix) == ("failed", True)


def test_names_are_looked_up_and_addresses_are_not():
    assert network.name(Endpoint("http://127.0.0.1:1")).state == "skipped"
    assert network.name(Endpoint("http://[::1]:1")).state == "skipped"
    assert "127.0.0.1" in network.name(Endpoint("http://localhost:1")).detail


def test_a_data_directory_that_is_not_there_is_no_fault(tmp_path):
    missing = tmp_path / "a" / "b"
    assert local.data(missing).state == "skipped"
    assert local.settings(missing).state == "skipped"
    assert local.disk(missing).state in ("ok", "warning")
    assert local.backlog(missing).detail == "nothing waits to be sent"
    assert not missing.exists()


def test_settings_nested_too_deep_are_a_fault(tmp_path):
    (tmp_path / "trainyard.toml").write_text("port = " + "[" * 5_000)
    assert local.settings(tmp_path).state == "failed"
    assert "nested too deep" in local.settings(tmp_path).detail


@pytest.mark.parametrize("name", local.PRIVATE)
def test_a_private_file_that_others_may_read_is_a_fault(tmp_path, name):
    (tmp_path / name).write_text("x")
    (tmp_path / name).chmod(0o600)
    assert local.data(tmp_path).state == "ok"
    (tmp_path / name).chmod(0o604)
    seen = local.data(tmp_path)
    assert (seen.state, seen.fix) == ("failed", f"chmod 600 {tmp_path / name}")


def test_a_file_in_the_place_of_the_data_directory(tmp_path):
    (tmp_path / "data").write_text("x")
    assert local.data(tmp_path / "data").state == "failed"


def test_little_room_is_warned_of(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "LITTLE", 1 << 62)
    assert (local.disk(tmp_path).state, "make room" in local.disk(tmp_path).fix) == ("warning", True)
