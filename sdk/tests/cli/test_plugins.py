"""`yard plugins`: what the server has, and commands that others add to the group."""

from __future__ import annotations

import json

import pytest

from trainyard.cli import extensions


@pytest.fixture
def alone(monkeypatch):
    """Only the SDK is installed."""
    monkeypatch.setattr(extensions, "_points", lambda group: {})


def test_ls_shows_what_the_server_has(yard, platform):
    header, row = yard("plugins", "ls").out.splitlines()
    assert header.split() == ["PLUGIN", "VERSION", "OFFERS", "ERROR"]
    assert row.split() == ["scheduler-process", "0.1.0", "scheduler", "process"]
    assert json.loads(yard("plugins", "ls", "--json").out)["items"][0]["version"] == "0.1.0"


def test_the_help_lists_commands_of_others_without_loading_them(yard, monkeypatch):
    class Point:
        dist = None

        def load(self):
            raise AssertionError("it is only listed")

    monkeypatch.setattr(extensions, "_points", lambda group: {"more": [Point()]} if group == "plugins" else {})
    shown = yard("plugins", "--help").out
    assert [
        line.split()[0] for line in shown.split("Commands:")[1].split("Example:")[0].splitlines() if line.strip()
    ] == ["ls", "more"]


@pytest.mark.parametrize("command", ["new", "check"])
def test_without_core_it_says_what_to_install(yard, alone, command):
    done = yard("plugins", command)
    assert (done.code, "pip install trainyard-core" in done.err) == (2, True)


def test_an_unknown_command_is_wrong_usage(yard, alone):
    assert yard("plugins", "fly").code == 2


def test_a_command_of_others_in_the_group_runs_with_its_exit_code(yard, monkeypatch):
    import click

    class Point:
        dist = None
        value = "there:more"

        def load(self):
            return click.Command("more", callback=lambda: 3)

    monkeypatch.setattr(extensions, "_points", lambda group: {"more": [Point()]} if group == "plugins" else {})
    assert yard("plugins", "more").code == 3
