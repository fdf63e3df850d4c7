"""Makes a database full of runs to search: `python tests/bench/generate_runs.py sqlite:///runs.db 100000`, or any
PostgreSQL URL of an empty database whose user may switch triggers off. What there is, is the same each time.

Nine runs in ten are in the project `default`, the rest in `other`. Each has five params, two outputs, two tags and
three metrics, and as many further params and metrics as `extra` says. None is to be carried out: a server may be
started on it.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
import time
import uuid
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg

sys.path[0] = str(Path(__file__).resolve().parents[1])

from trainyard_core.clock import SystemClock  # noqa: E402 - as a script it finds its package by where it lies
from trainyard_core.db import migrations  # noqa: E402
from trainyard_core.db.connect import connect  # noqa: E402
from trainyard_core.db.migrate import migrate, migrations_in  # noqa: E402

__all__ = ["EXPERIMENTS", "FIRST", "generate", "spacing"]

EXPERIMENTS = 1_000
"""Different tags `exp-N`: each is on one run in a thousand."""

FIRST = 1_750_000_000_000_000
YEAR = 365 * 86_400_000_000
CHUNK = 20_000
RUN = (
    "id", "project", "kind", "name", "status", "managed", "queue", "params", "outputs", "tags", "attempt", "created_by",
    "created_at", "updated_at", "started_at", "finished_at",
)  # fmt: skip
METRIC = ("run", "project", "name", "last", "last_step", "min", "max", "value_count", "finite_count")
VALUE = ("run", "source", "name", "project", "number", "text")
TAG = ("run", "tag", "project")
STATUSES = (("succeeded", 800), ("failed", 120), ("stopped", 50), ("running", 29), ("created", 1))
TOPICS = ("nlp", "vision", "speech", "tabular")
OPTIMIZERS = ("adam", "adamw", "sgd", "lion")
Rows = dict[str, list[tuple[Any, ...]]]


def spacing(count: int) -> int:
    """Microseconds between two of so many runs: they fill a year."""
    return max(1, YEAR // count)


def generate(url: str, count: int, *, extra: int = 0) -> None:
    """Fill an empty database with so many runs."""
    asyncio.run(_migrated(url))
    if url.startswith("sqlite:///"):
        _into_sqlite(url.removeprefix("sqlite:///"), count, extra)
    else:
        asyncio.run(_into_postgresql(url, count, extra))


async def _migrated(url: str) -> None:
    database = await connect(url)
    try:
        await migrate(database, migrations_in("core", migrations), SystemClock())
    finally:
        await database.close()


def _chunks(count: int, extra: int) -> Iterator[Rows]:
    """The rows of all tables, some runs at a time."""
    made = _runs(count, extra)
    while chunk := list(islice(made, CHUNK)):
        yield {
            "run": [run for run, _, _, _ in chunk],
            "metric": [row for _, metrics, _, _ in chunk for row in metrics],
            "run_value": [row for _, _, values, _ in chunk for row in values],
            "run_tag": [row for _, _, _, tags in chunk for row in tags],
        }


def _runs(count: int, extra: int) -> Iterator[tuple[Any, ...]]:
    chance, step = random.Random(count), spacing(count)
    names, weights = zip(*STATUSES, strict=True)
    for n, status in enumerate(chance.choices(names, weights, k=count)):
        project = "other" if n % 10 == 9 else "default"
        yield _run(chance, n, FIRST + n * step, project, status, extra)


def _run(chance: random.Random, n: int, at: int, project: str, status: str, extra: int) -> tuple[Any, ...]:
    run = str(uuid.UUID(int=(at // 1000) << 80 | 0x7 << 76 | 0x2 << 62 | chance.getrandbits(40) << 20 | n))
    loss, took = chance.lognormvariate(-1, 1), int(chance.lognormvariate(6, 1) * 1e6)
    inputs = {
        "lr": float(f"{10 ** chance.uniform(-5, -1):.2g}"),
        "batch": chance.choice((16, 32, 64, 128, 256)),
        "optimizer": chance.choice(OPTIMIZERS),
        "seed": chance.randrange(100_000),
        "model": f"net-{chance.randrange(50)}",
        **{f"extra-{number}": chance.random() for number in range(extra)},
    }
    outputs = {"best": round(loss * 0.9, 6), "checkpoint": f"ckpt-{n}.pt"}
    tags = [chance.choice(TOPICS), f"exp-{chance.randrange(EXPERIMENTS)}"]
    started = at + 2_000_000 if status != "created" else None
    ended = at + 2_000_000 + took if status in ("succeeded", "failed", "stopped") else None
    row = (
        run, project, "job", f"train-{n % 5000}", status, int(status != "running"), "default", json.dumps(inputs),
        json.dumps(outputs), json.dumps(tags), int(started is not None), f"user-{n % 40}",
        at, ended or at, started, ended,
    )  # fmt: skip
    further = [(f"extra-{number}", chance.random()) for number in range(extra)]
    figures = [("loss", loss), ("accuracy", 1 / (1 + loss)), ("seconds", took / 1e6), *further]
    metrics = [(run, project, name, value, 1000, value * 0.9, value * 3, 1000, 1000) for name, value in figures]
    given = [("params", *item) for item in inputs.items()] + [("outputs", *item) for item in outputs.items()]
    return row, metrics, [_value(run, project, *one) for one in given], [(run, tag, project) for tag in tags]


def _value(run: str, project: str, source: str, name: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        return run, source, name, project, None, value
    return run, source, name, project, float(value), None


TABLES = {"run": RUN, "metric": METRIC, "run_value": VALUE, "run_tag": TAG}


def _into_sqlite(path: str, count: int, extra: int) -> None:
    """Without triggers and indexes, which are made again afterwards."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-262144")
    aside = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql NOT NULL"
        f" AND tbl_name IN ({', '.join('?' * len(TABLES))})",
        [*TABLES],
    ).fetchall()
    connection.execute("BEGIN")
    for kind, name, _ in aside:
        connection.execute(f"DROP {kind} {name}")
    connection.executemany("INSERT OR IGNORE INTO project (name, created_at) VALUES (?, 0)", [("default",), ("other",)])
    for chunk in _chunks(count, extra):
        for table, columns in TABLES.items():
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", chunk[table])
    for _, _, made in aside:
        connection.execute(made)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


async def _into_postgresql(url: str, count: int, extra: int) -> None:
    """The same, copied."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '256MB'")
        await connection.execute(
            "INSERT INTO project (name, created_at) VALUES ('default', 0), ('other', 0) ON CONFLICT DO NOTHING"
        )
        indexes = await connection.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY($1) AND indexdef NOT LIKE '%UNIQUE%'",
            list(TABLES),
        )
        for index in indexes:
            await connection.execute(f"DROP INDEX {index['indexname']}")
        for chunk in _chunks(count, extra):
            for table, columns in TABLES.items():
                await connection.copy_records_to_table(table, records=chunk[table], columns=columns)
        for index in indexes:
            await connection.execute(index["indexdef"])
        for table in TABLES:
            await connection.execute(f"VACUUM (ANALYZE) {table}")
    finally:
        await connection.close()


if __name__ == "__main__":
    began = time.monotonic()
    generate(sys.argv[1], int(sys.argv[2]))
    print(f"{int(sys.argv[2]):,} runs in {time.monotonic() - began:.0f} s")
