"""Clients and servers of different versions tell each other, and say so where it matters."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from trainyard.client.errors import NotFound, WrongServer

OURS = {"X-Trainyard-Client": "0.1.0; api=v1"}


@pytest.mark.parametrize("path", ["version", "health", "no/such/route", "/api/v2/runs", "/nothing", "runs"])
async def test_every_answer_tells_the_servers_version_also_to_a_stranger(web, path):
    for token in (web.token, "wrong"):
        answer = await web.ask("GET", path, token=token)
        assert answer.headers["X-Trainyard-Server"] == version("trainyard-core")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/api/v2", "/api/v2/projects/p/runs", "/api/v17/version", "/api/v0/version"])
async def test_an_address_of_another_api_says_which_is_spoken(web, method, path):
    answer = await web.ask(method, path, token="")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "api_version"
    assert "speaks v1" in problem["detail"]
    assert "pip install 'trainyard>=0,<1'" in problem["fix"]


async def test_what_only_looks_like_an_api_is_not_found(web):
    for path in ("/api", "/api/", "/api/vision", "/api/v1/nothing", "/v2/version", "/api/v2x"):
        assert (await web.ask("GET", path)).status_code == 404


@pytest.mark.parametrize(("api", "fix"), [("v2", "upgrade the server"), ("v0", "pip install"), ("next", "pip install")])
async def test_a_client_that_speaks_another_api_is_told_before_it_is_asked_who_it_is(web, api, fix):
    answer = await web.ask("GET", "version", token="", headers={"X-Trainyard-Client": f"9.1.0; api={api}"})
    assert (answer.status_code, answer.json()["code"]) == (400, "api_version")
    assert f"client 9.1.0 speaks API {api}" in answer.json()["detail"]
    assert fix in answer.json()["fix"]


@pytest.mark.parametrize("said", ["0.1.0; api=v1", "7.0; api=v1", "curl", "", "x" * 5000, "1; api=v1; more", "é"])
async def test_a_client_that_speaks_ours_or_says_nothing_to_the_point_is_served(web, said):
    headers = {"X-Trainyard-Client": said.encode()}
    assert (await web.ask("GET", "version", headers=headers)).status_code == 200


async def test_the_sdk_names_the_versions_when_the_server_refuses_its_api(web, monkeypatch):
    monkeypatch.setattr("trainyard.track.version.told", lambda: "3.0.0; api=v3")
    with pytest.raises(WrongServer, match=r"client is .* client 3\.0\.0 speaks API v3.*upgrade the server"):
        await web.admin.version()


async def test_the_sdk_blames_nothing_on_versions_that_fit(web):
    with pytest.raises(NotFound, match="no run"):
        await web.admin.runs.get("01890000-0000-7000-8000-00000000abcd")
