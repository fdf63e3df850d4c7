"""The server that journeys start is started here on databases of earlier versions."""

from __future__ import annotations

import sys
from pathlib import Path

from trainyard_core.testing.databases import empty_url

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "journeys")]  # for `earlier`, `schema` and `yard`
__all__ = ["empty_url"]
