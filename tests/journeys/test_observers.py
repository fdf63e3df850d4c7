"""A plugin that observes, from its installation to the day on which an admin forgets it, by the commands of `yard`."""

from __future__ import annotations

import json
import os

from yard import Yard, ended, eventually, submit

from trainyard_core.testing.distributions import install

PLUGIN = """
import os
from pathlib import Path
from trainyard_core.contracts.observer import Observer
from trainyard_core.hookspecs import hookimpl

BOOK, AWAY = Path({book!r}), Path({away!r})

async def handle(platform, event):
    if event.data["status"] == "failed" and AWAY.exists():
        raise ConnectionError("mail://bot:geheim@host is away")
    with BOOK.open("a") as book:
        book.write(f"{{event.run}} {{event.data['status']}}\\n")

@hookimpl
def register_observers():
    return [Observer(name="mail", handle=handle, kinds=("status",), attempts=1)]
"""


def told(yard, *arguments):
    return json.loads(yard.command("observers", *arguments, "--json"))


def test_an_observer_fails_is_retried_and_is_forgotten_with_its_plugin(tmp_path):
    book, away = tmp_path / "book", tmp_path / "away"
    install(tmp_path / "site", "courier", PLUGIN.format(book=str(book), away=str(away)))
    own = {"PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])}
    away.touch()
    own["TRAINYARD_PLUGINS"] = "courier,scheduler_process,tracker_folder"
    with Yard(tmp_path, environ=own) as yard, yard.client() as client:
        good, bad = submit(client, "exit 0").id, submit(client, "exit 3").id
        assert [ended(client, run).status for run in (good, bad)] == ["succeeded", "failed"]
        eventually(lambda: f"{good} succeeded" in book.read_text(), what="the observer is told")
        eventually(lambda: told(yard, "ls")["items"][0]["dead"], what="the event is a dead letter")
        line = yard.command("observers", "ls").splitlines()[1]
        assert line.split()[:2] == ["courier", "mail"]
        shown = yard.command("observers", "get", "courier", "mail")
        assert "ConnectionError" in shown
        assert "geheim" not in shown + yard.log.read_text()
        away.unlink()
        yard.command("observers", "retry", "courier", "mail")
        eventually(lambda: f"{bad} failed" in book.read_text(), what="the dead letter is handled")
        assert "the server has the plugin" in yard.command("observers", "rm", "courier", "mail", "--yes", code=None)
    with Yard(tmp_path, environ={"TRAINYARD_PLUGINS": "scheduler_process,tracker_folder"}) as yard:
        assert "plugin is gone" in yard.command("observers", "ls")
        assert "is forgotten" in yard.command("observers", "rm", "courier", "mail", "--yes")
        assert told(yard, "ls") == {"items": []}
