"""Settings: where they come from, which wins, and that what is wrong names file, key and fix."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import trainyard
from trainyard_core.errors import StartRefused
from trainyard_core.settings import in_force, load


def written(folder, text):
    (folder / "trainyard.toml").write_text(text)
    return folder


def test_environment_wins_over_file_and_file_over_default(tmp_path):
    data = written(tmp_path, 'port = 1\nagent = "a"\n[tracker_folder]\nroot = "x"\nkeep = 1\n')
    environ = {
        "TRAINYARD_PORT": "2",
        "TRAINYARD_TRACKER_FOLDER__ROOT": "y",
        "TRAINYARD_QUEUES": "gpu, cpu",
        "HOME": "/",
    }
    found = load(data, environ=environ)
    assert (found.port, found.agent, found.host, found.queues) == (2, "a", "127.0.0.1", ("gpu", "cpu"))
    assert found.sections == {"tracker_folder": {"root": "y", "keep": 1}}
    assert load(data, environ=environ, overrides={"port": 3}).port == 3


def test_nothing_given_is_the_data_directorys_own_database(tmp_path):
    found = load(tmp_path / "none", environ={})
    assert found.database_url == f"sqlite:///{tmp_path / 'none' / 'trainyard.db'}"
    assert found.plugins == ()
    assert load(tmp_path, environ={"TRAINYARD_PLUGINS": ""}).plugins == ()


def test_variables_of_clients_and_runs_are_not_ours(tmp_path):
    names = ["TOKEN", "RUN", "URL", "OFFLINE", "CODE", "RESUME_FROM", "RESUME_STEP", "PARENT_SPOOL"]
    load(tmp_path, environ={f"TRAINYARD_{name}": "1" for name in names})


@pytest.mark.parametrize(
    ("text", "environ", "named"),
    [
        ("prot = 1", {}, ["trainyard.toml", "prot", "did you mean port"]),
        ("port = 'high'", {}, ["trainyard.toml", "port", "int"]),
        ("port = [", {}, ["trainyard.toml", "Invalid value"]),
        ("", {"TRAINYARD_PROT": "1"}, ["TRAINYARD_PROT", "did you mean port"]),
        ("", {"TRAINYARD_PORT": "high"}, ["port", "int"]),
        ("drain = 'long'", {}, ["drain", "float"]),
        ("[scheduler]\ncpu = 1", {}, ["trainyard.toml", "scheduler", "section"]),
        ("queues = 1", {}, ["queues"]),
        ("port = " + "[" * 5_000, {}, ["trainyard.toml", "nested too deep"]),
        ("", {"TRAINYARD_TRACKER__SIZES": "[" * 5_000}, ["TRAINYARD_TRACKER__SIZES", "nested too deep"]),
    ],
)
def test_what_is_wrong_names_the_place_and_a_fix(tmp_path, text, environ, named):
    with pytest.raises(StartRefused) as caught:
        load(written(tmp_path, text), environ=environ)
    assert all(each in str(caught.value) for each in named), str(caught.value)
    assert caught.value.fix


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "trainyard.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(StartRefused, match=r"trainyard\.toml"):
        load(tmp_path, environ={})


@pytest.mark.parametrize("port", [-1, 65536, 99999])
def test_a_port_that_is_none_is_refused(tmp_path, port):
    with pytest.raises(StartRefused, match="port"):
        load(tmp_path, environ={}, overrides={"port": port})


@pytest.mark.parametrize(
    ("host", "public_url", "url"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:80"),
        ("::1", "", "http://[::1]:80"),
        ("0.0.0.0", "", "http://127.0.0.1:80"),
        ("::", "", "http://[::1]:80"),
        ("yard.lan", "", "http://yard.lan:80"),
        ("::", "https://yard.example/x", "https://yard.example/x"),
    ],
)
def test_the_address_that_clients_are_told_can_be_connected_to(tmp_path, host, public_url, url):
    given = {"host": host, "public_url": public_url}
    assert load(tmp_path, environ={}, overrides=given).url(80) == url


def test_what_is_shown_holds_no_secret_at_any_depth(tmp_path):
    (tmp_path / "trainyard.toml").write_text(
        """
        database = "postgresql://ada:g/eh@eim-1@db/yard?sslmode=require&sslpassword=geheim-2"
        valkey = "redis://:geheim-3@cache:6379"

        [mine]
        servers = [{name = "one", password = "geheim-4"}, {name = "two", options = {api_key = "geheim-5"}}]
        tokens = ["geheim-6", "geheim-7"]
        login = {credentials = {user = "ada", pin = 8008135}, mode = "ldap"}
        hooks = ["https://ada:geheim-8@hooks/x?access_token=geheim-9&shown=1"]
        auth = ["ada", "geheim-10"]
        header = "Authorization: Bearer geheim-11"
        webhook_secret = "geheim://12"
        """
    )
    found = in_force(load(tmp_path, environ={}), environ={})
    shown = {name: value for name, value, _ in found}
    text = " ".join(shown.values())
    assert "geheim" not in text
    assert "eim-1" not in text
    assert "8008135" not in text
    assert shown["database"] == "postgresql://***@db/yard?sslmode=require&sslpassword=***"
    assert shown["valkey"] == "redis://***@cache:6379"
    assert shown["mine.servers"] == (
        "[{'name': 'one', 'password': '***'}, {'name': 'two', 'options': {'api_key': '***'}}]"
    )
    assert (shown["mine.tokens"], shown["mine.auth"], shown["mine.webhook_secret"]) == ("***", "***", "***")
    assert shown["mine.login"] == "{'credentials': '***', 'mode': 'ldap'}"
    assert shown["mine.hooks"] == "['https://***@hooks/x?access_token=***&shown=1']"
    assert (shown["queues"], shown["port"]) == ("*", "8400")


def test_no_variable_of_programs_is_taken_for_a_setting(tmp_path):
    sources = Path(trainyard.__file__).parent.rglob("*.py")
    named = {name for source in sources for name in re.findall(r"\bTRAINYARD_[A-Z_]+[A-Z]\b", source.read_text())}
    assert "TRAINYARD_CAPTURE" in named
    for name in sorted(named - {"TRAINYARD_AGENT"}):  # of both: the program is told which agent runs it
        assert load(tmp_path, environ={name: "1"}) == load(tmp_path, environ={}), name
