"""A token in a file that is renewed while a client is open."""

from __future__ import annotations

import httpx
import pytest

from trainyard.client.errors import NotAuthenticated

RUN = {"id": "01890000-0000-7000-8000-00000000abcd", "project": "p", "kind": "job", "status": "running"}


@pytest.fixture
def file(tmp_path, monkeypatch):
    place = tmp_path / "token"
    place.write_text("old\n")
    monkeypatch.setenv("TRAINYARD_TOKEN_FILE", str(place))
    monkeypatch.delenv("TRAINYARD_TOKEN", raising=False)
    return place


class Server:
    """Takes one token only."""

    def __init__(self, good):
        self.good, self.seen = good, []

    def __call__(self, request):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.seen.append(token)
        if token != self.good:
            return httpx.Response(401, json={"type": "t", "title": "t", "status": 401, "code": "unauthenticated"})
        return httpx.Response(200, json={**RUN, "created_at": "2026-01-02T03:04:05Z"})


def test_the_newer_token_is_used_from_then_on(connect, file):
    server = Server("old")
    client = connect(transport=httpx.MockTransport(server))
    client.runs.get("abcd")
    server.good = "new"
    file.write_text("new\n")
    client.runs.get("abcd")
    client.runs.get("abcd")
    assert server.seen == ["old", "old", "new", "new"]


def test_without_another_token_it_is_refused_after_one_request(connect, file):
    server = Server("other")
    with pytest.raises(NotAuthenticated):
        connect(transport=httpx.MockTransport(server)).runs.get("abcd")
    assert server.seen == ["old"]


def test_a_token_that_was_given_is_never_exchanged(connect, file):
    server = Server("old")
    with pytest.raises(NotAuthenticated):
        connect(token="mine", transport=httpx.MockTransport(server)).runs.get("abcd")
    assert server.seen == ["mine"]
