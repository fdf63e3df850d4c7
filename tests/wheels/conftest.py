"""The wheels of all that users install, built once."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from .environment import Environment, build

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [ROOT / "sdk", ROOT / "core", *sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """A wheel of each distribution, the SDK's first."""
    into = tmp_path_factory.mktemp("wheels")
    for folder in FOLDERS:
        build(folder, into)
    names = [tomllib.loads((folder / "pyproject.toml").read_text())["project"]["name"] for folder in FOLDERS]
    return [next(into.glob(f"{name.replace('-', '_')}-*.whl")) for name in names]


@pytest.fixture(scope="module")
def installed(wheels: Sequence[Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with all of them."""
    environment = Environment(tmp_path_factory.mktemp("installed") / "venv")
    environment.install(*wheels)
    return environment
