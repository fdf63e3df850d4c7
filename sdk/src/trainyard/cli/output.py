"""How results are printed: aligned text for people, JSON for programs. Colour appears only on a terminal.

What others named or wrote never controls the terminal: `clean` shows control and format characters of a name as text,
`line`, through which all that is printed goes, lets colours pass and nothing else."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence

import click

__all__ = [
    "Styled",
    "cells",
    "clean",
    "cut",
    "fields",
    "json_document",
    "json_line",
    "line",
    "number",
    "recorded",
    "size",
    "status",
    "table",
    "value",
]

WIDEST = 40
"""Characters of a column of names; the value of a longer name follows it."""
_COLOURS = {"succeeded": "green", "failed": "red", "stopped": "yellow", "running": "cyan"}
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")


class Styled(str):
    """Text with colours of ours, whose other parts are clean."""

    __slots__ = ()


def line(text: str, *, err: bool = False) -> None:
    """Print a line, or several. Colours pass, other control and format characters are shown as text."""
    parts = _COLOUR.split(text)
    click.echo("".join(part if place % 2 else _visible(part, "\n\t") for place, part in enumerate(parts)), err=err)


def recorded(text: str) -> None:
    """Print a line that a program wrote. Elsewhere than on a terminal it is printed as it is; on a terminal as `line`
    prints, and what the program wrote over itself by carriage returns is left out."""
    if sys.stdout.isatty():
        line(text.rstrip("\r").rpartition("\r")[2])
    else:
        click.echo(text)


def json_document(value: object) -> None:
    """Print one JSON document."""
    import msgspec

    click.echo(_escaped(msgspec.json.format(_encoded(value), indent=2).decode()))


def json_line(value: object) -> None:
    """Print one line of JSON lines."""
    click.echo(_escaped(_encoded(value).decode()))


def _escaped(document: str) -> str:
    """JSON in which no character controls a terminal; such characters stand in strings only."""
    if document.isprintable():
        return document
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in document)


def _encoded(value: object) -> bytes:
    """As JSON, which knows no number that is not finite: those are the same text as on the wire."""
    import msgspec

    return msgspec.json.encode(_finite(msgspec.to_builtins(value)))


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return _on_wire(value) if isinstance(value, float) else value


def _on_wire(value: float) -> float | str:
    from trainyard.client.models import on_wire

    return on_wire(value)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, fits: bool = True) -> None:
    """Print rows under headers; of no rows only the headers. On a terminal long cells are cut so that no line wraps."""
    from trainyard.cli import terminal
    from trainyard.cli.table import fit

    lines = [*rows]
    width = terminal.columns() if fits else None
    for each in fit(headers, lines, width, kept=len(headers)).lines:
        line(each)


def cells(text: str) -> int:
    """How many columns of a terminal a text takes; colours take none, and wide characters two."""
    if text.isascii() and "\x1b" not in text:
        return len(text)
    from unicodedata import combining, east_asian_width

    plain = click.unstyle(text)
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in plain)


def cut(text: str, width: int) -> str:
    """A text in at most so many columns; one that is longer ends in an ellipsis and has no colour."""
    if cells(text) <= width:
        return text
    plain = click.unstyle(text)
    while cells(plain) >= width:
        plain = plain[:-1]
    return f"{plain}…"


def fields(pairs: Iterable[tuple[str, str]]) -> None:
    """Print names and values, one a line, without those that are empty."""
    shown = [(name, text) for name, text in pairs if text]
    width = min(WIDEST, max((len(name) for name, _ in shown), default=0))
    for name, text in shown:
        line(f"{clean(name):<{width}}  {clean(text)}")


def clean(text: str) -> str:
    """One line in which control and format characters, by which a name could play with the terminal, are shown as text
    (`\\x1b`, `\\u202e`); what we coloured ourselves stays."""
    return text if isinstance(text, Styled) else _visible(text)


def _visible(text: str, kept: str = "") -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in kept else _named(char) for char in text)


def _named(char: str) -> str:
    """As Python writes it in a literal."""
    return char.encode("unicode_escape").decode("ascii")


def status(name: str) -> str:
    """A status in its colour."""
    return Styled(click.style(name, fg=_COLOURS[name])) if name in _COLOURS else name


def number(number: float | str | None) -> str:
    """A metric's value in at most six digits."""
    if number is None:
        return "-"
    shown = number if isinstance(number, str) else _on_wire(number)
    return shown if isinstance(shown, str) else f"{shown:.6g}"


def size(amount: float) -> str:
    """Bytes with the unit in which people read them: `3.58 GiB`."""
    unit = 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.3g} {_UNITS[unit]}" if amount < 1000 else f"{amount:.0f} {_UNITS[unit]}"


def value(value: object) -> str:
    """A param's value: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
