"""Tables and runs as HTML for notebooks. Every text is escaped; there is no script, and nothing is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainyard.client import models
    from trainyard.table.table import Column

__all__ = ["card", "table"]

MOST_ROWS = 20
MOST_COLUMNS = 24
MOST_CHARS = 60
_COLORS = {"succeeded": "#1a7f37", "failed": "#cf222e", "stopped": "#9a6700", "running": "#0969da"}


def table(columns: Mapping[str, Column], length: int) -> str:
    """The first rows and columns of a table, and how many there are. Columns without any value are left out."""
    used = {name: column for name, column in columns.items() if any(_is_shown(value) for value in column.values)}
    names = list(used)[:MOST_COLUMNS]
    values = [[_cell(name, value) for value in _first(used[name])] for name in names]
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*values, strict=True))
    caption = f"{min(length, MOST_ROWS)} of {length} rows, {len(names)} of {len(used)} columns"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{caption}</p>"


def card(run: models.RunRecord) -> str:
    """One run: its name and status, its times, params and metrics, and why it failed."""
    said = ": ".join(filter(None, (run.reason, run.message)))
    facts = {
        "id": run.id,
        "project": run.project,
        "status": run.status,
        "reason": said,
        "created": run.created_at,
        "started": run.started_at or "",
        "finished": run.finished_at or "",
        "tags": ", ".join(run.tags),
    }
    parts = [_facts("", facts), _facts("params", run.params), _facts("metrics", run.metrics)]
    return f"<div><b>{escape(run.name or run.id[-8:])}</b>{''.join(parts)}</div>"


def _facts(title: str, facts: Mapping[str, Any]) -> str:
    shown = [(name, value) for name, value in facts.items() if _is_shown(value)]
    if not shown:
        return ""
    rows = "".join(f"<tr><th>{escape(_short(name))}</th>{_cell(name, value)}</tr>" for name, value in shown)
    return f"<table>{f'<caption>{escape(title)}</caption>' if title else ''}<tbody>{rows}</tbody></table>"


def _first(column: Column) -> Sequence[Any]:
    from trainyard.table.table import Column

    return Column(column.kind, column.values[:MOST_ROWS]).python()


def _is_shown(value: object) -> bool:
    return value is not None and value != "" and value != []


def _cell(name: str, value: object) -> str:
    style = f' style="color:{_COLORS[str(value)]}"' if name == "status" and value in _COLORS else ""
    return f"<td{style}>{escape(_short(_text(name, value)))}</td>"


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if name == "id":
        return str(value)[-8:]
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, timedelta):
        return str(timedelta(seconds=round(value.total_seconds())))
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) and _are_texts(value) else str(value)


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARS else text[: MOST_CHARS - 1] + "\N{HORIZONTAL ELLIPSIS}"
