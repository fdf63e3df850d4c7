"""Files wait in the spool as they were, under names that stay inside."""

import hashlib
import os
from pathlib import Path

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
    (folder / "folder").symlink_to(folder / "deep")
    os.mkfifo(folder / "pipe")
    kept, left = staged(tmp_path / "spool", folder)
    assert kept == ["outputs/b", "outputs/deep/a", "outputs/inside"]
    assert left == {
        "outputs/dangling": "the link leads nowhere",
        "outputs/folder": "links to folders are not followed",
        "outputs/outside": "the link leads out of the folder",
        "outputs/pipe": "it is not a regular file",
    }


def staged(root, folder):
    """What of a folder is kept, and why the rest is not."""
    kept, left = [], {}
    for name, found in files.listed(folder, "outputs"):
        try:
            kept.append(files.stage(root, files.readable(found), name)["name"])
        except ValueError as error:
            left[name] = str(error)
    return kept, left


def test_bad_names_and_files_that_are_gone_meanwhile_cost_the_rest_nothing(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    for name in (b"a", b"b\\c.txt", b"caf\xe9", b"gone", b"z"):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_text("x")
    found = files.listed(folder, "outputs")
    first = next(found)
    (folder / "gone").unlink()
    names = {name: None for name, _ in (first, *found)}
    kept, left = staged(tmp_path / "spool", folder)
    assert len(names) == 5
    assert kept == ["outputs/a", "outputs/b\\c.txt", "outputs/z"]
    assert list(left) == ["outputs/caf\udce9"]
    with pytest.raises(files.NoFile, match="No such file"):
        files.stage(tmp_path / "spool", folder / "gone", "outputs/gone")


@pytest.mark.parametrize("name", ["plain", ".", "..", "deep/..", "link"])
def test_a_path_has_its_own_name(tmp_path, name, monkeypatch):
    (tmp_path / "here" / "deep").mkdir(parents=True)
    (tmp_path / "here" / "link").symlink_to("plain")
    monkeypatch.chdir(tmp_path / "here")
    own = {".": "here", "..": tmp_path.name, "deep/..": "here"}
    assert files.own_name(Path(name)) == own.get(name, name)


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("make", [os.mkfifo, lambda p: p.mkdir(), lambda p: p.symlink_to("/dev/zero")])
def test_only_regular_files_are_taken_and_nothing_is_waited_for(tmp_path, make, link):
    make(tmp_path / "odd")
    with pytest.raises(files.NoFile, match="not a regular file"):
        files.stage(tmp_path / "spool", tmp_path / "odd", "a", link=link)
    assert not files.any_held(tmp_path / "spool")


def test_a_link_is_followed_to_its_bytes_when_a_link_is_enough(tmp_path, source):
    (tmp_path / "best").symlink_to(source)
    event = files.stage(tmp_path / "spool", tmp_path / "best", "best", link=True)
    assert files.held(tmp_path / "spool", event["digest"]).stat().st_ino == source.stat().st_ino


def test_a_missing_file_leaves_nothing_behind(tmp_path):
    with pytest.raises(files.NoFile):
        files.stage(tmp_path / "spool", tmp_path / "none", "a")
    assert not files.any_held(tmp_path / "spool")


@pytest.mark.parametrize("kind", ["", "k" * 65, "a\nb"])
def test_a_kind_that_the_server_refuses_is_refused(tmp_path, source, kind):
    with pytest.raises(BadName):
        files.stage(tmp_path / "spool", source, "a", kind)


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
