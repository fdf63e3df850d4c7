"""The server that journeys start is started here on databases of earlier versions."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "journeys"))  # for `yard`
