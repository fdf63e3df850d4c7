"""Settings: where they come from, which wins, and that what is wrong names file, key and fix."""

from __future__ import annotations

import pytest

from trainyard_core.errors import StartRefused
from trainyard_core.settings import load


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
