"""Tokens that `yard login` keeps: for one server each, for the user's eyes alone, and who is found by them."""

from __future__ import annotations

import json
import stat

import pytest

from trainyard.client import logins
from trainyard.client.discovery import discover
from trainyard.client.errors import NoServer
from trainyard.client.logins import Login
from trainyard.track import login, target

TEAM, OTHER = "https://team.example", "https://other.example"


@pytest.fixture
def env(tmp_path):
    return {"TRAINYARD_CONFIG": str(tmp_path / "config"), "HOME": str(tmp_path / "home")}


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:8400"}))
    (folder / "token").write_text("local-token\n")
    return folder


def test_what_is_kept_is_found_again_by_its_address_however_it_is_written(env):
    logins.remember(Login("HTTPS://Team.Example:443/", "abc", "user:ada"), env)
    for url in (TEAM, "https://team.example:443", "https://TEAM.example/", "https://me@team.example"):
        assert logins.token_for(url, env) == "abc"
    assert logins.known(env) == [TEAM]


@pytest.mark.parametrize(
    "url",
    [OTHER, "http://team.example", "https://team.example:8443", "https://team.example/x", "https://team.example.evil",
     "https://evil/https://team.example", "https://team.example@evil.example"],
)  # fmt: skip
def test_a_token_is_shown_to_no_other_address(env, url):
    logins.remember(Login(TEAM, "abc"), env)
    assert logins.token_for(url, env) == ""
    assert discover(url=url, env=env).token == ""


def test_its_owner_alone_may_read_it_and_a_wider_file_is_refused(env, tmp_path):
    file = logins.remember(Login(TEAM, "abc"), env)
    kept = [*(tmp_path / "config").iterdir()]
    assert len(kept) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert stat.S_IMODE((tmp_path / "config").stat().st_mode) == 0o700
    file.chmod(0o640)
    with pytest.raises(NoServer, match="others may read it; chmod 600") as caught:
        discover(env=env)
    assert "abc" not in str(caught.value)


def test_a_login_is_in_no_repr():
    assert "abc" not in repr(Login(TEAM, "abc")) + repr(discover(url=TEAM, token="abc", env={}))


def test_the_last_login_is_the_server_that_is_meant_when_nobody_says(env):
    logins.remember(Login(OTHER, "b"), env)
    logins.remember(Login(TEAM, "a"), env)
    found = discover(env=env)
    assert (found.url, found.token, found.source, found.token_source) == (TEAM, "a", "yard login", "yard login")
    assert discover(url=OTHER + "/", env=env).token == "b"
    assert logins.forget(TEAM, env)
    assert not logins.forget(TEAM, env)
    with pytest.raises(NoServer, match="yard login"):
        discover(env=env)
    assert discover(url=OTHER, env=env).token == "b"


def test_what_is_said_beats_a_login_which_beats_what_merely_runs_here(env, data, tmp_path):
    logins.remember(Login(TEAM, "a"), env)
    assert discover(env={**env, "TRAINYARD_URL": OTHER}).url == OTHER
    assert discover(env=env, data=data).token == "local-token"
    assert discover(env={**env, "TRAINYARD_DATA": str(data)}).source == str(data / "server.json")
    assert discover(env={**env, "TRAINYARD_DATA": str(tmp_path / "empty")}).url == TEAM
    assert discover(env={**env, "TRAINYARD_TOKEN": "said"}).token == "said"


def test_a_home_without_a_login_keeps_its_own_server(env, data, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    data.rename(tmp_path / "home" / ".trainyard")
    assert discover(env=env).token == "local-token"
    logins.remember(Login(TEAM, "a"), env)
    assert discover(env=env).url == TEAM


@pytest.mark.parametrize(
    ("env", "folder"),
    [
        ({"TRAINYARD_CONFIG": "/c", "XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "/c"),
        ({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "/x/trainyard"),
        ({"HOME": "/h"}, "/h/.config/trainyard"),
    ],
)
def test_where_it_is_kept(env, folder):
    assert str(login.folder_of(env)) == folder


def test_without_a_place_nothing_is_kept_and_nothing_is_found():
    assert logins.token_for(TEAM, {}) == ""
    assert logins.known({}) == []
    assert not logins.forget(TEAM, {})
    with pytest.raises(NoServer, match="no place to keep a token"):
        logins.remember(Login(TEAM, "a"), {})


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b'{"url": "https://other.example"}'])
def test_a_file_that_is_not_ours_finds_nothing(env, text, tmp_path):
    logins.remember(Login(TEAM, "a"), env)
    (next((tmp_path / "config").glob("*.json"))).write_bytes(text)
    assert logins.token_for(TEAM, env) == ""


def test_a_tracked_run_goes_where_the_login_was_and_takes_only_that_token(env, data, monkeypatch):
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    for name in ("TRAINYARD_URL", "TRAINYARD_TOKEN", "TRAINYARD_TOKEN_FILE", "TRAINYARD_DATA"):
        monkeypatch.delenv(name, raising=False)
    file = logins.remember(Login(TEAM, "a"), env)
    assert target.find_target("p", "r") == target.Target(TEAM, "p", "r", str(file))
    monkeypatch.setenv("TRAINYARD_URL", OTHER)
    assert target.find_target("p", "r") == target.Target(OTHER, "p", "r", "")
    monkeypatch.delenv("TRAINYARD_URL")
    monkeypatch.setenv("TRAINYARD_DATA", str(data))
    local = target.Target("http://127.0.0.1:8400", "p", "r", str(data / "token"), str(data))
    assert target.find_target("p", "r") == local
    monkeypatch.setenv("TRAINYARD_URL", OTHER)
    assert target.find_target("p", "r").token_file == ""
