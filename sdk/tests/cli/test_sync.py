"""`yard sync`: spools on this machine, and what is told of them. Shipping itself is tested with `track`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainyard.track.sync import Report


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, str, str]]:
    """Takes the place of shipping: what was to be shipped, and a report of it."""
    calls: list[tuple[Path, str, str]] = []

    def ship(root: Path, *, url: str, token: str, project: str) -> Report:
        calls.append((root, url, token))
        return Report(root.name, "default", 3, 0, "the server refuses it" if root.name == "refused" else "", True)

    monkeypatch.setattr("trainyard.track.sync.sync", ship)
    return calls


def spool(data: Path, name: str) -> Path:
    root = data / "spool" / name
    root.mkdir(parents=True)
    (root / "run.json").write_text("{}")
    return root


def test_every_spool_of_the_data_directory_goes_to_the_server(yard, platform, tmp_path, shipped):
    roots = [spool(tmp_path / "data", "run-one"), spool(tmp_path / "data", "run-two")]
    done = yard("sync")
    assert done.code == 0
    assert [line.split()[:4] for line in done.out.splitlines()[1:]] == [
        ["run-one", "default", "3", "0"], ["run-two", "default", "3", "0"],
    ]  # fmt: skip
    assert [(root, url) for root, url, _ in shipped] == [(root, platform.url) for root in roots]


def test_one_spool_by_its_path(yard, platform, tmp_path, shipped):
    root = spool(tmp_path / "data", "run-one")
    spool(tmp_path / "data", "run-two")
    assert json.loads(yard("sync", str(root), "--json").out)["items"][0] == {
        "run": "run-one", "project": "default", "sent": 3, "pending": 0, "error": "", "removed": True,
    }  # fmt: skip
    assert [root for root, _, _ in shipped] == [root]


def test_a_spool_that_cannot_go_is_told_and_the_others_go(yard, platform, tmp_path, shipped):
    spool(tmp_path / "data", "refused")
    spool(tmp_path / "data", "run-one")
    done = yard("sync")
    assert done.code == 1
    assert "the server refuses it" in done.out
    assert len(shipped) == 2


def test_nothing_to_send_is_well_and_needs_no_server(yard, platform, tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINYARD_URL", "http://127.0.0.1:9")
    done = yard("sync")
    assert (done.code, done.out) == (0, "")
    assert "nothing waits" in done.err


def test_a_server_that_is_not_there_is_told_once(yard, platform, tmp_path, shipped, monkeypatch):
    spool(tmp_path / "data", "run-one")
    monkeypatch.setenv("TRAINYARD_URL", "http://127.0.0.1:9")
    assert yard("sync").code == 5
    assert shipped == []


def test_a_path_that_is_not_there_is_wrong_usage(yard, platform, tmp_path):
    assert yard("sync", str(tmp_path / "nowhere")).code == 2
