"""No test of the SDK sees where the person who runs it has logged in."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A configuration folder that is not there."""
    monkeypatch.setenv("TRAINYARD_CONFIG", str(tmp_path / "no-config"))
