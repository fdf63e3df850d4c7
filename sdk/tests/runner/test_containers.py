"""Init steps, sidecars, mounts and secrets of an attempt, in real processes."""

from __future__ import annotations

import json
import os
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from trainyard.runner import finish, proc
from trainyard.runner.layout import write_json, write_whole

SECRET = "correct-horse-battery-staple"
FOREVER = "while :; do sleep 0.01; done"


def step(name: str, script: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "command": ["sh", "-c", script], **more}


def keep(one: Any, env: dict[str, str] | None = None, files: dict[str, str] | None = None) -> None:
    """Leave secrets for the runner, as a scheduler does."""
    write_whole(one.folder.secrets, json.dumps({"env": env or {}, "files": files or {}}).encode())


def everything(one: Any) -> bytes:
    """All bytes in the attempt's folder."""
    return b"".join(path.read_bytes() for path in one.folder.path.rglob("*") if path.is_file())


def test_steps_run_in_order_before_the_command_and_what_they_say_is_in_the_log(attempt: Any) -> None:
    one = attempt(
        "cat order; echo main",
        init=[step("first", "echo 1 >> order; echo hello"), step("second", "echo 2 >> order; echo oops >&2")],
    )
    assert one.run()["code"] == 0
    assert one.texts == ["[first] hello", "[second] oops", "1", "2", "main"]


def test_a_step_has_its_own_variables_and_folder_and_the_command_does_not(attempt: Any) -> None:
    one = attempt(
        'echo "main: ${WHERE:-none} $BOTH"',
        env={"BOTH": "both"},
        init=[step("one", 'mkdir sub; echo "$WHERE $BOTH"', env={"WHERE": "${TRAINYARD_OUTPUTS}"}),
              step("two", "basename $PWD", working_dir="sub")],
    )  # fmt: skip
    one.run()
    assert one.texts == [f"[one] {one.folder.outputs} both", "[two] sub", "main: none both"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no space left; exit 3", "init step 'fetch' ended with code 3: [fetch] no space left"),
        ("kill -SEGV $$", "init step 'fetch' was ended by signal 11: it said nothing"),
    ],
)
def test_a_step_that_fails_ends_the_attempt_and_nothing_after_it_runs(attempt: Any, script: str, said: str) -> None:
    one = attempt("echo main", init=[step("fetch", script), step("next", "echo next")], sidecars=[step("s", "echo s")])
    told = one.run()
    assert (told["reason"], told["code"], told["message"]) == ("start_failed", None, said)
    assert not {"main", "[next] next", "[s] s"} & set(one.texts)
    assert not one.folder.started.exists(), "the command never ran"


def test_a_step_that_cannot_be_started_is_named(attempt: Any) -> None:
    told = attempt("true", init=[{"name": "fetch", "command": ["no-such-program"]}]).run()
    assert told["message"].startswith("init step 'fetch': no program 'no-such-program' on PATH")


def test_a_stop_ends_a_step_and_the_command_never_runs(attempt: Any, tmp_path: Path, wait_for: Any) -> None:
    one = attempt("echo main", init=[step("slow", f"touch {tmp_path}/began; sleep 60")])
    with one.start() as runner:
        wait_for(tmp_path / "began")
        write_json(one.folder.stop, {"grace": 0.1})
        runner.send_signal(signal.SIGUSR1)
        assert runner.wait(30) == 0
    assert (one.exit["reason"], one.exit["message"]) == ("user", "Stopped before it started.")
    assert "main" not in one.texts


def test_a_sidecar_runs_beside_the_command_and_is_asked_to_end_after_it(attempt: Any, tmp_path: Path) -> None:
    begun = f"while [ ! -e {tmp_path}/up ]; do sleep 0.01; done"
    one = attempt(
        f"{begun}; echo main; trap 'echo termed' TERM; exit 7",
        sidecars=[step("proxy", f"trap 'echo bye; exit 1' TERM; echo up; touch {tmp_path}/up; {FOREVER}")],
    )
    told = one.run()
    assert (told["code"], told["reason"]) == (7, ""), "the command alone decides"
    assert {"[proxy] up", "main", "[proxy] bye"} <= set(one.texts)
    assert told["last_lines"] == ["main"], "what a sidecar says is none of the command's"


def test_a_stop_reaches_the_command_first_and_its_sidecar_once_it_has_ended(
    attempt: Any, tmp_path: Path, wait_for: Any
) -> None:
    """A command may need its sidecar to end well."""
    one = attempt(
        f"trap 'test -e {tmp_path}/gone && echo alone; echo main; exit 0' TERM; touch {tmp_path}/up; {FOREVER}",
        sidecars=[step("proxy", f"trap 'touch {tmp_path}/gone; exit 0' TERM; {FOREVER}")],
    )
    with one.start() as runner:
        wait_for(tmp_path / "up")
        write_json(one.folder.stop, {"grace": 10})
        runner.send_signal(signal.SIGUSR1)
        assert runner.wait(30) == 0
    assert "main" in one.texts
    assert "alone" not in one.texts
    assert (tmp_path / "gone").exists(), "the sidecar was asked to end, too"


def test_a_sidecar_that_ignores_everything_is_killed(attempt: Any) -> None:
    one = attempt("exit 0", sidecars=[step("deaf", "trap '' TERM; echo up; while :; do sleep 0.05; done")])
    assert one.run()["code"] == 0


def test_a_sidecar_dies_with_its_runner(attempt: Any, tmp_path: Path, wait_for: Any) -> None:
    one = attempt(
        "sleep 60",
        sidecars=[step("proxy", f"cd {tmp_path}; echo $$ > new; mv new pid; sleep 60")],
    )
    with one.start() as runner:
        wait_for(tmp_path / "pid")
        wait_for(one.folder.started)
        pid = int((tmp_path / "pid").read_text())
        runner.kill()
    assert finish.bury(one.folder)
    process = proc.look(pid)
    assert process is None or process.dead


def test_a_command_that_cannot_be_started_leaves_no_sidecar(attempt: Any) -> None:
    one = attempt(command=["no-such-program"], sidecars=[step("proxy", "sleep 60")])
    assert one.run()["reason"] == "start_failed"


def test_secrets_reach_the_program_and_nothing_of_them_stays(attempt: Any) -> None:
    mount = {"path": "git/origin", "source": {"type": "secret_files", "files": {"token": {}}}}
    one = attempt(
        "stat -c %a $TRAINYARD_MOUNTS $TRAINYARD_MOUNTS/git/origin/token;"
        " test $PASSWORD = $(cat $FILE) && test ${#PASSWORD} = 28 && echo same; ls $TRAINYARD_MOUNTS/..",
        env={"FILE": "${TRAINYARD_MOUNTS}/git/origin/token"},
        mounts=[mount],
    )
    keep(one, {"PASSWORD": SECRET}, {"git/origin/token": SECRET})
    assert one.run()["code"] == 0
    assert one.texts[:3] == ["700", "600", "same"]
    assert "secrets.json" not in one.texts, "it is gone before the command runs"
    assert SECRET.encode() not in everything(one)
    assert not one.folder.mounts.exists()


def test_a_secret_is_no_template(attempt: Any) -> None:
    one = attempt("echo ${#PASSWORD}")
    keep(one, {"PASSWORD": "${TRAINYARD_RUN}"})
    one.run()
    assert one.texts == [str(len("${TRAINYARD_RUN}"))]


@pytest.mark.parametrize("point", ["runner.locked", "runner.recorded", "runner.ended"])
def test_secrets_of_a_killed_runner_are_gone_once_its_end_is_written(attempt: Any, tmp_path: Path, point: str) -> None:
    mount = {"path": "s", "source": {"type": "secret_files", "files": {"token": {}}}}
    one = attempt("cat $TRAINYARD_MOUNTS/s/token > /dev/null", mounts=[mount])
    keep(one, {"PASSWORD": SECRET}, {"s/token": SECRET})
    with one.start(TRAINYARD_RUNNER_FAULT=f"{point}:{tmp_path}/died") as runner:
        assert runner.wait(30) == -signal.SIGKILL
    assert finish.bury(one.folder)
    assert SECRET.encode() not in everything(one)


def test_folders_of_the_machine_and_empty_ones_are_mounted(attempt: Any, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "x").write_text("data")
    one = attempt(
        f"cd $TRAINYARD_MOUNTS; cat sets/mnist/x {data}/x; echo; touch tmp/y && ls",
        mounts=[
            {"path": "sets/mnist", "source": {"type": "host_folder", "path": str(data)}},
            {"path": str(data), "source": {"type": "host_folder", "path": str(data)}},
            {"path": "tmp", "source": {"type": "scratch"}},
        ],
    )
    assert one.run()["code"] == 0
    assert one.texts == ["datadata", "sets", "tmp"]
    assert (data / "x").read_text() == "data", "what a link leads to stays"


@pytest.mark.parametrize(
    ("mount", "said"),
    [
        ({"path": "x", "source": {"type": "host_folder", "path": "/no/such/folder"}}, "no folder of this machine"),
        ({"path": "/elsewhere", "source": {"type": "host_folder", "path": "/tmp"}}, "give it that path"),
        ({"path": "/abs", "source": {"type": "scratch"}}, "no path of a mount here"),
        ({"path": "../../x", "source": {"type": "scratch"}}, "no path of a mount here"),
        ({"path": "s", "source": {"type": "secret_files", "files": {"../x": {}}}}, "no path of a mount here"),
        ({"path": "v", "source": {"type": "volume", "name": "data"}}, "cannot mount a 'volume'"),
    ],
)
def test_a_mount_that_a_process_cannot_have_is_one_clear_line(attempt: Any, mount: dict[str, Any], said: str) -> None:
    one = attempt("echo main", mounts=[mount])
    told = one.run()
    assert told["reason"] == "start_failed"
    assert said in told["message"]
    assert one.texts == []


def test_what_is_mounted_is_the_owners_alone(attempt: Any, tmp_path: Path, wait_for: Any) -> None:
    mount = {"path": "s", "source": {"type": "secret_files", "files": {"t": {}}}}
    one = attempt(f"touch {tmp_path}/up; sleep 60", mounts=[mount])
    keep(one, files={"s/t": SECRET})
    before = os.umask(0)
    try:
        with one.start() as runner:
            wait_for(tmp_path / "up")
            for path in (one.folder.mounts, one.folder.mounts / "s", one.folder.mounts / "s/t"):
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
            runner.send_signal(signal.SIGTERM)
            assert runner.wait(30) == 0
    finally:
        os.umask(before)
