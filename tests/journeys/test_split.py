"""`yard up --split`: its parts, and what becomes of them."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from yard import YARD, Yard, eventually

SPLIT = ["--split", "--processes", "2"]
PARTS = ["yard-agent", "yard-api", "yard-api", "yard-worker"]


@pytest.fixture
def environ(postgres, tmp_path):
    """Around an empty PostgreSQL."""
    url = postgres.create(empty=True)
    yield {"TRAINYARD_DATABASE": url}
    postgres.drop(url)


def parts(pid):
    """The parts of a server: their names by process id."""
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        name = Path(f"/proc/{child}/comm").read_text().strip()
        if name.startswith("yard-"):
            found[int(child)] = name
    return found


def all_parts(pid, but=()):
    """The same once all of them are there, none of them one of those."""

    def whole():
        found = parts(pid)
        return found if sorted(found.values()) == PARTS and not found.keys() & {*but} else None

    return eventually(whole, what="all parts are there")


def test_parts_that_are_killed_are_there_again(environ, tmp_path):
    with Yard(tmp_path, arguments=SPLIT, environ=environ) as yard:
        pid = yard._process.pid
        first = all_parts(pid)
        for part in first:
            os.kill(part, signal.SIGKILL)
        again = all_parts(pid, but=first)
        with yard.client() as client:
            assert client.version().api
    assert not [part for part in {*first, *again} if Path(f"/proc/{part}").exists()]


def test_a_killed_supervisor_takes_its_parts_along(environ, tmp_path):
    with Yard(tmp_path, arguments=SPLIT, environ=environ) as yard:
        mine = all_parts(yard._process.pid)
        yard.down(signal.SIGKILL)
        eventually(lambda: not [part for part in mine if Path(f"/proc/{part}").exists()], what="the parts end")
        yard.up()


@pytest.mark.parametrize(("capability", "name"), [("tracker", "foldr"), ("scheduler", "proces")])
def test_what_a_part_is_refused_for_is_told_and_ends_the_server(environ, tmp_path, capability, name):
    """The tracker is every part's, the scheduler is the agent's, which may be refused when the API answers already."""
    setting = f"TRAINYARD_{capability.upper()}"
    wrong = {**os.environ, **environ, "TRAINYARD_DATA": str(tmp_path / "data"), setting: name}
    command = [*YARD, "up", "--port", "0", *SPLIT]
    done = subprocess.run(command, env=wrong, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    said = f"yard up: no {capability} '{name}'; existing:"
    assert any(line.startswith(said) for line in done.stderr.splitlines()), done.stderr
    assert not (tmp_path / "data" / "server.json").exists()
