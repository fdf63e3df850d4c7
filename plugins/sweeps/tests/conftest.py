"""Fixtures of the tests of sweeps: real databases, and what the tests share."""

from __future__ import annotations

import sys
from pathlib import Path

from trainyard_core.testing.databases import database_url, empty_url, postgres, postgres_url

sys.path.insert(0, str(Path(__file__).parent))  # for what the tests share: `sweep_harness`, `early_stopping`
__all__ = ["database_url", "empty_url", "postgres", "postgres_url"]
