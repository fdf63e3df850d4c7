"""One attempt from its folder to its exit, in a real process."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from trainyard.runner import proc
from trainyard.runner.layout import read_json, write_json
from trainyard.track.frames import Kind, unpack_metrics
from trainyard.track.lines import MAX_LINE


@pytest.mark.parametrize("code", [0, 1, 127, 255])
def test_the_code_is_exact(attempt: Any, code: int) -> None:
    told = attempt(f"exit {code}").run()
    assert (told["code"], told["signal"], told["reason"]) == (code, None, "")
    assert told["finished_at"] >= told["started_at"]


@pytest.mark.parametrize("number", ["KILL", "TERM", "SEGV", "HUP"])
def test_the_signal_is_exact(attempt: Any, number: str) -> None:
    told = attempt(f"kill -{number} $$").run()
    assert (told["code"], told["signal"]) == (None, signal.Signals[f"SIG{number}"])


def test_output_of_both_streams_is_kept_and_the_last_lines_are_told(attempt: Any) -> None:
    one = attempt("for i in $(seq 50); do echo $i; done; echo bad >&2")
    told = one.run()
    assert [line.text for line in one.lines if line.stream == 1] == [str(i) for i in range(1, 51)]
    assert [line.text for line in one.lines if line.stream == 2] == ["bad"]
    assert len(told["last_lines"]) == 20
    assert "50" in told["last_lines"]
    assert sum(told["writers"].values()) >= 1


def test_silence_leaves_no_writer(attempt: Any) -> None:
    assert attempt("true", env={"TRAINYARD_ORIGIN": "0", "TRAINYARD_SYSTEM_PERIOD": "0"}).run()["writers"] == {}


def test_junk_and_no_line_end_are_kept(attempt: Any) -> None:
    one = attempt(r"printf 'ok\n\377\376x\0y'")
    one.run()
    assert one.texts == ["ok", "\ufffd\ufffdx\0y"]


def test_a_line_of_100_mb_is_cut_and_memory_is_bounded(attempt: Any) -> None:
    one = attempt("head -c 100000000 /dev/zero | tr '\\0' x; echo; grep VmHWM /proc/$PPID/status")
    assert one.run()["code"] == 0
    long, peak = one.lines
    assert (len(long.text), long.cut) == (MAX_LINE, True)
    assert int(peak.text.split()[1]) < 40_000, "kilobytes"


@pytest.mark.parametrize(
    ("workload", "words"),
    [
        ({"command": ["no-such-program"]}, "no program 'no-such-program' on PATH"),
        ({"command": ["/no/such/program"]}, "no program '/no/such/program'"),
        ({"command": ["/etc/passwd"]}, "may not be executed"),
        ({"command": [], "args": []}, "has no command"),
        ({"command": ["a\0b"]}, "NUL"),
        ({"command": ["true"], "working_dir": "not/there"}, "is no folder: correct `workingDir`"),
        ({"command": ["true"], "code": {"kind": "folder", "path": "/not/there"}}, "is no absolute path"),
        ({"command": ["true"], "code": {"kind": "tarball"}}, "no code kind 'tarball'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_start_says_why_and_has_no_code(attempt: Any, workload: dict[str, Any], words: str) -> None:
    told = attempt(**workload).run()
    assert (told["code"], told["signal"], told["reason"]) == (None, None, "start_failed")
    assert words in told["message"]


def test_a_folder_without_workload_says_so(attempt: Any) -> None:
    one = attempt("true")
    one.folder.workload.unlink()
    assert "workload.json" in one.run()["message"]


def test_code_from_a_folder_runs_in_place(attempt: Any, tmp_path: Path) -> None:
    (tmp_path / "mine" / "sub").mkdir(parents=True)
    one = attempt("pwd", code={"kind": "folder", "path": str(tmp_path / "mine")}, working_dir="sub")
    one.run()
    assert one.texts == [str(tmp_path / "mine" / "sub")]


def test_outputs_become_artifacts_and_what_cannot_be_kept_is_told_by_name(attempt: Any) -> None:
    bad = "mkfifo pipe; touch \"$(printf 'caf\\351')\""
    one = attempt(f"cd $TRAINYARD_OUTPUTS; mkdir a; echo x > a/b; ln -s a/b best; ln -s /etc/passwd p; {bad}")
    assert one.run()["message"] == ""
    kept = [(event["name"], event["size"]) for event in one.events if event["type"] == "artifact"]
    assert kept == [("outputs/a/b", 2), ("outputs/best", 2)]
    assert {event["name"]: event["why"] for event in one.events if event["type"] == "omission"} == {
        "outputs/caf?": "artifact name 'outputs/caf\\udce9': it is not valid Unicode",
        "outputs/p": "the link leads out of the folder",
        "outputs/pipe": "it is not a regular file",
    }


LOGS_ITS_OUTPUTS = """
import os, trainyard
from pathlib import Path
out = Path(os.environ["TRAINYARD_OUTPUTS"])
for name in ("model.pt", "changed.pt", "plain.txt"):
    (out / name).write_text(name)
run = trainyard.init()
run.log_model(out / "model.pt")
run.log_model(out / "changed.pt")
run.log_model(out / "model.pt", "best.pt")
(out / "changed.pt").write_text("later")
"""


def test_a_file_of_outputs_that_the_program_logged_is_kept_once(attempt: Any, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(LOGS_ITS_OUTPUTS)
    one = attempt(f"{sys.executable} {tmp_path / 'program.py'}")
    assert one.run()["code"] == 0
    kept = [(event["name"], event["kind"], event["size"]) for event in one.events if event["type"] == "artifact"]
    assert sorted(kept) == [
        ("best.pt", "model", 8),
        ("outputs/changed.pt", "model", 5),
        ("outputs/changed.pt", "model", 10),
        ("outputs/model.pt", "model", 8),
        ("outputs/plain.txt", "file", 9),
    ]


def test_the_command_sees_no_descriptor_and_no_secret_of_the_runner(attempt: Any) -> None:
    one = attempt("ls /proc/self/fd | sort -n | tr '\\n' ' '; echo; env")
    one.run(SECRET_OF_SERVER="hush")
    assert one.texts[0].split()[:3] == ["0", "1", "2"]
    assert len(one.texts[0].split()) <= 4
    assert not any("hush" in text for text in one.texts)


def test_a_child_that_writes_after_the_exit_is_heard_and_then_cut_off(attempt: Any) -> None:
    one = attempt("(sleep 0.3; echo late; sleep 1000) & echo early")
    begun = time.monotonic()
    assert one.run()["code"] == 0
    assert one.texts == ["early", "late"]
    assert time.monotonic() - begun < 20


def test_a_daemon_that_left_the_session_is_killed_at_the_end(attempt: Any) -> None:
    one = attempt("setsid -f sleep 1000; exit 3")
    assert one.run()["code"] == 3


def test_stop_reaches_a_daemon_that_left_the_session(attempt: Any, tmp_path: Path, wait_for: Any) -> None:
    one = attempt(f"setsid -f sh -c 'trap \"\" TERM; touch {tmp_path}/up; while :; do sleep 0.1; done'; sleep 1000")
    with one.start() as process:
        wait_for(tmp_path / "up")
        write_json(one.folder.stop, {"grace": 0.1})
        process.send_signal(signal.SIGUSR1)
        assert process.wait(30) == 0
    assert (one.exit["signal"], one.exit["reason"]) == (signal.SIGTERM, "user")


def test_stop_without_a_poke_is_seen_too(attempt: Any, tmp_path: Path, wait_for: Any) -> None:
    one = attempt(f"touch {tmp_path}/up; sleep 1000")
    with one.start() as process:
        wait_for(tmp_path / "up")
        write_json(one.folder.stop, {"grace": 5})
        assert process.wait(30) == 0
    assert one.exit["signal"] == signal.SIGTERM


def test_stop_before_the_start_starts_nothing(attempt: Any, tmp_path: Path) -> None:
    one = attempt(f"touch {tmp_path}/up")
    write_json(one.folder.stop, {"grace": 5})
    told = one.run()
    assert (told["code"], told["signal"], told["reason"]) == (None, None, "user")
    assert not (tmp_path / "up").exists()


def test_stop_after_the_exit_does_not_change_the_reason(attempt: Any, tmp_path: Path, wait_for: Any) -> None:
    one = attempt(f"(touch {tmp_path}/up; trap '' TERM; sleep 1000) & exit 0")
    with one.start() as process:
        wait_for(tmp_path / "up")
        write_json(one.folder.stop, {"grace": 0})
        process.send_signal(signal.SIGUSR1)
        process.wait(30)
    assert one.exit["code"] == 0


def test_term_to_the_runner_stops_the_attempt(attempt: Any, tmp_path: Path, wait_for: Any) -> None:
    one = attempt(f"touch {tmp_path}/up; sleep 1000")
    with one.start() as process:
        wait_for(tmp_path / "up")
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    told = one.exit
    assert (told["signal"], told["reason"], told["retryable"]) == (signal.SIGTERM, "preempted", True)


def test_the_command_has_the_default_signals(attempt: Any) -> None:
    """A runner ignores HUP and INT; a command that inherited that could not be interrupted."""
    one = attempt("grep -E 'Sig(Ign|Blk)' /proc/self/status")
    one.run()
    ours = ~(0b11 << 31)  # signals 32 and 33 belong to the C library, which lets nobody change them
    assert [int(text.split()[1], 16) & ours for text in one.texts] == [0, 0]


def test_a_second_runner_leaves_the_attempt_alone(attempt: Any, tmp_path: Path, wait_for: Any) -> None:
    one = attempt(f"echo x >> {tmp_path}/starts; touch {tmp_path}/up; sleep 1000")
    with one.start() as first:
        wait_for(tmp_path / "up")
        assert one.start().wait(30) == 0
        first.terminate()
        first.wait(30)
    assert one.start().wait(30) == 0
    assert (tmp_path / "starts").read_text() == "x\n"


def test_the_command_dies_with_its_runner(attempt: Any, tmp_path: Path, wait_for: Any) -> None:
    one = attempt(f"touch {tmp_path}/up; exec sleep 1000")
    with one.start() as process:
        wait_for(tmp_path / "up")
        started = read_json(one.folder.started)
        assert started is not None
        command = os.pidfd_open(started["pid"])
        process.kill()
        process.wait(30)
        assert select.select([command], [], [], 30)[0], "the command lives on"
        os.close(command)


def test_a_signal_never_hits_a_stranger_with_the_same_pid() -> None:
    with subprocess.Popen(["sleep", "1000"]) as stranger:
        seen = proc.look(stranger.pid)
        assert seen is not None
        assert not proc.signal_same(stranger.pid, seen.ticks - 1, signal.SIGKILL)
        assert stranger.poll() is None
        assert proc.signal_same(stranger.pid, seen.ticks, signal.SIGKILL)
        assert stranger.wait(30) == -signal.SIGKILL
        assert not proc.signal_same(stranger.pid, seen.ticks, signal.SIGKILL)


def test_where_a_command_comes_from_is_told(attempt: Any, tmp_path: Path) -> None:
    one = attempt("echo x", code={"kind": "folder", "path": str(tmp_path)})
    one.run()
    (meta,) = [event["values"] for event in one.events if event["type"] == "meta"]
    assert meta["origin"]["command"] == ["sh", "-c", "echo x"]
    assert meta["origin"]["folder"] == str(tmp_path)
    assert set(meta) <= {"origin", "code"}


def test_system_metrics_are_those_of_the_command_and_its_children(attempt: Any) -> None:
    spooled = "ls $TRAINYARD_SPOOL/*/*.tyf 2>/dev/null"
    script = f'until [ -n "$({spooled})" ]; do sleep 0.05; done'
    one = attempt(script, env={"TRAINYARD_SYSTEM_PERIOD": "0.1", "TRAINYARD_ORIGIN": "0"})
    assert one.run()["code"] == 0
    (block, *_) = unpack_metrics(one.frames(Kind.METRICS)[0])
    values = dict(zip(block.names, (column[0] for column in block.values), strict=True))
    assert 1 <= values["system/process/count"] <= 4
    assert values["system/process/memory"] > 0
