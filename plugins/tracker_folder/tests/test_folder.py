"""What is this tracker's own: its settings, and that nothing leaves its root."""

import contextlib
import hashlib
import os
import subprocess
import sys

import pytest

from trainyard_core.contracts.tracker import ArtifactMissing, BadName, RunRef, Upload, WrongOffset
from trainyard_core.hookspecs import Context
from trainyard_core.testing.tracker_tools import (
    log_frame,
    metric_frame,
    mixed_frames,
    new_writer,
    read_all_lines,
    read_bytes,
    stream,
)
from trainyard_tracker_folder import artifact, plugin
from trainyard_tracker_folder.layout import Layout, file_name
from trainyard_tracker_folder.settings import Settings
from trainyard_tracker_folder.tracker import FolderTracker

RUN = RunRef("default", "run-1")


@pytest.fixture
async def tracker(tmp_path):
    tracker = FolderTracker(tmp_path / "tracker")
    yield tracker
    await tracker.aclose()


def artifact_file(root, name):
    return root.joinpath(*Layout(root).parts(RUN, "artifacts"), file_name(name))


def _files_outside(tmp_path, root):
    return [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(root)]


async def test_the_plugin_offers_the_folder_tracker_in_its_own_folder(tmp_path):
    (provider,) = plugin.register_trackers()
    tracker = provider.build(Context(folder=tmp_path / "own", settings=Settings()))
    await tracker.append(RUN, mixed_frames(new_writer(), 1))
    await tracker.aclose()
    assert provider.name == tracker.name == "folder"
    assert (tmp_path / "own" / "default" / "run-1").is_dir()


@pytest.mark.parametrize("root", ["elsewhere", "{tmp}/absolute"])
async def test_the_root_may_be_set(tmp_path, root):
    settings = Settings(root=root.format(tmp=tmp_path))
    tracker = FolderTracker.from_context(Context(folder=tmp_path / "own", settings=settings))
    await tracker.append(RUN, mixed_frames(new_writer(), 1))
    await tracker.aclose()
    assert (tmp_path / "own" / settings.root / "default" / "run-1").is_dir()


@pytest.mark.parametrize("settings", [{"root": 7}, {"cache_mb": "much"}, {"cache_mb": -1}])
def test_a_wrong_setting_is_refused_and_named(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        Settings(**settings)


def test_importing_the_tracker_imports_no_numpy():
    program = "import sys, trainyard_tracker_folder.tracker; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    "name", ["..", "../../x", "/abs", "a/b", "a\0b", ".hidden", "x" * 5000, "UPPER", "\udcff", "."]
)
async def test_no_project_or_run_name_leaves_the_root(tmp_path, tracker, name):
    for run in (RunRef(name, "r"), RunRef("p", name)):
        await tracker.append(run, mixed_frames(new_writer(), 2))
        await tracker.put_artifact(run, "a", stream(b"x"))
        assert len(await read_all_lines(tracker, run)) == 2
        await tracker.delete_run(run)
    assert _files_outside(tmp_path, tmp_path / "tracker") == []


async def test_an_empty_project_or_run_name_is_refused(tracker):
    for run in (RunRef("", "r"), RunRef("p", "")):
        with pytest.raises(BadName):
            await tracker.append(run, mixed_frames(new_writer(), 1))


@pytest.mark.parametrize("linked", ["default", "default/run-1", "default/run-1/frames", "default/run-1/artifacts"])
async def test_a_symbolic_link_below_the_root_is_never_followed(tmp_path, tracker, linked):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    link = tmp_path / "tracker" / linked
    link.parent.mkdir(parents=True)
    link.symlink_to(outside, target_is_directory=True)
    calls = [tracker.put_artifact(RUN, "a", stream(b"x"))] if linked.endswith("artifacts") else []
    calls += [tracker.append(RUN, mixed_frames(new_writer(), 1))] if not calls else []
    for call in calls:
        with pytest.raises(BadName, match="symbolic link"):
            await call
    assert [path.name for path in outside.iterdir()] == ["secret"]


def _calls(tracker):
    """Every call that reaches artifacts and uploads."""
    upload = Upload(id="u", name="a", size=3, digest=f"sha256:{hashlib.sha256(b'abc').hexdigest()}")
    return {
        "put": lambda: tracker.put_artifact(RUN, "a", stream(b"x")),
        "stat": lambda: tracker.stat_artifact(RUN, "a"),
        "read": lambda: read_bytes(tracker, RUN, "a"),
        "list": lambda: tracker.list_artifacts(RUN),
        "delete": lambda: tracker.delete_artifact(RUN, "a"),
        "append": lambda: tracker.append_upload(RUN, upload, 0, stream(b"abc")),
        "offset": lambda: tracker.upload_offset(RUN, upload),
        "finish": lambda: tracker.finish_upload(RUN, upload),
        "drop": lambda: tracker.drop_upload(RUN, upload),
    }


REFUSED = {
    "default": {"put", "stat", "read", "list", "delete", "append", "offset", "finish", "drop"},
    "default/run-1": {"put", "stat", "read", "list", "delete", "append", "offset", "finish", "drop"},
    "artifacts": {"put", "stat", "read", "list", "delete"},
    "incoming": {"put"},
    "uploads": {"append", "offset", "finish", "drop"},
}


@pytest.mark.parametrize("linked", REFUSED)
async def test_no_call_for_artifacts_goes_through_a_planted_link(tmp_path, tracker, linked):
    outside, root = tmp_path / "outside", tmp_path / "tracker"
    for name in ("artifacts", "incoming", "uploads"):
        (outside / "run-1" / name).mkdir(parents=True)
        (outside / name).mkdir()
        for folder in (outside / name, outside / "run-1" / name, outside):
            (folder / file_name("a")).write_text("secret")
            (folder / file_name("u")).write_text("secret")
    before = {path: path.read_text() for path in outside.rglob("*") if path.is_file()}
    link = root / (linked if linked.startswith("default") else f"default/run-1/{linked}")
    link.parent.mkdir(parents=True)
    link.symlink_to(outside, target_is_directory=True)
    refused = set()
    for name, call in _calls(tracker).items():
        try:
            assert "secret" not in repr(await call())
        except BadName:
            refused.add(name)
        except (ArtifactMissing, WrongOffset):
            continue
    assert refused >= REFUSED[linked]
    if linked == "default/run-1":
        await tracker.delete_run(RUN)
    assert {path: path.read_text() for path in outside.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("swapped", ["default", "default/run-1", "default/run-1/artifacts", "default/run-1/incoming"])
async def test_a_folder_that_is_swapped_for_a_link_during_a_call_leads_nowhere(tmp_path, tracker, monkeypatch, swapped):
    outside, victim = tmp_path / "outside", tmp_path / "tracker" / swapped
    for name in ("run-1/artifacts", "run-1/incoming", "artifacts", "incoming"):
        (outside / name).mkdir(parents=True)
    await tracker.put_artifact(RUN, "a", stream(b"old"))
    write = artifact.write_all

    def swap_and_write(fd, data):
        if not victim.is_symlink():
            victim.rename(tmp_path / "moved")
            victim.symlink_to(outside, target_is_directory=True)
        write(fd, data)

    monkeypatch.setattr(artifact, "write_all", swap_and_write)
    with contextlib.suppress(BadName):
        await tracker.put_artifact(RUN, "a", stream(b"new"))
    assert [path for path in outside.rglob("*") if path.is_file()] == []


async def test_a_pipe_in_the_place_of_an_artifact_holds_nobody_up(tmp_path, tracker):
    await tracker.put_artifact(RUN, "a", stream(b"x"))
    path = artifact_file(tmp_path / "tracker", "a")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(OSError, match="no regular file"):
        await tracker.stat_artifact(RUN, "a")
    await tracker.put_artifact(RUN, "a", stream(b"new"))
    assert await read_bytes(tracker, RUN, "a") == b"new"


async def test_a_link_in_the_place_of_an_artifact_or_segment_is_not_read(tmp_path, tracker):
    writer = new_writer()
    await tracker.put_artifact(RUN, "a", stream(b"x"))
    await tracker.append(RUN, mixed_frames(writer, 1))
    layout, outside = Layout(tmp_path / "tracker"), tmp_path / "outside"
    for path in (artifact_file(layout.root, "a"), layout.segment(RUN, writer)):
        path.replace(outside)
        path.symlink_to(outside)
    with pytest.raises(OSError):
        await read_bytes(tracker, RUN, "a")
    with pytest.raises(OSError):
        await tracker.append(RUN, mixed_frames(writer, 2))
    before = outside.read_bytes()
    await tracker.put_artifact(RUN, "a", stream(b"new"))
    assert await read_bytes(tracker, RUN, "a") == b"new"
    assert outside.read_bytes() == before


async def test_files_and_folders_are_their_owners_only(tmp_path, tracker):
    await tracker.append(RUN, mixed_frames(new_writer(), 1))
    await tracker.put_artifact(RUN, "a", stream(b"x"))
    for path in (tmp_path / "tracker").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


async def test_a_file_that_is_no_artifact_is_said_to_be_none(tmp_path, tracker):
    await tracker.put_artifact(RUN, "a", stream(b"x"))
    for content in (b"", b"short", b"x" * 500):
        artifact_file(tmp_path / "tracker", "a").write_bytes(content)
        with pytest.raises(OSError, match="not a stored artifact"):
            await tracker.stat_artifact(RUN, "a")


async def test_a_writer_that_is_no_uuid_is_refused(tracker):
    with pytest.raises(BadName):
        await tracker.durable(RUN, "../../etc/passwd")


async def test_a_log_page_ends_at_eight_mebibytes_of_text(tracker):
    writer = new_writer()
    for n in range(1, 6):
        await tracker.append(RUN, [log_frame(writer, n, [(n, "x" * 3_000_000)])])
    assert len((await tracker.read_logs(RUN)).lines) == 3
    assert (await tracker.read_logs(RUN)).more
    assert len((await tracker.read_logs(RUN, tail=True)).lines) == 2
    assert len(await read_all_lines(tracker, RUN)) == 5


async def test_a_cursor_of_another_run_is_refused(tracker):
    other = RunRef("default", "run-2")
    for run in (RUN, other):
        await tracker.append(run, mixed_frames(new_writer(), 1))
    cursor = (await tracker.read_logs(RUN)).cursor
    with pytest.raises(ValueError, match="no log cursor of run run-2"):
        await tracker.read_logs(other, cursor=cursor)


async def test_series_beyond_the_memory_limit_are_read_again(tmp_path):
    tracker = FolderTracker(tmp_path / "tracker", cache_mb=0)
    runs = [RunRef("default", f"run-{n}") for n in range(4)]
    for n, run in enumerate(runs):
        await tracker.append(run, [metric_frame(new_writer(), 1, "loss", [(1, float(n))])])
    for _ in range(2):
        for n, run in enumerate(runs):
            (series,) = await tracker.read_series(run, ["loss"])
            assert series.points[0].last == float(n)
    await tracker.aclose()


async def test_what_a_deletion_left_behind_goes_with_the_next(tmp_path, tracker):
    trash = Layout(tmp_path / "tracker").trash
    left = trash / "0123" / "frames"
    left.mkdir(parents=True)
    (left / "x").write_text("x")
    await tracker.append(RUN, mixed_frames(new_writer(), 1))
    await tracker.delete_run(RUN)
    assert list(trash.iterdir()) == []
