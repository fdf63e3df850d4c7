"""What a client tells of itself, and what it makes of a server of another version."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from trainyard.client import version_skew, wire
from trainyard.client.errors import Conflict, NotFound, NotReachable, WrongServer, error_for
from trainyard.client.models import Problem, Version
from trainyard.track import version as own

SERVER = "http://there"
ASK = wire.Request("GET", "/api/v1/version", Version)


def problem(status, code="x"):
    return Problem(type="about:blank", title="t", status=status, code=code, detail="what it said")


def test_every_request_tells_the_clients_version_and_api(client, platform):
    client.version()
    assert platform.seen[0].headers["x-trainyard-client"] == f"{version('trainyard')}; api=v1"


def test_a_client_that_is_not_installed_tells_no_version(monkeypatch):
    monkeypatch.setattr(own, "version", _missing)
    own.ours.cache_clear()
    assert own.ours() == "0"
    own.ours.cache_clear()


def _missing(name):
    raise own.PackageNotFoundError(name)


@pytest.mark.parametrize(
    ("theirs", "fix"), [("1.4.0", "pip install 'trainyard>=1,<2'"), ("12.0", "'trainyard>=12,<13'")]
)
@pytest.mark.parametrize("status", [400, 404, 405, 422, 501])
def test_a_newer_server_is_named_where_it_is_the_likely_reason(theirs, fix, status):
    error = version_skew.explained(error_for(problem(status)), theirs, server=SERVER)
    assert isinstance(error, WrongServer)
    assert (
        error.message == f"http://there is Trainyard {theirs} and this client is {version('trainyard')}: what it said"
    )
    assert fix in error.fix


def test_an_older_server_should_be_upgraded(monkeypatch):
    monkeypatch.setattr(version_skew, "ours", lambda: "2.0.0")
    error = version_skew.explained(error_for(problem(404)), "1.9.9", server=SERVER)
    assert error.fix == "upgrade the server, or use a client of its age: pip install 'trainyard>=1,<2'"


@pytest.mark.parametrize(("status", "kind"), [(409, Conflict), (404, NotFound)])
@pytest.mark.parametrize("theirs", ["", version("trainyard"), "0.99.0", "dev", "²"])
def test_a_server_of_our_major_version_or_of_none_is_not_blamed(status, kind, theirs):
    assert type(version_skew.explained(error_for(problem(status)), theirs, server=SERVER)) is kind


@pytest.mark.parametrize("error", [error_for(problem(409)), error_for(problem(503)), NotReachable("no answer")])
def test_what_another_version_would_not_cause_stays_what_it_is(error):
    assert version_skew.explained(error, "9.0", server=SERVER) is error


def test_the_servers_own_refusal_is_a_wrong_server_whatever_its_version():
    for theirs in ("", "0.1.0", "9.0"):
        assert isinstance(
            version_skew.explained(error_for(problem(400, "api_version")), theirs, server=SERVER), WrongServer
        )


def test_an_answer_of_another_shape_from_another_major_version_names_it():
    with pytest.raises(WrongServer, match=r"is Trainyard 3\.0\.0 and this client"):
        wire.read_answer(ASK, 200, b'{"release": 3}', server=SERVER, theirs="3.0.0")
    assert wire.read_answer(ASK, 200, b'{"version": "3.0.0"}', server=SERVER, theirs="3.0.0").version == "3.0.0"


def test_a_newer_server_that_does_not_know_a_route_is_told_by_its_version(client, platform):
    platform.release = "3.1.0"
    assert client.version().version == "0.1.0"
    with pytest.raises(WrongServer, match=r"is Trainyard 3\.1\.0 and this client is .*pip install 'trainyard>=3,<4'"):
        client.runs.get("nope")
    with pytest.raises(WrongServer, match=r"is Trainyard 3\.1\.0"):
        client.runs.read("nope", "a.txt")
    platform.faults = ["{}"]
    with pytest.raises(WrongServer, match=r"is Trainyard 3\.1\.0"):
        client.version()
