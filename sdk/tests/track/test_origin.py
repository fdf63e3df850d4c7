"""Where a run comes from: command, machine, Python and packages; whatever cannot be told is left out."""

import getpass
import os
import sys
from importlib.metadata import version

import pytest

from trainyard.track import code, gpu, origin


def test_the_command_and_the_machine_are_told():
    found = origin.origin_of(["python", "train.py", "--lr", "0.1"], "/work")
    assert found["command"] == ["python", "train.py", "--lr", "0.1"]
    assert found["folder"] == "/work"
    assert found["cpus"] == os.cpu_count()
    assert found["memory"] > 1e6
    assert found["host"]


def test_a_long_command_is_cut():
    found = origin.origin_of(["x" * 5000, *["word"] * 10_000], "")["command"]
    assert found[0] == "x" * 4096 + "..."
    assert sum(map(len, found)) < 17_000


def test_a_user_without_a_name_is_left_out(monkeypatch):
    def nobody():
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert "user" not in origin.origin_of([], "")


def test_packages_are_those_that_python_would_import(tmp_path):
    found = origin.packages(sys.path)
    assert found["pytest"] == version("pytest")
    assert found["hypothesis"] == version("hypothesis")
    first, second = tmp_path / "a", tmp_path / "b"
    for folder, number in ((first, "2.0"), (second, "1.0")):
        (folder / f"My_Package-{number}.dist-info").mkdir(parents=True)
    (second / "old-0.1-py3.11.egg-info").mkdir()
    assert origin.packages([str(first), str(second), str(tmp_path / "none")]) == {"my-package": "2.0", "old": "0.1"}


def test_gpus_are_named_by_the_driver(tmp_path, monkeypatch):
    for number, model in enumerate(("NVIDIA A100", "NVIDIA H100")):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "information").write_text(f"Model: \t\t {model}\nIRQ: 1\n")
    monkeypatch.setattr(gpu, "_DRIVER", tmp_path)
    assert origin.origin_of([], "")["gpus"] == ["NVIDIA A100", "NVIDIA H100"]


@pytest.mark.parametrize(("value", "wanted"), [("1", True), ("", True), ("0", False), ("false", False)])
def test_it_can_be_turned_off(value, wanted):
    assert origin.is_wanted({"TRAINYARD_ORIGIN": value}) is wanted


def test_the_address_of_a_repository_has_no_password():
    assert code.without_password("https://me:hush@example.org/a.git") == "https://example.org/a.git"
    assert code.without_password("git@example.org:a.git") == "git@example.org:a.git"
