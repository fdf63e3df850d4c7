"""Tables and runs as HTML for notebooks. Every text is escaped; there is no script, and nothing is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any

from trainyard.table.cell import cell, is_shown, shortened

if TYPE_CHECKING:
    from trainyard.client import models
    from trainyard.table.table import Column

__all__ = ["card", "table"]

MOST_ROWS = 20
MOST_COLUMNS = 24
_COLORS = {"succeeded": "#1a7f37", "failed": "#cf222e", "stopped": "#9a6700", "running": "#0969da"}


def table(columns: Mapping[str, Column], length: int) -> str:
    """The first rows and columns of a table, and how many there are."""
    names = list(columns)[:MOST_COLUMNS]
    values = [[_cell(name, value) for value in columns[name].first(MOST_ROWS)] for name in names]
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*values, strict=True))
    caption = f"{min(length, MOST_ROWS)} of {length} rows, {len(names)} of {len(columns)} columns"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{caption}</p>"


def card(run: models.RunRecord) -> str:
    """One run: its name and status, its times, params and metrics, and why it failed."""
    created, started, finished = map(_time, (run.created_at, run.started_at, run.finished_at))
    facts = {
        "id": run.id,
        "project": run.project,
        "status": run.status,
        "reason": run.cause,
        "created": created,
        "started": started,
        "finished": finished,
        "duration": _between(started, finished),
        "tags": ", ".join(run.tags),
    }
    parts = [_facts("", facts), _facts("params", run.params), _facts("metrics", run.metrics)]
    return f"<div><b>{escape(run.name or run.id[-8:])}</b>{''.join(parts)}</div>"


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _between(start: datetime | None, end: datetime | None) -> timedelta | None:
    return None if start is None or end is None else max(timedelta(0), end - start)


def _facts(title: str, facts: Mapping[str, Any]) -> str:
    shown = [(name, value) for name, value in facts.items() if is_shown(value)]
    if not shown:
        return ""
    rows = "".join(f"<tr><th>{escape(shortened(name))}</th>{_cell(name, value)}</tr>" for name, value in shown)
    return f"<table>{f'<caption>{escape(title)}</caption>' if title else ''}<tbody>{rows}</tbody></table>"


def _cell(name: str, value: object) -> str:
    style = f' style="color:{_COLORS[str(value)]}"' if name == "status" and value in _COLORS else ""
    return f"<td{style}>{escape(cell(name, value))}</td>"
