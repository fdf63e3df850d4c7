"""A server whose disk fails, or whose database is none: it says so in a sentence, and goes on once it can."""

from __future__ import annotations

import json
import resource
from contextlib import contextmanager

import httpx
import pytest
from yard import Yard


@contextmanager
def failing_disk(yard):
    """The server's database does not grow: SQLite hears of an error of the disk."""
    pid = json.loads((yard.data / "server.json").read_text())["pid"]
    size = (yard.data / "trainyard.db-wal").stat().st_size
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="another process's limits are set on Linux only")
def test_a_disk_that_fails_is_told_and_hurts_nobody_afterwards(tmp_path):
    with Yard(tmp_path) as yard:
        token = (yard.data / "token").read_text().strip()
        with httpx.Client(base_url=yard.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:
            with failing_disk(yard):
                refused = http.post("/api/v1/projects", json={"name": "early"})
                assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
                assert refused.json()["retryable"]
                assert "default" in yard.command("projects", "ls")
            assert "early" not in yard.command("projects", "ls")
        yard.command("projects", "create", "late")
        assert "late" in yard.command("projects", "ls")
        assert "a request failed" not in yard.log.read_text()
        assert "a request cannot be answered now" in yard.log.read_text()


def test_a_file_that_is_no_database_keeps_a_server_from_its_start_in_a_sentence(tmp_path):
    yard = Yard(tmp_path)
    yard.data.mkdir(mode=0o700)
    for make in (lambda path: path.write_text("notes\n" * 500), lambda path: (path.unlink(), path.mkdir())):
        make(yard.data / "trainyard.db")
        said = yard.command("up", "--port", "0", code=1)
        assert "trainyard.db cannot be used" in said
        assert "Traceback" not in said
