"""Chaos on real databases: the stages of the servers that are let down, each with the module's `settings`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from trainyard_core.testing.databases import postgres, postgres_url, valkey_url

from .stage import SETTINGS, Stage

__all__ = ["alone", "parted", "postgres", "postgres_url", "settings", "split", "valkey_url"]


@pytest.fixture
def settings() -> Mapping[str, str]:
    """What servers and agents find in their environment. A module may have its own."""
    return SETTINGS


@pytest.fixture
def alone(tmp_path: Path, settings: Mapping[str, str]) -> Iterator[Stage]:
    """One process on SQLite."""
    stage = Stage(tmp_path, environ=settings)
    yield stage
    stage.down()


@pytest.fixture
def parted(tmp_path: Path, settings: Mapping[str, str]) -> Iterator[Stage]:
    """A server on SQLite and an agent of its own."""
    stage = Stage(tmp_path, environ=settings, far=True)
    yield stage
    stage.down()


@pytest.fixture
def split(tmp_path: Path, settings: Mapping[str, str], postgres_url: str) -> Iterator[Stage]:
    """Two API processes, a worker and an agent on PostgreSQL."""
    environ = {**settings, "TRAINYARD_DATABASE": postgres_url}
    stage = Stage(tmp_path, arguments=("--split", "--processes", "2"), environ=environ)
    yield stage
    stage.down()
