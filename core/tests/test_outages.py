"""A database or a disk that is away: every route says so in one shape, the log in one line, and all is well again
when it is back."""

from __future__ import annotations

import asyncio
import errno
import json
import re

import pytest
from matrix import MATRIX
from structlog.testing import capture_logs
from web import BASE, serving

from trainyard_core.testing.frames import lines

VALUES = {"project": "default", "ref": "0" * 12, "ident": "x", "version": "1", "job": "1"}
NEEDS_NONE = {"GET /health"}
"""Answers without the database."""
OWN_TOKEN = "POST /projects/{project}/runs/{ref}/token"
"""Asks for the token of a run, which is checked without the database."""


def address(path):
    return "/api/v1" + re.sub(r"\{(\w+)\}", lambda found: VALUES.get(found[1], "x"), path)


async def test_every_route_says_that_the_database_is_away(postgres, postgres_url, tmp_path):
    async with serving(postgres_url, tmp_path / "data") as web:
        await asyncio.to_thread(postgres.drop, postgres_url)
        wrong = []
        for route, entry in MATRIX.items():
            method, path = route.split(" ")
            body = json.dumps(entry.body).encode() if isinstance(entry.body, dict) else entry.body
            headers = {"Content-Type": "application/json"} if isinstance(entry.body, dict) else {}
            with capture_logs() as logs:
                answer = await web.ask(method, address(path) + entry.query, content=body, headers=headers)
            said = [each for each in logs if each["log_level"] == "error"]
            if route in NEEDS_NONE | {OWN_TOKEN}:
                assert answer.status_code < 500
            elif path == "/ready":
                assert (answer.status_code, answer.json()["ready"]) == (503, False)
            elif answer.status_code != 503 or len(said) != 1 or (method != "HEAD" and "unavailable" not in answer.text):
                wrong.append((route, answer.status_code, answer.text[:100], said))
            assert not any("exc_info" in each for each in logs)
        assert not wrong, wrong


async def test_it_is_told_to_come_again_and_no_inside(postgres, postgres_url, tmp_path):
    async with serving(postgres_url, tmp_path / "data") as web:
        await asyncio.to_thread(postgres.drop, postgres_url)
        answer = await web.ask("GET", "projects")
        assert (answer.status_code, answer.json()["retryable"]) == (503, True)
        assert postgres_url.rpartition("/")[2].partition("?")[0] not in answer.text


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [(errno.EIO, 503, "unavailable"), (errno.EROFS, 503, "unavailable"), (errno.ENOSPC, 507, "storage_full")],
)
async def test_a_trackers_dead_disk_is_told_as_what_it_is(web, monkeypatch, number, status, code):
    run = await web.tracked()

    async def fails(*_):
        raise OSError(number, "the disk")

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(web.runtime.tracker, "append", fails)
        answer = await web.ask("POST", f"{BASE}/{run.id}/frames", content=lines("1" * 32, 1, "a"))
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (status, code, True)
    assert not any("exc_info" in each for each in logs)
    again = await web.ask("POST", f"{BASE}/{run.id}/frames", content=lines("1" * 32, 1, "a"))
    assert again.json()["durable"] == 1
