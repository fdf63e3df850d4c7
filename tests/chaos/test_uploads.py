"""Kill the server at every fault point that an upload comes by: nothing that was acknowledged is sent again, and row
and bytes are the same in the end."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from trainyard.client import upload
from trainyard.client.errors import ClientError
from trainyard.client.models import CreateRun

from .stage import Stage

PART = 1 << 20
POINTS = [
    "upload:before_commit",
    "upload:after_commit",
    "upload:after_part",
    "upload_part:before_commit",
    "upload_part:after_commit",
    "upload_finishing:before_commit",
    "upload_finishing:after_commit",
    "upload:before_rename",
    "upload:after_rename",
    "upload:after_finish",
    "artifact:before_commit",
    "artifact:after_commit",
]


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    stage.up()
    yield stage
    stage.down()


@pytest.mark.parametrize("point", POINTS)
def test_an_upload_survives_a_server_that_is_killed_here(stage: Stage, monkeypatch, tmp_path: Path, point: str):
    monkeypatch.setattr(upload, "SMALL", PART)
    monkeypatch.setattr(upload, "PART", PART)
    source = tmp_path / "source.bin"
    source.write_bytes(random.Random(point).randbytes(3 * PART + 17))
    with stage.client() as client:
        run = client.runs.create(CreateRun(managed=False)).id
    stage.process.terminate()
    stage.process.wait(30)
    stage.faults.append({"TRAINYARD_FAULT": point})
    stage.up()
    starts, told = stage.starts, [0]

    def heard(done: int, size: int) -> None:
        assert done >= told[-1], "what was acknowledged is sent again"
        told.append(done)

    for _ in range(5):
        try:
            with stage.client() as client:
                client.artifacts.put(run, "model.bin", source, progress=heard)
            break
        except ClientError:
            stage.process.wait(30)
            stage.up()
    assert stage.starts > starts, f"the server never came by {point}"
    with stage.client() as client:
        (artifact,) = client.runs.artifacts(run)
        assert artifact.digest == f"sha256:{hashlib.sha256(source.read_bytes()).hexdigest()}"
        assert client.artifacts.read(run, "model.bin") == source.read_bytes()
        stored = [each.kind for each in client.runs.activities(run) if each.kind == "artifact_stored"]
        assert stored == ["artifact_stored"]
