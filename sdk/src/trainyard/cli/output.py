"""How results are printed: aligned text for people, JSON for programs. Nothing here depends on a terminal: columns are
as wide as their content and no line is cut, so that text can be searched and piped; colour appears only on a
terminal."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence

import click

__all__ = [
    "aligned",
    "clean",
    "fields",
    "json_document",
    "json_line",
    "number",
    "sparkline",
    "status",
    "table",
    "value",
]

_COLOURS = {"succeeded": "green", "failed": "red", "stopped": "yellow", "running": "cyan"}
_BARS = "▁▂▃▄▅▆▇█"


def json_document(value: object) -> None:
    """Print one JSON document."""
    import msgspec

    click.echo(msgspec.json.format(_encoded(value), indent=2).decode())


def json_line(value: object) -> None:
    """Print one line of JSON lines."""
    click.echo(_encoded(value).decode())


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


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headers; of no rows only the headers."""
    for line in aligned(headers, rows):
        click.echo(line)


def aligned(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table."""
    lines = [list(headers), *([clean(cell) for cell in row] for row in rows)]
    widths = [max(len(click.unstyle(line[column])) for line in lines) for column in range(len(headers))]
    return ["  ".join(map(_padded, line, widths)).rstrip() for line in lines]


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - len(click.unstyle(cell)))


def fields(pairs: Iterable[tuple[str, str]]) -> None:
    """Print names and values, one a line, without those that are empty."""
    shown = [(name, text) for name, text in pairs if text]
    width = max((len(name) for name, _ in shown), default=0)
    for name, text in shown:
        click.echo(f"{name:<{width}}  {clean(text)}")


def clean(text: str) -> str:
    """One line without control characters, which a name could use to play with the terminal; our colours stay."""
    if text.isprintable():
        return text
    plain = click.unstyle(text)
    safe = "".join(char if char.isprintable() else " " for char in plain)
    return text if safe == plain else safe


def status(name: str) -> str:
    """A status in its colour."""
    return click.style(name, fg=_COLOURS.get(name)) if name in _COLOURS else name


def number(number: float | str | None) -> str:
    """A metric's value in at most six digits."""
    if number is None:
        return "-"
    shown = number if isinstance(number, str) else _on_wire(number)
    return shown if isinstance(shown, str) else f"{shown:.6g}"


def value(value: object) -> str:
    """A param's value: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def sparkline(values: Sequence[float | str], width: int = 40) -> str:
    """Values as a row of bars; one that is not finite is a dot."""
    chosen = _thinned([float(value) for value in values], width)
    finite = [value for value in chosen if math.isfinite(value)]
    if not finite:
        return "·" * len(chosen)
    low, span = min(finite), max(finite) - min(finite)
    return "".join(_bar(value, low, span) for value in chosen)


def _thinned(values: list[float], width: int) -> list[float]:
    if len(values) <= width:
        return values
    return [values[index * (len(values) - 1) // (width - 1)] for index in range(width)]


def _bar(value: float, low: float, span: float) -> str:
    if not math.isfinite(value):
        return "·"
    share = (value - low) / span if span and math.isfinite(span) else 0.5
    return _BARS[min(len(_BARS) - 1, int(share * len(_BARS)))]
