"""What is wrong with an operation file, said so that it can be mended.

A `Finding` is one problem: where it is, what it is, what to do. A `SpecError` holds every finding of a pass, because a
person mends a file faster from a list than from a first problem. This module needs the standard library alone, so that
a command line can catch a `SpecError` without loading the language.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Finding", "Path", "SpecError", "dotted", "suggest"]

Path = tuple[str | int, ...]
"""The way from the top of a document to a value: keys and list positions."""


MAX_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem. `line` and `column` count from 1 and are None when the document came without text."""

    message: str
    fix: str | None = None
    field: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        said = ": ".join(part for part in (place, self.field, self.message) if part)
        return f"{said}; {self.fix}" if self.fix else said


class SpecError(ValueError):
    """The document cannot be used. `findings` has one entry or more, in the order of the document."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        found = tuple(findings)
        more = len(found) - MAX_FINDINGS
        self.findings: Sequence[Finding] = (
            found if more <= 0 else (*found[:MAX_FINDINGS], Finding(f"and {more} more like these", file=found[0].file))
        )
        super().__init__("\n".join(map(str, self.findings)))


def dotted(path: Path) -> str:
    """`("run", "args", 0)` as people write it: `run.args[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def suggest(name: str, known: Iterable[str]) -> str | None:
    """A fix that offers the nearest known name, or all of them when they are few and none is near."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    if not names:
        return None
    listed = ", ".join(f"`{known_name}`" for known_name in names[:24])
    return f"choose from {listed}" + (" ..." if len(names) > 24 else "")
