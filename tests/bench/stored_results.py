"""The results that are kept in a folder: what `run.py` printed on several days, each figure from the newest that has
it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["documents"]


def documents(folder: str) -> list[dict[str, Any]]:
    """The documents by date, each without the figures that a newer one has; those that have none left are left out."""
    found = sorted((json.loads(path.read_text()) for path in Path(folder).glob("*.json")), key=_date, reverse=True)
    seen: set[str] = set()
    for document in found:
        measured = {name: each for name, each in document["benchmarks"].items() if "broken" not in each}
        document["benchmarks"] = {name: each for name, each in measured.items() if name not in seen}
        seen |= set(measured)
    return [document for document in reversed(found) if document["benchmarks"]]


def _date(document: dict[str, Any]) -> str:
    return str(document["machine"]["date"])
