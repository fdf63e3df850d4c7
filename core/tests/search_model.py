"""Searching as the language means it, in plain Python over dictionaries, and runs to search: what SQL is held against.

Nothing here looks at the compiler. Times are microseconds; a run is a dictionary of its columns with `inputs`,
`outputs`, `meta` and `tags` decoded and `metrics` as {name: (last, low, high)}.
"""

from __future__ import annotations

import re
from functools import cmp_to_key
from random import Random
from typing import Any

import msgspec

from trainyard.query.moment import is_offset, span
from trainyard.query.tree import And, Between, Compare, Equal, Like, Missing, Not, Or, Scalar, When
from trainyard_core.db.engine import Tx

NOW = 1_790_000_000_000_000
DAY = 86_400_000_000
Run = dict[str, Any]
COLUMNS = {"original": "cloned_from", "user": "created_by"}
PARTS = {"last": 0, "min": 1, "max": 2}
NUMERIC = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d{1,3})?")


def holds(node: Any, run: Run) -> bool:
    """Whether a query is true of a run."""
    if isinstance(node, Not):
        return not holds(node.item, run)
    if isinstance(node, And):
        return all(holds(item, run) for item in node.items)
    if isinstance(node, Or):
        return any(holds(item, run) for item in node.items)
    found = values(node.field, run)
    if isinstance(node.test, Missing):
        return not [value for value in found if value not in ("", None) or node.field.kind in ("scalar", "words")]
    return any(passes(node.field.kind, value, node.test) for value in found if value is not None)


def values(field: Any, run: Run) -> list[Any]:
    """What the run has of a field."""
    if field.name == "tags":
        return list(run["tags"])
    if field.name == "metrics":
        figures = run["metrics"].get(field.key)
        return [] if figures is None else [figures[PARTS[field.part]]]
    if field.kind == "scalar":
        value = run[field.name].get(field.key)
        return [] if value is None else [value]
    if field.name == "duration":
        return [None if run["started_at"] is None else (run["finished_at"] or NOW) - run["started_at"]]
    if field.name == "wait_time":
        return [(run["started_at"] or run["finished_at"] or NOW) - run["created_at"]]
    if field.name == "archived":
        return [run["archived_at"] is not None]
    if field.name == "managed":
        return [bool(run["managed"])]
    return [run[COLUMNS.get(field.name, field.name)]]


def passes(kind: str, value: Any, test: Any) -> bool:
    """Whether one value passes a test."""
    if isinstance(test, Like):
        text = scalar(value)[1] if kind == "scalar" else value
        pattern = ".*".join(re.escape(piece) for piece in test.pieces)
        return text is not None and re.fullmatch(pattern, text, re.IGNORECASE | re.ASCII | re.DOTALL) is not None
    if isinstance(test, Equal):
        return any(equal(kind, value, one) for one in test.values)
    if kind == "moment":
        return moment(value, test)
    if kind == "scalar" and (value := scalar(value)[0]) is None:
        return False
    if isinstance(test, Between):
        return scaled(kind, test.low) <= value <= scaled(kind, test.high)
    assert isinstance(test, Compare)
    return compared(value, test.op, scaled(kind, test.value))


def equal(kind: str, value: Any, written: Any) -> bool:
    if kind == "moment":
        start, end = span(written, NOW)
        return value >= start and (is_offset(written) or value < end)
    if kind == "scalar":
        assert isinstance(written, Scalar)
        number, text = scalar(value)
        return text == written.text if written.number is None else number == written.number
    if kind == "id":
        return value == written or (len(written) < 36 and value.endswith(written))
    return value == scaled(kind, written)


def scalar(value: Any) -> tuple[float | None, str | None]:
    """A JSON value as a number and as a text."""
    if isinstance(value, bool):
        return None, "true" if value else "false"
    if isinstance(value, int | float):
        return float(value), None
    if isinstance(value, str):
        return (float(value) if NUMERIC.fullmatch(value) else None), value
    return None, msgspec.json.encode(value).decode()


def moment(value: int, test: Any) -> bool:
    if isinstance(test, Between):
        return span(test.low, NOW)[0] <= value < span(test.high, NOW)[1]
    start, end = span(test.value, NOW)
    return {">": value >= end, ">=": value >= start, "<": value < start, "<=": value < end}[test.op]


def compared(value: Any, op: str, other: Any) -> bool:
    return {">": value > other, ">=": value >= other, "<": value < other, "<=": value <= other}[op]


def scaled(kind: str, written: Any) -> Any:
    assert not isinstance(written, When)
    return round(written * 1_000_000) if kind == "seconds" else written


def ordered(runs: list[Run], sort: Any) -> list[str]:
    """The ids in the order of a sort."""
    down = sort[-1].descending if sort else True

    def compare(a: Run, b: Run) -> int:
        for key in sort:
            for one, other in zip(ranks(key.field, a), ranks(key.field, b), strict=True):
                if (one is None) != (other is None):
                    return 1 if one is None else -1
                if one != other:
                    return (-1 if one < other else 1) * (-1 if key.descending else 1)
        return (-1 if a["id"] < b["id"] else 1) * (-1 if down else 1)

    return [run["id"] for run in sorted(runs, key=cmp_to_key(compare))]


def ranks(field: Any, run: Run) -> tuple[Any, ...]:
    """What a run is sorted by: a JSON value as a number, then as a text."""
    value = next(iter(values(field, run)), None)
    if field.kind != "scalar":
        return (value,)
    number, text = (None, None) if value is None else scalar(value)
    return number, (text if number is None else None)


def some_runs(count: int, project: str, seed: int) -> list[Run]:
    """Runs with little variety, so that much is equal and queries find several."""
    random = Random(seed)
    return [_run(random, project, n, seed) for n in range(count)]


def _run(random: Random, project: str, n: int, seed: int) -> Run:
    status = random.choice(["created", "queued", "running", "succeeded", "failed", "skipped"])
    created = NOW - random.choice([0, 1, 2, 10, 40]) * DAY - random.randrange(3) * 3_600_000_000
    started = None if status in ("created", "queued", "skipped") else created + random.choice([0, 5, 60]) * 1_000_000
    ended = (started or created) + random.choice([1, 90, 7200]) * 1_000_000
    metrics = {"loss": [0.1, 0.5, 0.5, 2.0, float("inf"), None], "a b": [1.0, 2.0]}
    inputs = {"lr": [0.1, 1, "0.1", "auto", 0.01, True], "opt": ["adam", "SGD", "a_am", "a*m", ""], "x.y": [{"a": 1}]}
    return {
        "id": f"{seed:08x}-0000-7000-8000-{random.randrange(1 << 16):04x}{n:08x}",
        "project": project,
        "kind": random.choice(["job", "dag"]),
        "name": random.choice(["", "mnist", "MNIST-2", "50%_a", "é'\"\\"]),
        "description": random.choice(["", "first try", "[x]?*"]),
        "status": status,
        "reason": random.choice(["", "unschedulable", "user", "upstream_failed", "draining"]),
        "queue": random.choice(["default", "gpu", "Gpu"]),
        "hold": random.choice(["", "approval", "schedule"]),
        "managed": random.choice([0, 1]),
        "digest": random.choice(["", "sha256:ab", "sha256:cd"]),
        "cpu": random.choice([0.5, 1.0, 4.0]),
        "memory": random.choice([0, 1 << 30, 3 << 29]),
        "gpu": random.choice([0, 1, 8]),
        "priority": random.choice([0, 5]),
        "attempt": random.choice([1, 2]),
        "progress": random.choice([None, 0.0, 0.5, 1.0]),
        "created_by": random.choice(["ann", "bob"]),
        "cloned_from": random.choice([None, f"{seed:08x}-0000-7000-8000-0000aaaaaaaa"]),
        "parent": random.choice([None, None, f"{seed:08x}-0000-7000-8000-0000bbbbbbbb"]),
        "created_at": created,
        "updated_at": ended,
        "started_at": started,
        "finished_at": ended if status in ("succeeded", "failed", "skipped") else None,
        "archived_at": random.choice([None, None, NOW]),
        "params": {name: random.choice(some) for name, some in inputs.items() if random.random() < 0.7},
        "outputs": {"best": random.choice([1, 2.5, None])} if random.random() < 0.5 else {},
        "meta": {"team": random.choice(["red", "blue"])} if random.random() < 0.5 else {},
        "tags": [tag for tag in ("a", "b", "100%", "A", "x,y") if random.random() < 0.4],
        "metrics": {
            name: (last, min(last or 0.0, 0.3), max(last or 0.0, 0.9))
            for name, some in metrics.items()
            if random.random() < 0.7
            for last in [random.choice(some)]
        },
    }


async def put(tx: Tx, runs: list[Run]) -> None:
    """Insert them, as they are."""
    for project in {run["project"] for run in runs}:
        await tx.run("INSERT INTO project (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", project, NOW)
    for run in runs:
        row = {name: _column(value) for name, value in run.items() if name != "metrics"}
        marks = ", ".join("?" * len(row))
        await tx.run(f"INSERT INTO run ({', '.join(row)}) VALUES ({marks})", *row.values())
        rows = [(run["id"], name, last, low, high) for name, (last, low, high) in run["metrics"].items()]
        await tx.many(
            "INSERT INTO metric (run, name, last, last_step, low, high, total, finite) VALUES (?, ?, ?, 0, ?, ?, 1, 1)",
            rows,
        )


def _column(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value


MINE_AND_THEIRS = [*some_runs(60, "mine", 1), *some_runs(30, "theirs", 2)]
