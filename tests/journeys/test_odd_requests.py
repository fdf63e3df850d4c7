"""Requests that make no sense, sent to a real server, and what everybody else sees afterwards at the command line."""

from __future__ import annotations

import httpx


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
