"""What a retry goes on from, against a real HTTP server that is away, refuses, breaks off and tells lies."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import tarfile
import threading

import pytest

import trainyard
from trainyard.names import BadName
from trainyard.runner.address import publish
from trainyard.track import failpoints, files

NAMES = ("RUN", "PROJECT", "SPOOL", "URL", "TOKEN_FILE", "ATTEMPT")


@pytest.fixture
def again(tmp_path, home, platform, token_file, monkeypatch):
    """A second attempt; its spool."""
    spool = tmp_path / "attempts" / "the-run" / "2" / "spool"
    for name, value in zip(NAMES, ("the-run", "p", str(spool), platform.url, str(token_file), "2"), strict=True):
        monkeypatch.setenv(f"TRAINYARD_{name}", value)
    return spool


def left(spool):
    """What lies in the folder for checkpoints, but for the lock."""
    return sorted(path.name for path in (spool / "checkpoints").glob("*") if path.name != ".lock")


def test_a_first_attempt_asks_nobody(again, platform, monkeypatch):
    monkeypatch.setenv("TRAINYARD_ATTEMPT", "1")
    platform.artifacts["checkpoint"] = b"x"
    assert trainyard.checkpoint() is None
    assert platform.requests == []


def test_an_offline_run_and_one_without_a_server_ask_nobody(again, home, platform, monkeypatch):
    monkeypatch.delenv("TRAINYARD_URL")
    assert trainyard.checkpoint() is None
    trainyard.finish()
    for name in NAMES:
        monkeypatch.delenv(f"TRAINYARD_{name}", raising=False)
    assert trainyard.init(offline=True, reinit=True).checkpoint(timeout=0) is None
    assert platform.requests == []


def test_nothing_that_was_kept_is_none(again, platform):
    platform.artifacts |= {"checkpoint-1": b"x", "outputs/checkpoints/a": b"x", "model": b"x"}
    assert trainyard.checkpoint() is None


@pytest.mark.parametrize("ways", [{"attempt": "2"}, {"attempt": "1", "resumed": "another"}], ids=["retry", "resume"])
def test_retry_and_resume_have_what_was_kept(again, platform, monkeypatch, ways):
    monkeypatch.setenv("TRAINYARD_ATTEMPT", ways["attempt"])
    monkeypatch.setenv("TRAINYARD_RESUME_FROM", ways.get("resumed", ""))
    platform.artifacts["checkpoint"] = b"weights"
    path = trainyard.checkpoint()
    assert (path.name, path.read_bytes()) == ("checkpoint", b"weights")
    assert path.is_relative_to(again / "checkpoints")
    assert (again / "checkpoints").stat().st_mode & 0o777 == 0o700


NEWEST = [
    ("checkpoint", ["checkpoint", "outputs/checkpoint"], "", b"1"),
    ("checkpoint", ["outputs/checkpoint", "checkpoint"], "", b"1"),
    ("checkpoint", ["checkpoint", "checkpoint/a", "checkpoint/b/c"], "b/c", b"2"),
    ("deep/best", ["deep/best/x", "deep/best-of-all", "outputs/deep/best"], "", b"2"),
]


@pytest.mark.parametrize("name, stored, below, body", NEWEST)
def test_the_newest_of_what_the_name_may_mean_counts(again, platform, name, stored, below, body):
    platform.artifacts |= {each: f"{number}".encode() for number, each in enumerate(stored)}
    path = trainyard.checkpoint(name)
    assert path.name == name.rpartition("/")[2]
    assert (path / below).read_bytes() == body


def test_a_folder_comes_whole_and_once(again, platform):
    platform.artifacts |= {"checkpoint/a": b"a", "checkpoint/deep/er/b": b"b" * 5000, "checkpoint/empty": b""}
    path = trainyard.checkpoint()
    found = {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}
    assert found == {name.removeprefix("checkpoint/"): body for name, body in platform.artifacts.items()}
    platform.requests.clear()
    assert trainyard.checkpoint() == path
    assert all("/artifacts?" in asked for _, asked, _ in platform.requests), "it was brought once"


def test_what_breaks_off_goes_on_from_where_it_is(again, platform):
    platform.artifacts["checkpoint"] = os.urandom(100_000)
    platform.cuts = [40_000, 0, 1]
    assert trainyard.checkpoint().read_bytes() == platform.artifacts["checkpoint"]
    assert [asked for *_, asked in platform.requests[-4:]] == ["", "bytes=40000-", "bytes=40000-", "bytes=40001-"]


def test_a_server_that_is_away_is_waited_for_and_it_is_said_once(again, platform, caplog):
    platform.artifacts["checkpoint"] = b"x"
    platform.plan = ["503", "503", "429", "0"]
    with caplog.at_level(logging.WARNING, "trainyard"):
        assert trainyard.checkpoint().read_bytes() == b"x"
    (said,) = [record.getMessage() for record in caplog.records]
    assert "is waited for, at most 60 s" in said
    assert platform.url in said


def test_a_server_that_comes_back_elsewhere_is_found(again, platform):
    """The address of the start is dead; whoever ships the spool is told the new one."""
    platform.artifacts["checkpoint"] = b"x"
    other, root = platform.elsewhere(), again.parents[2]
    root.mkdir(exist_ok=True)
    platform.close()
    moving = threading.Timer(0.3, publish, [root, other.url])
    moving.start()
    try:
        assert trainyard.checkpoint().read_bytes() == b"x"
    finally:
        moving.join()
        other.close()


def test_without_an_answer_it_raises_and_does_not_begin_anew(again, platform):
    platform.close()
    with pytest.raises(ConnectionError, match=r"the-run .* for 0\.2 s"):
        trainyard.checkpoint(timeout=0.2)


def test_a_refusal_raises_at_once_and_tells_no_token(again, platform):
    platform.plan = ["403"]
    with pytest.raises(ConnectionError, match="403 planned") as raised:
        trainyard.checkpoint()
    assert platform.token not in str(raised.value)


def test_a_token_that_is_renewed_meanwhile_is_read_again(again, platform, token_file):
    platform.artifacts["checkpoint"] = b"x"
    token_file.write_text("old")
    renewing = threading.Timer(0.3, token_file.write_text, ["secret-1"])
    renewing.start()
    assert trainyard.checkpoint().read_bytes() == b"x"
    renewing.join()


def test_bytes_of_another_digest_are_never_given(again, platform, monkeypatch):
    platform.artifacts["checkpoint"] = b"right"
    told = platform.listed("checkpoint")
    monkeypatch.setattr(platform, "listed", lambda name: told)
    platform.artifacts["checkpoint"] = b"wrong"
    with pytest.raises(ConnectionError, match="changes while it is read"):
        trainyard.checkpoint()
    assert left(again) == []


@pytest.mark.parametrize("name", ["../token", "/etc/passwd", "checkpoint/../../x", ""])
def test_no_name_leaves_the_folder(again, platform, name):
    with pytest.raises(BadName):
        trainyard.checkpoint(name)
    if name:
        platform.artifacts["checkpoint"] = b"x"
        told = {**platform.listed("checkpoint"), "name": f"checkpoint/{name}"}
        platform.listed = lambda each: told
        with pytest.raises(BadName):
            trainyard.checkpoint()
        assert left(again) == []


KILLED = """
import os, signal, trainyard
from trainyard.track import failpoints
failpoints.install(lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == "checkpoint.rename" else None)
trainyard.checkpoint()
"""


def test_what_a_killed_process_left_half_done_is_not_used(again, platform):
    platform.artifacts |= {"checkpoint/a": b"a", "checkpoint/b": b"b"}
    assert subprocess.run([sys.executable, "-c", KILLED], env=os.environ, timeout=60).returncode == -9
    assert left(again) == [".draft"]
    platform.artifacts["checkpoint/a"] = b"new"
    path = trainyard.checkpoint()
    assert {file.name: file.read_bytes() for file in path.iterdir()} == {"a": b"new", "b": b"b"}
    assert left(again) == [path.parent.name]


def test_processes_of_an_attempt_bring_it_once(again, platform):
    platform.artifacts["checkpoint"] = os.urandom(300_000)
    program = [sys.executable, "-c", "import trainyard; print(trainyard.checkpoint())"]
    ranks = [subprocess.Popen(program, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    paths = {rank.communicate(timeout=60)[0] for rank in ranks}
    assert len(paths) == 1
    assert sum("/artifacts/checkpoint" in path for _, path, _ in platform.requests) == 1


def test_a_full_disk_is_told(again, platform):
    platform.artifacts["checkpoint"] = b"x"

    def full(name):
        raise OSError(28, "No space left on device")

    failpoints.install(full)
    with pytest.raises(OSError, match="No space left"):
        trainyard.checkpoint()
    assert left(again) == []


def test_it_is_kept_as_a_checkpoint(again, tmp_path, spool_events):
    (tmp_path / "last.pt").write_bytes(b"x")
    trainyard.log_checkpoint(tmp_path / "last.pt")
    trainyard.init().log_checkpoint(tmp_path / "last.pt", "best")
    kept = [(event["name"], event["kind"]) for event in spool_events(again)]
    assert kept == [("checkpoint", "checkpoint"), ("best", "checkpoint")]


def test_a_folder_is_kept_as_one_file_and_comes_back_as_it_was(again, platform, tmp_path, spool_events):
    """So that what is found is never in part of one checkpoint and in part of another."""
    given = {"a.pt": b"a", "deep/er/b": b"b" * 30_000, "\N{STEAM LOCOMOTIVE} x": b"", "y" * 200 + "/" + "z" * 200: b"z"}
    for name, body in given.items():
        (tmp_path / "last" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "last" / name).write_bytes(body)
    (tmp_path / "last" / "link").symlink_to("a.pt")
    trainyard.log_checkpoint(tmp_path / "last")
    (event,) = spool_events(again)
    assert (event["name"], event["kind"]) == ("checkpoint.tar", "checkpoint")
    assert left(again) == [], "what was packed is gone"
    platform.artifacts |= {"checkpoint": b"older", "checkpoint.tar": files.held(again, event["digest"]).read_bytes()}
    platform.kinds["checkpoint.tar"] = "checkpoint"
    path = trainyard.checkpoint()
    found = {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}
    assert found == {**given, "link": b"a"}
    assert path.name == "checkpoint"
    assert left(again) == [path.parent.name]
    assert trainyard.checkpoint("checkpoint.tar").read_bytes() == platform.artifacts["checkpoint.tar"]


def test_a_folder_of_which_a_file_cannot_be_kept_is_no_checkpoint(again, tmp_path, spool_events, caplog):
    (tmp_path / "last").mkdir()
    (tmp_path / "last" / "a").write_bytes(b"a")
    os.mkfifo(tmp_path / "last" / "pipe")
    trainyard.log_checkpoint(tmp_path / "last")
    assert spool_events(again) == []
    assert left(again) == []
    assert "not recorded: checkpoint" in caplog.text


ODD = {"../out": tarfile.REGTYPE, "/out": tarfile.REGTYPE, "link": tarfile.SYMTYPE, "device": tarfile.CHRTYPE}


@pytest.mark.parametrize("name", ODD)
def test_nothing_that_is_packed_leads_out_of_its_folder(again, platform, tmp_path, name):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = ODD[name], str(tmp_path)
        tar.addfile(member)
    platform.artifacts["checkpoint.tar"], platform.kinds["checkpoint.tar"] = packed.getvalue(), "checkpoint"
    if member.isreg():
        with pytest.raises(BadName):
            trainyard.checkpoint()
        assert left(again) == []
    else:
        assert [*trainyard.checkpoint().iterdir()] == []
    assert not [*tmp_path.rglob("out")]
