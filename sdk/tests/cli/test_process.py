"""`yard` as a process of its own: what it loads, pipes that close, terminals that are none, commands of others."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from trainyard.cli import doc_tables, extensions, main
from trainyard.cli.app import load
from trainyard.cli.catalog import COMMANDS
from trainyard.cli.differences import best_and_worst, differences, varying
from trainyard.cli.exit_codes import MEANINGS, Exit
from trainyard.client.models import Run

RUN = "01890000-0000-7000-8000-00000000abcd"
HEAVY = "{'httpx', 'pydantic', 'litestar', 'msgspec', 'jinja2', 'yaml', 'rich', 'typer'}"


def python(program: str, **env: str) -> subprocess.CompletedProcess[str]:
    whole = {**os.environ, **env}
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=whole, timeout=60)


@pytest.mark.parametrize("argv", [["--help"], ["ls", "--help"], ["run", "--help"], ["lint", "--help"], []])
def test_help_loads_no_heavy_library(argv):
    done = python(
        f"import sys; from trainyard.cli import main; main({argv!r}); sys.exit(str({HEAVY} & set(sys.modules)))"
    )
    assert done.stderr.endswith("set()\n")
    assert "Usage: yard" in done.stdout + done.stderr


@pytest.mark.parametrize("name", [*COMMANDS])
def test_every_command_has_the_name_and_the_help_that_the_list_promises(name):
    command = load(name)
    assert command.name == name
    assert command.get_short_help_str(200) == COMMANDS[name].help


def test_a_reader_that_leaves_is_no_error(platform):
    platform.add_run(RUN)
    platform.lines[RUN] = [f"line {n} " + "x" * 200 for n in range(5000)]
    with subprocess.Popen(
        [sys.executable, "-m", "trainyard.cli", "logs", "-f", RUN], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline().startswith(b"line 0")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


@pytest.fixture
def interruptible():
    """Children can be interrupted, also where these tests run in the background of a shell, which ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_watching_leaves_the_run_alone(platform, operation):
    gone = threading.Event()

    def interrupt(seen) -> None:
        if seen.path.endswith("/logs"):
            os.kill(process.pid, signal.SIGINT)
            assert gone.wait(30)

    platform.on_request = interrupt
    argv = [sys.executable, "-m", "trainyard.cli", "run", "-f", str(operation), "--watch"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        out, err = process.communicate(timeout=60)
    gone.set()
    assert (process.returncode, out) == (130, "")
    assert "the run goes on; stop it: yard stop" in err
    assert "Traceback" not in err
    assert platform.asked("POST", "/stop") == []


def test_output_that_cannot_show_a_character_shows_a_question_mark(platform):
    platform.add_run(RUN)
    platform.lines[RUN] = ["▁ a"]
    done = python(f"from trainyard.cli import main; main(['logs', '{RUN}'])", PYTHONIOENCODING="latin-1")
    assert (done.stdout, done.stderr) == ("? a\n", "")


PLUGIN = """
import click
@click.command()
@click.option("--n", type=int, default=0)
def clicked(n):
    click.echo(f"clicked {n}")
    return n
def typed(n: int = 1, loud: bool = False):
    print("typed", n, loud)
    return 9 if n == 9 else None
notacommand = 3
raise_here = None
"""
ENTRY_POINTS = """\
[trainyard.commands]
clicked = foreign_commands:clicked
typed = foreign_commands:typed
broken = foreign_commands_missing:x
wrong = foreign_commands:notacommand
leaves = foreign_commands_leaving:x
ls = foreign_commands:clicked
shared = foreign_commands:clicked
"""


@pytest.fixture
def others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A distribution that brings commands, good ones and broken ones."""
    for name, points in (
        ("commands", ENTRY_POINTS),
        ("twins", "[trainyard.commands]\nshared = foreign_commands:clicked\n"),
    ):
        info = tmp_path / f"foreign_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: foreign-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(points)
    (tmp_path / "foreign_commands.py").write_text(PLUGIN)
    (tmp_path / "foreign_commands_leaving.py").write_text("raise SystemExit(0)")
    monkeypatch.syspath_prepend(str(tmp_path))
    extensions._points.cache_clear()
    yield
    extensions._points.cache_clear()
    sys.modules.pop("foreign_commands", None)


def test_the_help_lists_commands_of_others_without_loading_them(others, yard):
    done = yard("--help")
    assert done.code == 0
    assert re.search(r"typed +\(from foreign-commands\)", done.out)
    assert "foreign_commands" not in sys.modules


def test_a_click_command_of_others_runs_and_its_int_is_the_exit_code(others, yard):
    assert yard("clicked", "--n", "7") == (7, "clicked 7\n", "")


def test_a_function_of_others_becomes_a_command(others, yard):
    pytest.importorskip("typer")
    assert yard("typed", "--n", "5", "--loud") == (0, "typed 5 True\n", "")
    done = yard("typed", "--help")
    assert done.code == 0
    assert "--loud" in done.out
    assert yard("typed", "--n", "x").code == 2
    assert yard("typed", "--n", "9").code == 9


def test_a_command_that_two_distributions_bring_is_neithers(others, yard):
    assert re.search(r"shared +\(from foreign-commands and foreign-twins\)", yard("--help").out)
    done = yard("shared")
    assert (done.code, done.out) == (1, "")
    assert "the command `shared` of foreign-commands and foreign-twins cannot be loaded: several" in done.err


@pytest.mark.parametrize("name", ["broken", "leaves", "wrong"])
def test_a_broken_command_of_others_is_told_when_it_is_called(others, yard, name):
    done = yard(name, "--any", "thing")
    assert done.code == 1
    assert f"the command `{name}` of foreign-commands cannot be loaded" in done.err
    assert "uninstall" in done.err


def test_others_cannot_take_a_name_of_ours(others):
    assert load("ls").help.startswith("List runs")
    assert main(["ls", "--help"]) == 0


def run(run_id: str, **more) -> Run:
    return Run(id=run_id, project="p", kind="job", status="succeeded", created_at="", **more)


def test_best_and_worst_leave_out_what_is_not_finite():
    runs = [
        run(name, metrics={"m": value}) for name, value in [("a", 1.0), ("b", "NaN"), ("c", 3.0), ("d", "Infinity")]
    ]
    assert [one.id for one in best_and_worst(runs, "m", minimize=False)] == ["c", "a"]
    assert [one.id for one in best_and_worst(runs, "m", minimize=True)] == ["a", "c"]
    assert best_and_worst(runs[:2], "m", minimize=True) is None


def test_differences_name_what_only_one_has():
    found = differences(run("a", meta={"python": "3.11"}), run("b", meta={"gpu": {"name": "x"}}, attempt=1))
    assert [tuple(one) for one in found] == [
        ("env", "python", "3.11", None), ("env", "gpu.name", None, "x"), ("attempt", "number", 0, 1),
    ]  # fmt: skip
    assert varying([]) == []


def test_the_reference_has_every_command_and_every_exit_code():
    text = doc_tables.commands()
    assert [name for name in COMMANDS if f"### yard {name}" not in text] == []
    assert doc_tables.exit_codes().count("\n| ") == len(MEANINGS) == len(Exit)
