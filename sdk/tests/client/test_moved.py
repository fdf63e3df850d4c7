"""A server that was found by its data directory and comes back at another port."""

from __future__ import annotations

import json

import pytest
from fake_platform import TOKEN, FakePlatform

from trainyard.client import Backoff
from trainyard.client.errors import NotReachable

QUICK = Backoff(tries=2, base=0.001)
RUN = "01890000-0000-7000-8000-00000000abcd"


@pytest.fixture
def data(tmp_path, platform):
    """The data directory of a server that answers no more since the client was made."""
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "server.json").write_text(json.dumps({"url": platform.url, "pid": 1}))
    return tmp_path


@pytest.fixture
def move(data, platform):
    others = []

    def move():
        platform.stop()
        others.append(FakePlatform().start())
        others[-1].add_run(RUN)
        (data / "server.json").write_text(json.dumps({"url": others[-1].url, "pid": 2}))

    yield move
    for other in others:
        other.stop()


def test_a_client_follows_it(connect, data, move):
    client = connect(data=data, backoff=QUICK)
    before = client.endpoint.url
    client.version()
    move()
    assert client.runs.get(RUN).id == RUN
    assert client.endpoint.url != before
    assert client.endpoint.url in repr(client)


def test_a_client_that_was_told_an_address_stays_with_it(connect, data, move, platform):
    client = connect(platform.url, data=data, backoff=QUICK)
    move()
    with pytest.raises(NotReachable):
        client.runs.get(RUN)


def test_a_data_directory_without_a_server_is_asked_again_later(connect, data, move):
    client = connect(data=data, backoff=QUICK)
    move()
    told = (data / "server.json").read_text()
    (data / "server.json").unlink()
    with pytest.raises(NotReachable):
        client.runs.get(RUN)
    (data / "server.json").write_text(told)
    assert client.runs.get(RUN).id == RUN
