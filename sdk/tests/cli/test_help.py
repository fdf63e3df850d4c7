"""Help, examples, versions, and what `-v` prints."""

from __future__ import annotations

import shlex
from importlib.metadata import version

import click
import pytest

from trainyard.cli import extensions
from trainyard.cli.app import load, yard
from trainyard.cli.catalog import COMMANDS, SECTIONS
from trainyard.cli.examples import EXAMPLES

RUN = "01890000-0000-7000-8000-00000000abcd"


def leaves(command: click.Command, words: tuple[str, ...]):
    children = getattr(command, "commands", {})
    yield from [leaf for name, child in children.items() for leaf in leaves(child, (*words, name))] or [words]


LEAVES = [words for name in COMMANDS for words in leaves(load(name), (name,))]


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_command_has_an_example_that_parses(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.html").touch()
    command = shlex.split(EXAMPLES[" ".join(words)])
    if command[0] == "eval":
        command = shlex.split("yard completion bash")
    assert command[: 1 + len(words)] == ["yard", *words]
    context, arguments = click.Context(yard, info_name="yard"), command[1:]
    found: click.Command = yard
    while isinstance(found, click.Group):
        name, child, arguments = found.resolve_command(context, arguments)
        assert child is not None
        found, context = child, click.Context(child, parent=context, info_name=name)
    found.make_context(words[-1], arguments)


def test_an_example_stands_below_the_help(yard):
    for words in (("ls",), ("artifacts", "get"), ("queues",)):
        assert f"Example:\n    {EXAMPLES[' '.join(words)]}\n" in yard(*words, "--help").out


def test_help_is_in_sections_and_every_command_is_in_one(yard):
    shown = yard("-h").out
    assert [title for title in SECTIONS if f"\n{title}:\n" not in shown] == []
    assert [name for name in COMMANDS if f"\n  {name} " not in shown] == []


def test_the_commands_of_the_server_stand_in_their_section_or_say_how_to_get_them(yard, monkeypatch):
    monkeypatch.setattr(extensions, "_points", lambda group: {} if group else {"up": []})
    deployment = yard("--help").out.split("\nDeployment:\n")[1]
    assert deployment.lstrip().startswith("up ")
    monkeypatch.setattr(extensions, "_points", lambda group: {})
    assert "\n  up " not in yard("--help").out
    done = yard("up")
    assert (done.code, "pip install trainyard-core" in done.err) == (2, True)


def test_the_version(yard):
    assert yard("--version").out == f"yard {version('trainyard')}\n"


@pytest.mark.parametrize("argv", [["-v", "get", RUN], ["get", RUN, "--verbose"], ["-v", "get", RUN, "-v"]])
def test_requests_are_printed_with_time_and_the_servers_id_and_without_a_token(yard, platform, argv):
    platform.add_run(RUN)
    platform.request_id = "1234-5"
    done = yard(*argv)
    first, second = done.err.splitlines()
    assert first.startswith(f"GET /api/v1/projects/default/runs/{RUN}  200  ")
    assert first.endswith(" ms  request 1234-5")
    assert "/lineage" in second
    assert "secret-token" not in done.err + done.out
    assert yard("get", RUN).err == ""
