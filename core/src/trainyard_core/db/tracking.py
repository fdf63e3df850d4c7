"""Writers' marks, metrics' aggregates and artifacts' rows, in SQL."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from trainyard.names import SYSTEM_METRICS
from trainyard.track.frames import Summary
from trainyard_core.db import batch
from trainyard_core.db.batch import marks
from trainyard_core.db.engine import Dialect, Row, Tx
from trainyard_core.db.tables import Artifact, Metric, rows

__all__ = [
    "MetricSelection",
    "MetricValues",
    "WriterMark",
    "artifacts",
    "attempts_of",
    "changed_metrics",
    "counted_before",
    "dropped",
    "fold",
    "folded",
    "ingested",
    "last_sent",
    "mark",
    "merge_into",
    "merge_metrics",
    "metric_names",
    "metric_values",
    "metrics",
    "move_mark",
    "put_artifact",
    "replace_metrics",
    "row_of",
    "some_metrics",
    "summary_of",
]

_encode = msgspec.json.Encoder().encode


class WriterMark(NamedTuple):
    """Up to which sequence number a writer has been counted, and the attempt that it belongs to: None for a writer that
    is not known yet."""

    seq: int
    attempt: int | None


async def mark(tx: Tx, run: str, writer: str) -> WriterMark:
    """A writer's mark."""
    lock = " FOR UPDATE" if tx.dialect == "postgresql" else ""
    row = await tx.one(f"SELECT seq, attempt FROM writer WHERE run = ? AND writer = ?{lock}", run, writer)
    return WriterMark(int(row["seq"]), int(row["attempt"])) if row else WriterMark(0, None)


async def move_mark(
    tx: Tx, run: str, writer: str, *, seen: int, to: int, attempt: int, final: bool, dropped: int, late: int, at: int
) -> bool:
    """Compare-and-set of a writer's mark. False when somebody else moved it: nothing of theirs may be counted
    again. `attempt` is whose writer a new one is."""
    if seen == 0:
        changed = await tx.run(
            "INSERT INTO writer (run, writer, seq, attempt, final, dropped, late, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, writer) DO NOTHING",
            run, writer, to, attempt, int(final), dropped, late, at,
        )  # fmt: skip
        return changed > 0
    changed = await tx.run(
        "UPDATE writer SET seq = ?, final = ?, dropped = dropped + ?, late = late + ?, updated_at = ?"
        " WHERE run = ? AND writer = ? AND seq = ?",
        to, int(final), dropped, late, at, run, writer, seen,
    )  # fmt: skip
    return changed > 0


async def ingested(tx: Tx, run: str, wanted: Mapping[str, int]) -> bool:
    """Whether every one of these writers has been counted up to its last sequence number."""
    if not any(wanted.values()):
        return True
    marks = {row["writer"]: row["seq"] for row in await tx.all("SELECT writer, seq FROM writer WHERE run = ?", run)}
    return all(marks.get(writer, 0) >= last for writer, last in wanted.items())


async def attempts_of(tx: Tx, runs: Sequence[str]) -> dict[str, dict[str, int]]:
    """Of each of these runs, the attempt of each of its writers."""
    found: dict[str, dict[str, int]] = {run: {} for run in runs}
    if runs:
        marks = ", ".join("?" * len(runs))
        for row in await tx.all(f"SELECT run, writer, attempt FROM writer WHERE run IN ({marks})", *runs):
            found[row["run"]][row["writer"]] = int(row["attempt"])
    return found


async def counted_before(tx: Tx, run: str, attempt: int, *, but: str) -> int:
    """How many frames of earlier attempts have been counted, without those of one writer: it grows with each."""
    row = await tx.one(
        "SELECT CAST(COALESCE(SUM(seq), 0) AS BIGINT) AS n FROM writer WHERE run = ? AND attempt < ? AND writer <> ?",
        run, attempt, but,
    )  # fmt: skip
    assert row is not None
    return int(row["n"])


async def last_sent(tx: Tx, run: str, attempt: int) -> int:
    """When the last frame or part of a file came of an attempt, by this clock; 0 when none did."""
    row = await tx.one(
        "SELECT CAST(COALESCE(MAX(updated_at), 0) AS BIGINT) AS at FROM"
        " (SELECT updated_at FROM writer WHERE run = ? AND attempt = ?"
        " UNION ALL SELECT updated_at FROM upload WHERE run = ? AND attempt = ?) AS sent",
        run, attempt, run, attempt,
    )  # fmt: skip
    assert row is not None
    return int(row["at"])


async def dropped(tx: Tx, run: str, *, attempt: int | None = None) -> int:
    """How many records (values, lines, events) a run's programs had to drop; those of one attempt, if it is given."""
    only, args = ("", ()) if attempt is None else (" AND attempt = ?", (attempt,))
    row = await tx.one(
        f"SELECT CAST(COALESCE(SUM(dropped), 0) AS BIGINT) AS n FROM writer WHERE run = ?{only}", run, *args
    )
    assert row is not None
    return int(row["n"])


async def merge_metrics(tx: Tx, run: str, summaries: Iterable[Summary], *, writer: str = "") -> None:
    """Fold columns of one writer into the run's aggregates. `last` is the value with the highest step, of equal ones
    the latest by time, then of the writer with the greater id, then the one that was logged last. The caller holds the
    run's row, so that versions are committed in their order."""
    rows = [row_of(summary, writer) for summary in folded(summaries).values()]
    await batch.insert(tx, _INTO, await _next_versions(tx, run, rows), _MERGE)


async def replace_metrics(tx: Tx, run: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Make the run's aggregates of these metrics what they are in `rows`: each as of `row_of`, then the attempt that
    holds it. The caller holds the run's row."""
    await batch.insert(tx, _INTO_HELD, await _next_versions(tx, run, rows), _REPLACE)


async def _next_versions(tx: Tx, run: str, rows: Sequence[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """The rows with what comes before the aggregates: the run, its project and the next versions of its metrics, one
    each."""
    if not rows:
        return []
    last = await tx.one(_LAST_VERSION, run)
    assert last is not None, "the caller holds it"
    return [(run, last["project"], version, *row) for version, row in enumerate(rows, int(last["version"]) + 1)]


def folded(summaries: Iterable[Summary]) -> dict[str, Summary]:
    """Columns of one writer, in the order in which they were logged, as one of each name."""
    found: dict[str, Summary] = {}
    for new in summaries:
        found[new.name] = fold(found[new.name], new) if new.name in found else new
    return found


def merge_into(table: str) -> str:
    """What an INSERT of a column in brief does where there is a row of that run and name already."""
    place, new = (f"({t}.last_step, {t}.last_time, {t}.last_writer)" for t in (table, "excluded"))
    latest = ", ".join(
        f"{name} = CASE WHEN {new} >= {place} THEN excluded.{name} ELSE {table}.{name} END"
        for name in ("last", "last_step", "last_time", "last_writer")
    )
    return f"""ON CONFLICT (run, name) DO UPDATE SET {latest},
    min = CASE WHEN {table}.min IS NULL OR excluded.min < {table}.min
        THEN COALESCE(excluded.min, {table}.min) ELSE {table}.min END,
    max = CASE WHEN {table}.max IS NULL OR excluded.max > {table}.max
        THEN COALESCE(excluded.max, {table}.max) ELSE {table}.max END,
    value_count = {table}.value_count + excluded.value_count,
    finite_count = {table}.finite_count + excluded.finite_count"""


_LAST_VERSION = """SELECT project, (SELECT COALESCE(MAX(version), 0) FROM metric WHERE metric.run = run.id) AS version
    FROM run WHERE id = ?"""
_COLUMNS = ("last", "last_step", "last_time", "last_writer", "min", "max", "value_count", "finite_count")
_INTO = f"INSERT INTO metric (run, project, version, name, {', '.join(_COLUMNS)})"
_INTO_HELD = f"INSERT INTO metric (run, project, version, name, {', '.join(_COLUMNS)}, attempt)"
_MERGE = f"{merge_into('metric')}, version = excluded.version"
_REPLACE = "ON CONFLICT (run, name) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in ("version", *_COLUMNS, "attempt")
)


def fold(old: Summary, new: Summary) -> Summary:
    """Two columns of one metric as one, of which the second was logged later or comes of a later writer."""
    newest = new if (new.last_step, new.last_time) >= (old.last_step, old.last_time) else old
    lows = [value for value in (old.min, new.min) if not math.isnan(value)]
    highs = [value for value in (old.max, new.max) if not math.isnan(value)]
    return Summary(
        name=old.name,
        last_step=newest.last_step,
        last=newest.last,
        min=min(lows, default=math.nan),
        max=max(highs, default=math.nan),
        total=old.total + new.total,
        finite=old.finite + new.finite,
        last_time=newest.last_time,
    )


def row_of(summary: Summary, writer: str) -> tuple[object, ...]:
    """Name, last, last_step, last_time, last_writer, min, max, value_count, finite_count. NaN is NULL in both
    databases."""
    last, low, high = (None if math.isnan(v) else v for v in (summary.last, summary.min, summary.max))
    place = (summary.last_step, summary.last_time, writer)
    return summary.name, last, *place, low, high, summary.total, summary.finite


def summary_of(row: Row) -> Summary:
    """A row of aggregates as one column in brief."""
    last, low, high = (math.nan if value is None else value for value in (row["last"], row["min"], row["max"]))
    return Summary(
        name=row["name"],
        last_step=row["last_step"],
        last=last,
        min=low,
        max=high,
        total=row["value_count"],
        finite=row["finite_count"],
        last_time=row["last_time"],
    )


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


class MetricSelection(NamedTuple):
    """Some of a run's metrics by name, and how many others its program has logged."""

    rows: list[Row]
    left_out: int


async def some_metrics(tx: Tx, runs: Sequence[str], *, first: int, named: Sequence[str]) -> dict[str, MetricSelection]:
    """Of each of these runs, the first so many metrics by name, those of the system left out, and those that are
    named."""
    if not runs:
        return {}
    found: dict[str, dict[str, Row]] = {run: {} for run in runs}
    for row in [*await _first_metrics(tx, runs, first), *await _named_metrics(tx, runs, named)]:
        found[row["run"]][row["name"]] = row
    counted = await tx.all(
        f"SELECT run, COUNT(*) AS n FROM metric WHERE run IN ({marks(runs)}) AND {_of_program('name')} GROUP BY run",
        *runs,
    )
    many = {row["run"]: int(row["n"]) for row in counted}
    return {run: _selected(of, many.get(run, 0)) for run, of in found.items()}


def _selected(of: Mapping[str, Row], many: int) -> MetricSelection:
    """These rows by name, of `many` metrics of the program."""
    shown = sum(not name.startswith(SYSTEM_METRICS) for name in of)
    return MetricSelection([of[name] for name in sorted(of)], many - shown)


async def _first_metrics(tx: Tx, runs: Sequence[str], first: int) -> list[Row]:
    return await tx.all(
        "SELECT m.* FROM run r JOIN metric m ON m.run = r.id AND m.name <= (SELECT MAX(few.name) FROM"
        f" (SELECT name FROM metric WHERE run = r.id AND {_of_program('name')} ORDER BY name LIMIT ?) AS few)"
        f" WHERE {_of_program('m.name')} AND r.id IN ({marks(runs)})",
        first, *runs,
    )  # fmt: skip


def _of_program(column: str) -> str:
    """The condition that a metric is not one of the system, which a list leaves out unless it is named."""
    return f"substr({column}, 1, {len(SYSTEM_METRICS)}) <> '{SYSTEM_METRICS}'"


async def _named_metrics(tx: Tx, runs: Sequence[str], named: Sequence[str]) -> list[Row]:
    if not named:
        return []
    return await tx.all(
        f"SELECT * FROM metric WHERE run IN ({marks(runs)}) AND name IN ({marks(named)})", *runs, *named
    )


class MetricValues(NamedTuple):
    """Metrics of several runs as columns of equal length, in the order of the runs: the position of the run, the
    metric's name, and each of its values that was asked for."""

    places: list[int]
    names: list[str]
    values: list[list[float | None]]


async def metric_values(
    tx: Tx, runs: Sequence[str], columns: Sequence[str], *, names: Sequence[str] | None = None
) -> MetricValues:
    """These columns of the metrics of several runs: of all metrics but those of the system, or of those named."""
    found = MetricValues([], [], [[] for _ in columns])
    for start in range(0, len(runs), batch.ROWS):
        some = runs[start : start + batch.ROWS]
        keys = ", ".join(f"({n}, ?)" for n in range(start, start + len(some)))
        rows = await tx.all(_values_of(keys, columns, names, tx.dialect), *some, *(names or ()))
        found.places.extend([row["n"] for row in rows])  # rows are kept no longer: so many of them cost the collector
        found.names.extend([row["name"] for row in rows])
        for column, values in zip(columns, found.values, strict=True):
            values.extend([row[column] for row in rows])
    return found


def _values_of(keys: str, columns: Sequence[str], names: Sequence[str] | None, dialect: Dialect) -> str:
    only = f" AND {_of_program('m.name')}" if names is None else f" AND m.name IN ({batch.marks(names)})"
    order = " ORDER BY k.n" if dialect == "postgresql" else ""  # SQLite goes through `k` in its order
    return (
        f"WITH k (n, id) AS (VALUES {keys}) SELECT k.n, m.name, {', '.join(f'm.{column}' for column in columns)}"
        f" FROM k CROSS JOIN metric m WHERE m.run = k.id{only}{order}"
    )


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
