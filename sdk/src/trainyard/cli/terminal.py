"""The terminal on which a command prints: whether there is one, how wide it is, and a screen that is drawn anew."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

import click

from trainyard.cli.output import cut

__all__ = ["Screen", "columns", "dot_columns", "is_attached"]


def is_attached() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def columns() -> int | None:
    """How wide a table may be; None elsewhere than on a terminal, where nothing is left out."""
    return shutil.get_terminal_size().columns if is_attached() else None


def dot_columns() -> int:
    """How wide a plot may be: not at all where its dots cannot be written."""
    try:
        "⣿".encode(sys.stdout.encoding or "ascii")
    except UnicodeError:
        return 0
    return shutil.get_terminal_size().columns


class Screen:
    """A part of the terminal that is drawn over what was drawn before."""

    def __init__(self) -> None:
        self._drawn = 0
        self.is_cut = False

    def draw(self, lines: Sequence[str]) -> None:
        """Draw what fits. `is_cut` says whether it was all."""
        width, height = shutil.get_terminal_size()
        self.is_cut = len(lines) >= height
        shown = [cut(line, width) for line in lines[: height - 1]]
        up = f"\x1b[{self._drawn}F" if self._drawn else ""
        click.echo(up + "".join(f"\x1b[K{line}\n" for line in shown) + "\x1b[J", nl=False)
        self._drawn = len(shown)
