"""Requests that make no sense, sent to a real server, and what everybody else sees afterwards at the command line."""

from __future__ import annotations

import json
import resource
import socket
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from yard import Yard, ended, submit

FEW, CONNECTIONS = 128, 400
PROGRAM = """
import trainyard
run = trainyard.init()
run.log({"loss": 0.5, "m" * 5000: 1.0}, 0)
run.log_params({"seed": 2**80, "long": "x" * 500_000, **{f"p{n}": n for n in range(4100)}})
run.log_outputs(score=1.0)
print("said")
run.finish()
"""


def test_a_run_that_began_before_the_year_one_spoils_no_list(yard):
    token = (yard.data / "token").read_text().strip()
    with httpx.Client(base_url=yard.url, headers={"Authorization": f"Bearer {token}"}) as http:
        body = {"managed": False, "name": "ancient", "created_at": "0001-01-01T00:00:00+23:59"}
        answer = http.post("/api/v1/projects/default/runs", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        http.post("/api/v1/projects/default/runs", json={"managed": False, "name": "modern"}).raise_for_status()
    listed = yard.command("ls", "-A")
    assert "modern" in listed
    assert "ancient" not in listed


@contextmanager
def few_open_files():
    """This process, and what it starts, may have few open files now, but more if they ask for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < FEW + CONNECTIONS:
        pytest.skip("this test needs more open files than it may have")
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_silent_connections_shut_nobody_out(tmp_path):
    """More of them than the server is allowed open files at first, each with half a head."""
    yard = Yard(tmp_path)
    with few_open_files():
        yard.up()
    with ExitStack() as stack:
        stack.callback(yard.down)
        address = ("127.0.0.1", int(yard.url.rpartition(":")[2]))
        for _ in range(CONNECTIONS):
            silent = stack.enter_context(socket.create_connection(address))
            silent.sendall(b"GET /api/v1/version HTTP/1.1\r\nX: ")
        assert "default" in yard.command("projects", "ls")


def test_a_head_without_an_end_is_refused_before_a_token_is_asked_for(yard):
    address = ("127.0.0.1", int(yard.url.rpartition(":")[2]))
    with socket.create_connection(address, timeout=60) as endless:
        endless.sendall(b"GET /api/v1/runs HTTP/1.1\r\n")
        endless.sendall(b"X: a\r\n" * 11_000)
        assert endless.recv(100).startswith(b"HTTP/1.1 431 ")
    assert "default" in yard.command("projects", "ls")


def test_a_program_that_records_without_end_loses_nothing_else(yard, client):
    run = ended(client, submit(client, PROGRAM, python=True).id)
    assert (run.status, run.metrics, run.outputs) == ("succeeded", {"loss": 0.5}, {"score": 1.0})
    assert run.params["seed"] == str(2**80)
    found = json.loads(yard.command("get", run.id, "--json"))
    assert {"p4099", "m" * 80} <= set(found["meta"]["not_recorded"])
    assert "not recorded" in yard.command("get", run.id)
    assert "said" in yard.command("logs", run.id)
