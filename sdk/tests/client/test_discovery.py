"""Where a client finds its server, and to whom it shows which token."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainyard.client.discovery import Endpoint, data_directory, discover
from trainyard.client.errors import NoServer


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:8400", "pid": 1}))
    (tmp_path / "token").write_text("local-token\n")
    return tmp_path


def test_the_data_directory_names_server_and_token(data):
    found = discover(data=data, env={})
    assert found == Endpoint("http://127.0.0.1:8400", "local-token", "default", str(data / "server.json"))


def test_the_environment_names_data_directory_and_project(data):
    assert discover(env={"TRAINYARD_DATA": str(data), "TRAINYARD_PROJECT": "vision"}).project == "vision"


def test_an_argument_beats_the_environment_beats_the_directory(data):
    env = {"TRAINYARD_URL": "https://b/", "TRAINYARD_TOKEN": "env-token", "TRAINYARD_PROJECT": "p"}
    assert discover(data=data, env=env) == Endpoint("https://b", "env-token", "p", "TRAINYARD_URL")
    found = discover(url="https://c", token="mine", project="q", data=data, env=env)
    assert (found.url, found.token, found.project) == ("https://c", "mine", "q")


def test_a_token_file_is_read(data, tmp_path):
    (tmp_path / "t").write_text(" from-file \n")
    env = {"TRAINYARD_URL": "http://b", "TRAINYARD_TOKEN_FILE": str(tmp_path / "t")}
    assert discover(data=data, env=env).token == "from-file"


def test_the_local_token_is_not_shown_to_another_server(data):
    assert discover(url="https://elsewhere", data=data, env={}).token == ""
    assert discover(data=data, env={"TRAINYARD_URL": "https://elsewhere"}).token == ""
    assert discover(url="http://127.0.0.1:8400/", data=data, env={}).token == "local-token"


def test_nothing_found_says_where_was_looked_and_what_to_do(tmp_path):
    with pytest.raises(NoServer) as caught:
        discover(data=tmp_path, env={})
    assert str(tmp_path / "server.json") in str(caught.value)
    assert "start one with `yard up`, run `yard login URL`, or set TRAINYARD_URL" in str(caught.value)


@pytest.mark.parametrize("content", ["", "[]", '{"pid": 1}', "\x00", "{"])
def test_a_broken_server_file_is_named(tmp_path, content):
    (tmp_path / "server.json").write_text(content)
    with pytest.raises(NoServer, match=r"server\.json cannot be read"):
        discover(data=tmp_path, env={})


@pytest.mark.parametrize("url", ["localhost:8400", "ftp://a", "http://", "nonsense"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(NoServer, match="write it as http://HOST:PORT"):
        discover(url=url, env={})


def test_a_password_in_an_address_is_not_repeated():
    with pytest.raises(NoServer) as caught:
        discover(url="ftp://me:hunter2@host", env={})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("token", ["two\nlines-secret", "se cret", "sécret", "secret\x00"])
def test_a_token_that_fits_no_header_is_refused_unseen(token):
    with pytest.raises(NoServer) as caught:
        discover(url="http://a", token=token, env={})
    assert "cret" not in str(caught.value)


def test_a_token_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(NoServer, match="TRAINYARD_TOKEN_FILE cannot be read"):
        discover(url="http://a", env={"TRAINYARD_TOKEN_FILE": str(tmp_path / "none")})


def test_no_repr_shows_the_token(data):
    assert "local-token" not in repr(discover(data=data, env={}))


@pytest.fixture
def homeless(monkeypatch):
    """A user that is a number only, as in many containers."""

    def nobody(uid):
        raise KeyError(uid)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_what_is_named_is_used():
    found = discover(env={"TRAINYARD_URL": "http://b", "TRAINYARD_TOKEN": "t"})
    assert (found.url, found.token) == ("http://b", "t")


@pytest.mark.usefixtures("homeless")
@pytest.mark.parametrize("look", [lambda: discover(env={}), lambda: data_directory(env={})])
def test_without_a_home_it_is_said_what_to_name(look):
    with pytest.raises(NoServer, match="this user has no home directory; set TRAINYARD_DATA to a folder"):
        look()
