"""The line of a TOML file at which a key is written. Pure; the file is valid, as its reader has found."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["line_of"]

_TABLE = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*((?:\"[^\"]*\"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:\"[^\"]*\"|'[^']*'|[\w-]+))*)\s*=")


def line_of(text: str, path: Sequence[str]) -> int:
    """The number of the line that sets the longest beginning of `path`, from 1; 0 when none does."""
    table: list[str] = []
    best, line = 0, 0
    for number, each in enumerate(text.splitlines(), start=1):
        if found := _TABLE.fullmatch(each):
            table = written = _parts(found[1])
        elif found := _KEY.match(each):
            written = [*table, *_parts(found[1])]
        else:
            continue
        if best < len(written) and [*path[: len(written)]] == written:
            best, line = len(written), number
    return line


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]
