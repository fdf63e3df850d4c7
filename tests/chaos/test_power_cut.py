"""The power goes while a server is at work: it starts again from whatever the disk still has, and all that it had
acknowledged is there.

No plug is pulled: the calls of a real server are recorded and played up to some moment (`disk`). `make chaos` cuts 100
times; without it 3 times.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from trainyard.client import Client, upload
from trainyard.client.models import CreateRun

from .disk import BadLuck, Disk, Luck, recorded, recorder
from .stage import PROGRAM, Stage, check_artifacts, check_points, command_of, processes, read_book, wait_until
from .test_random_kills import SEED

SCALE = float(os.environ.get("CHAOS_SCALE", "0.03"))
CUTS, ROUNDS = max(3, int(100 * SCALE)), max(2, int(20 * SCALE))
PART = 1 << 16
SETTINGS = {"TRAINYARD_AGENT": ""}


class Promise(NamedTuple):
    """What a server has acknowledged, when, and how to see that it holds."""

    at: float
    what: str
    holds: Callable[[Client], bool]


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    folder = tmp_path / "calls"
    folder.mkdir()
    trial = subprocess.run([*recorder(folder), "true"], capture_output=True) if shutil.which("strace") else None
    if trial is None or trial.returncode:
        pytest.skip("NOT TESTED WITHOUT POWER: no strace here that may trace; apt-get install strace")
    return folder


@pytest.fixture
def stage(tmp_path: Path, calls: Path):
    """A server on SQLite whose calls are recorded."""
    stage = Stage(tmp_path / "stage", environ=SETTINGS, prefix=recorder(calls))
    yield stage
    stage.down()


def test_what_was_acknowledged_survives_a_power_cut(
    stage: Stage, calls: Path, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(upload, "SMALL", PART)
    monkeypatch.setattr(upload, "PART", PART)
    chance = random.Random(SEED)
    stage.up()
    promises = list(work(stage, tmp_path, chance))
    stage.end(stage.process.pid)
    wait_until(lambda: not recording(calls), within=30, what="all calls are written down")
    made = recorded(calls, stage.data)
    cuts = {*chance.sample(range(len(made)), CUTS), len(made) - 1}
    disk, checked = Disk(stage.data), 0
    for number, call in enumerate(made):
        disk.do(call)
        if number in cuts:
            root = tmp_path / f"cut-{number}"
            root.mkdir()
            disk.leave(root / "data", chance.choice((chance, BadLuck())))
            checked += check(root, [each for each in promises if each.at < call.ended])
    disk.leave(tmp_path / "all", Luck())
    assert contents(tmp_path / "all") == contents(stage.data), "the calls are not played as they were made"
    with capsys.disabled():
        print(f"\npower, chaos seed {SEED}: {len(cuts)} cuts in {len(made)} calls, {checked} promises kept")


def recording(calls: Path) -> bool:
    return any(command_of(pid).startswith("strace") and str(calls) in command_of(pid) for pid in processes())


def contents(root: Path) -> dict[str, bytes]:
    """What a data directory holds, without SQLite's index of its journal, which is written through memory."""
    files = (path for path in root.rglob("*") if path.is_file() and not path.name.endswith("-shm"))
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def work(stage: Stage, folder: Path, chance: random.Random):
    """Ask for something of everything, each of which promises something."""
    for number in range(ROUNDS):
        with stage.client() as client:
            run = client.runs.create(CreateRun(managed=False, name=f"n{number}")).id
            yield promise(f"run {number}", lambda client, run=run: client.runs.get(run).id == run)
            client.runs.tag(run, add=[f"t{number}"])
            yield promise(f"tag {number}", lambda client, run=run, tag=f"t{number}": tag in client.runs.get(run).tags)
            for name, size in (("small", 1000), ("large", 3 * PART + 17)):
                yield put(client, run, name, folder / name, chance.randbytes(size))
        yield track(stage, f"program-{number}")


def promise(what: str, holds: Callable[[Client], bool]) -> Promise:
    return Promise(time.time(), what, holds)


def put(client: Client, run: str, name: str, source: Path, content: bytes) -> Promise:
    source.write_bytes(content)
    client.artifacts.put(run, name, source)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"

    def holds(client: Client) -> bool:
        stored = {artifact.name: artifact.digest for artifact in client.runs.artifacts(run)}
        return stored.get(name) == digest and client.artifacts.read(run, name) == content

    return promise(f"{name} of {run}", holds)


def track(stage: Stage, name: str) -> Promise:
    """Run a program by hand, whose finish returns when the server has it all."""
    book = stage.books / f"{name}.jsonl"
    environ = {
        **os.environ,
        "TRAINYARD_DATA": str(stage.data.parent / "elsewhere"),
        "TRAINYARD_URL": stage.url,
        "TRAINYARD_TOKEN": (stage.data / "token").read_text().strip(),
    }
    subprocess.run([sys.executable, str(PROGRAM), str(book), "60"], env=environ, check=True, stdout=subprocess.DEVNULL)
    facts = read_book(book)
    (run,) = [fact["run"] for fact in facts if "run" in fact]

    def holds(client: Client) -> bool:
        check_points(client, run, name, facts)
        check_artifacts(client, run, name, facts)
        return client.runs.get(run).status == "succeeded"

    assert facts[-1].get("done"), "finish has returned"
    return Promise(facts[-1]["at"], name, holds)


def check(root: Path, promises: list[Promise]) -> int:
    """Start a server on what is left, and see that it keeps what was promised and goes on; how many promises."""
    after = Stage(root, environ=SETTINGS)
    try:
        after.up()
        with after.client() as client:
            broken = [each.what for each in promises if not each.holds(client)]
            assert not broken, f"{root}, chaos seed {SEED}: lost {broken}"
            assert client.runs.create(CreateRun(managed=False)).id
    finally:
        after.down()
    return len(promises)
