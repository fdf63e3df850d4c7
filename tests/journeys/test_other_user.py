"""Runs of an agent of another user of the operating system: they succeed and are tracked, and cannot read what is the
server's. Runs of an agent of the server's own user can, which is said when the server starts."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
from pathlib import Path

import pytest
from remote_agent import Far
from yard import Yard, ended, submit

from trainyard_core.testing.scratch import Scratch

OTHER = "nobody"
NOT_NEEDED = ("config-*", "ensurepip", "idlelib", "lib2to3", "pkgconfig", "site-packages", "test", "tkinter")
PROGRAM = """
import os, sys
from pathlib import Path
import trainyard

run = trainyard.init()
run.log({"uid": os.getuid()}, 0)
for name in ("token", "trainyard.db"):
    try:
        Path(sys.argv[1], name).read_bytes()
    except PermissionError:
        print(name, "refused")
    else:
        print(name, "read")
"""


def readable_python(folder: Path) -> tuple[str, dict[str, str]]:
    """This interpreter where the other user can start it, and the environment in which it finds what this one has: in
    place, or copied when a folder above it is private."""
    home, program = Path(sys.base_prefix), Path(os.path.realpath(sys.executable))
    if not all(parent.stat().st_mode & 0o001 for parent in (program, *program.parents)):
        copy = folder / "python"
        shutil.copytree(home / "lib", copy / "lib", symlinks=True, ignore=shutil.ignore_patterns(*NOT_NEEDED))
        home, program = copy, shutil.copy2(program, copy)
    found = [path for path in sys.path if path and not path.startswith(sys.base_prefix)]
    environ = {"PYTHONHOME": str(home), "LD_LIBRARY_PATH": str(home / "lib"), "PYTHONPATH": os.pathsep.join(found)}
    return str(program), {**environ, "HOME": "/", "PATH": os.defpath}


class Elsewhere(Far):
    """An agent that is started as the other user, with a data directory of its own."""

    def __init__(self, yard: Yard, folder: Path, token: str) -> None:
        super().__init__(yard, folder, token, name="other")
        self.python, environ = readable_python(folder)
        self.data.mkdir()
        shutil.chown(self.data, OTHER)
        self.environ = {**environ, "TRAINYARD_BACKOFF_FIRST": "0.2"}
        self.user = {"user": OTHER, "group": pwd.getpwnam(OTHER).pw_gid, "extra_groups": []}


@pytest.fixture(scope="module")
def open_folder():
    """A folder that everybody may enter: what is kept from the other user is kept by the server's own modes."""
    if os.geteuid() != 0 or OTHER not in [each.pw_name for each in pwd.getpwall()]:
        pytest.skip(f"NOT TESTED: only root can start an agent as another user, '{OTHER}'")
    scratch = Scratch()
    scratch.path.chmod(0o755)
    yield scratch.path
    scratch.close()


@pytest.fixture(scope="module")
def headless(open_folder):
    with Yard(open_folder, environ={"TRAINYARD_AGENT": ""}) as served:
        yield served


def run_by(agent, yard, client):
    """What the program said and logged when this agent ran it."""
    script = f"exec {agent.python} -W ignore {yard.folder / 'prog.py'} {yard.data}"
    (yard.folder / "prog.py").write_text(PROGRAM)
    with agent:
        done = ended(client, submit(client, script).id)
        said = [line.text for line in client.runs.lines(done.id)]
        assert done.status == "succeeded", (done, said)
        agent.down()
    return said, done.metrics["uid"]


def test_a_run_of_another_user_cannot_read_the_token_or_the_database(headless, open_folder):
    with headless.client() as client:
        token = client.agents.add("other").token
        said, uid = run_by(Elsewhere(headless, open_folder, token), headless, client)
    assert said == ["token refused", "trainyard.db refused"]
    assert uid not in (0, os.getuid())


def test_a_run_of_the_servers_own_user_can_read_them(headless, open_folder):
    with headless.client() as client:
        token = client.agents.add("same").token
        said, uid = run_by(Far(headless, open_folder, token, name="same"), headless, client)
    assert (said, uid) == (["token read", "trainyard.db read"], os.getuid())
