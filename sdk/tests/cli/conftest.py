"""Fixtures of the command's tests: a platform of one's own that `yard` finds by the environment."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from trainyard.cli import main

sys.path.append(str(Path(__file__).parent))  # last: other folders have tests of the same names
sys.path.insert(0, str(Path(__file__).parents[1] / "fakes"))

from fake_platform import TOKEN, FakePlatform

OPERATION = """\
version: 1.1
kind: operation
name: train
component:
  inputs:
    - {name: lr, type: float, value: 0.1}
  run:
    kind: job
    container:
      command: [python, train.py]
      args: ["--lr={{ lr }}"]
"""


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    fake = FakePlatform().start()
    monkeypatch.setenv("TRAINYARD_URL", fake.url)
    monkeypatch.setenv("TRAINYARD_TOKEN", TOKEN)
    monkeypatch.setenv("TRAINYARD_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("TRAINYARD_PROJECT", raising=False)
    yield fake
    fake.stop()


@pytest.fixture
def yard(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Runs a command line in this process."""

    def call(*argv: str) -> Done:
        capsys.readouterr()
        code = main(argv)
        return Done(code, *capsys.readouterr())

    return call


@pytest.fixture
def operation(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    file = folder / "train.yaml"
    file.write_text(OPERATION)
    return file
