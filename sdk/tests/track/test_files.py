"""Files wait in the spool as they were, under names that stay inside."""

import hashlib
import os

import pytest

from trainyard.names import BadName
from trainyard.track import files


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights")
    return path


def test_staged_bytes_stay_when_the_program_writes_its_file_again(tmp_path, source):
    root = tmp_path / "spool"
    event = files.stage(root, source, "models/best.bin", "model")
    with source.open("r+b") as file:
        file.write(b"XXXXXXX")
    digest = hashlib.sha256(b"weights").hexdigest()
    assert files.held(root, event["digest"]).read_bytes() == b"weights"
    assert {k: event[k] for k in ("type", "name", "kind", "size", "digest")} == {
        "type": "artifact",
        "name": "models/best.bin",
        "kind": "model",
        "size": 7,
        "digest": f"sha256:{digest}",
    }


def test_a_link_is_enough_when_nobody_writes_any_more(tmp_path, source):
    root = tmp_path / "spool"
    event = files.stage(root, source, "a", link=True)
    assert files.held(root, event["digest"]).stat().st_ino == source.stat().st_ino


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".", "a\0b", "a\\..\\b", "x" * 256, "学" * 86, "\ud800"],
    ids=repr,
)
def test_a_name_that_could_leave_the_root_is_refused(tmp_path, source, name):
    with pytest.raises(BadName):
        files.stage(tmp_path / "spool", source, name)
    assert not files.any_held(tmp_path / "spool")


def test_a_folder_is_staged_file_by_file_without_what_lies_outside(tmp_path, source):
    folder = tmp_path / "out"
    (folder / "deep").mkdir(parents=True)
    (folder / "b").write_text("b")
    (folder / "deep" / "a").write_text("a")
    (folder / "inside").symlink_to(folder / "b")
    (folder / "outside").symlink_to(source)
    (folder / "dangling").symlink_to(tmp_path / "none")
    os.mkfifo(folder / "pipe")
    names = [e["name"] for e in files.stage_tree(tmp_path / "spool", folder, "outputs")]
    assert names == ["outputs/b", "outputs/deep/a", "outputs/inside"]


def test_a_missing_file_leaves_nothing_behind(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.stage(tmp_path / "spool", tmp_path / "none", "a")
    assert not files.any_held(tmp_path / "spool")


def test_only_bytes_that_nobody_waits_for_go_and_not_at_once(tmp_path, source):
    root = tmp_path / "spool"
    kept = files.stage(root, source, "a")
    source.write_bytes(b"other")
    gone = files.stage(root, source, "b")
    files.purge(root, {kept["digest"]})
    assert files.held(root, gone["digest"]).exists()
    later = files.held(root, gone["digest"]).stat().st_ctime + files.GRACE + 1
    files.purge(root, {kept["digest"]}, now=later)
    assert not files.held(root, gone["digest"]).exists()
    assert files.held(root, kept["digest"]).exists()
