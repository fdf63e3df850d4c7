"""Fixtures of the tests of sweeps: real databases, and what the tests share."""

from __future__ import annotations

import sys
from pathlib import Path

from trainyard_core.testing.databases import database_url, empty_url, postgres, postgres_url

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for what the tests share: `sweep_harness`, `early_stopping`
sys.path.insert(0, str(HERE.parents[2] / "tests" / "upgrades"))  # for `earlier`
__all__ = ["database_url", "empty_url", "postgres", "postgres_url"]
