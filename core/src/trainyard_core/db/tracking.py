"""Writers' marks, metrics' aggregates and artifacts' rows, in SQL."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from trainyard.track.frames import Summary
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.tables import Artifact, Metric, rows

__all__ = [
    "artifacts",
    "changed_metrics",
    "ingested",
    "mark",
    "merge_metrics",
    "metric_names",
    "metrics",
    "metrics_by_run",
    "move_mark",
    "put_artifact",
]

_encode = msgspec.json.Encoder().encode


async def mark(tx: Tx, run: str, writer: str) -> int:
    """Up to which sequence number a writer has been counted."""
    lock = " FOR UPDATE" if tx.dialect == "postgresql" else ""
    row = await tx.one(f"SELECT seq FROM writer WHERE run = ? AND writer = ?{lock}", run, writer)
    return int(row["seq"]) if row else 0


async def move_mark(
    tx: Tx, run: str, writer: str, *, seen: int, to: int, final: bool, dropped: int, late: int, at: int
) -> bool:
    """Compare-and-set of a writer's mark. False when somebody else moved it: nothing of theirs may be counted
    again."""
    if seen == 0:
        row = await tx.one(
            "INSERT INTO writer (run, writer, seq, final, dropped, late, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (run, writer) DO NOTHING RETURNING seq",
            run, writer, to, int(final), dropped, late, at,
        )  # fmt: skip
        return row is not None
    row = await tx.one(
        "UPDATE writer SET seq = ?, final = ?, dropped = dropped + ?, late = late + ?, updated_at = ?"
        " WHERE run = ? AND writer = ? AND seq = ? RETURNING seq",
        to, int(final), dropped, late, at, run, writer, seen,
    )  # fmt: skip
    return row is not None


async def ingested(tx: Tx, run: str, wanted: Mapping[str, int]) -> bool:
    """Whether every one of these writers has been counted up to its last sequence number."""
    if not any(wanted.values()):
        return True
    marks = {row["writer"]: row["seq"] for row in await tx.all("SELECT writer, seq FROM writer WHERE run = ?", run)}
    return all(marks.get(writer, 0) >= last for writer, last in wanted.items())


async def merge_metrics(tx: Tx, run: str, summaries: Iterable[Summary]) -> None:
    """Fold columns into the run's aggregates. `last` is the value with the highest step, the later one among
    equals. The caller holds the run's row, so that versions are committed in their order."""
    folded: dict[str, Summary] = {}
    for new in summaries:
        folded[new.name] = _fold(folded[new.name], new) if new.name in folded else new
    await tx.many(_MERGE, [(run, *_row(summary), run, run) for summary in folded.values()])


_MERGE = """INSERT INTO metric (run, name, last, last_step, low, high, total, finite, project, version)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT project FROM run WHERE id = ?),
        (SELECT COALESCE(MAX(version), 0) + 1 FROM metric WHERE run = ?))
    ON CONFLICT (run, name) DO UPDATE SET
    last = CASE WHEN excluded.last_step >= metric.last_step THEN excluded.last ELSE metric.last END,
    last_step = CASE WHEN excluded.last_step >= metric.last_step THEN excluded.last_step ELSE metric.last_step END,
    low = CASE WHEN metric.low IS NULL OR excluded.low < metric.low
        THEN COALESCE(excluded.low, metric.low) ELSE metric.low END,
    high = CASE WHEN metric.high IS NULL OR excluded.high > metric.high
        THEN COALESCE(excluded.high, metric.high) ELSE metric.high END,
    total = metric.total + excluded.total, finite = metric.finite + excluded.finite, version = excluded.version"""


def _fold(old: Summary, new: Summary) -> Summary:
    newest = new if new.last_step >= old.last_step else old
    lows = [value for value in (old.low, new.low) if not math.isnan(value)]
    highs = [value for value in (old.high, new.high) if not math.isnan(value)]
    return Summary(
        name=old.name,
        last_step=newest.last_step,
        last=newest.last,
        low=min(lows, default=math.nan),
        high=max(highs, default=math.nan),
        total=old.total + new.total,
        finite=old.finite + new.finite,
    )


def _row(summary: Summary) -> tuple[object, ...]:
    """NaN is NULL in both databases."""
    last, low, high = (None if math.isnan(v) else v for v in (summary.last, summary.low, summary.high))
    return summary.name, last, summary.last_step, low, high, summary.total, summary.finite


async def metrics(tx: Tx, run: str, *, names: Sequence[str] | None = None) -> list[Row]:
    """A run's metrics by name: all of them, or those named."""
    query = Metric.select().where(Metric.run == run).order_by(Metric.name)
    if names is None:
        return await rows(tx, query)
    return await rows(tx, query.where(Metric.name.is_in(list(names)))) if names else []


async def metric_names(tx: Tx, run: str, *, after: str, limit: int) -> list[str]:
    """The names of a run's metrics after one of them, in order."""
    found = await tx.all(
        "SELECT DISTINCT name FROM metric WHERE run = ? AND name > ? ORDER BY name LIMIT ?", run, after, limit
    )
    return [row["name"] for row in found]


async def changed_metrics(tx: Tx, run: str, *, since: int, limit: int) -> tuple[list[str], int]:
    """The names of a run's metrics that have changed since a version (0: all there are), those that have waited longest
    first, and the version to go on from. When there are fewer than `limit`, nothing is left."""
    found = await tx.all(
        "SELECT name, version FROM metric WHERE run = ? AND version > ? ORDER BY version LIMIT ?", run, since, limit
    )
    return [row["name"] for row in found], found[-1]["version"] if found else since


async def metrics_by_run(tx: Tx, runs: Sequence[str]) -> dict[str, list[Row]]:
    """The metrics of several runs, by run and then by name."""
    found: dict[str, list[Row]] = {run: [] for run in runs}
    if runs:
        for row in await rows(tx, Metric.select().where(Metric.run.is_in(list(runs))).order_by(Metric.name)):
            found[row["run"]].append(row)
    return found


async def put_artifact(
    tx: Tx, run: str, *, name: str, kind: str, size: int, digest: str, data: dict[str, Any], at: int
) -> None:
    """Record an artifact that the run itself holds, replacing an older one of that name."""
    await tx.run(
        "INSERT INTO artifact (run, name, kind, size, digest, data, at) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (run, name) DO UPDATE SET kind = excluded.kind, size = excluded.size, digest = excluded.digest,"
        " data = excluded.data, at = excluded.at, source = NULL",
        run, name, kind, size, digest, _encode(data).decode(), at,
    )  # fmt: skip


async def artifacts(tx: Tx, run: str) -> Sequence[Row]:
    """A run's artifacts by name."""
    return await rows(tx, Artifact.select().where(Artifact.run == run).order_by(Artifact.name))
