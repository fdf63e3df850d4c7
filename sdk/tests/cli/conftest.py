"""Fixtures of the command's tests: a platform of one's own that `yard` finds by the environment."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from trainyard.cli import main

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


def _load_fake() -> ModuleType:
    """Tests are imported by file, so the client's fake platform is too."""
    name = "trainyard_fake_platform"
    if name not in sys.modules:
        place = Path(__file__).parents[1] / "client" / "fake_platform.py"
        spec = importlib.util.spec_from_file_location(name, place)
        assert spec and spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    fake = _load_fake().FakePlatform().start()
    monkeypatch.setenv("TRAINYARD_URL", fake.url)
    monkeypatch.setenv("TRAINYARD_TOKEN", _load_fake().TOKEN)
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
