"""What is read again and again, and names that are used once: a version of each metric that moves when the metric
changes, and the names of deleted projects, people and service accounts."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

STATEMENTS = (
    "ALTER TABLE metric ADD COLUMN version BIGINT NOT NULL DEFAULT 0",
    """UPDATE metric SET version = counted.number FROM
            (SELECT run, name, ROW_NUMBER() OVER (PARTITION BY run ORDER BY name) AS number FROM metric) AS counted
            WHERE counted.run = metric.run AND counted.name = metric.name""",
    "CREATE INDEX metric_version ON metric (run, version)",
    "CREATE INDEX run_top ON run (project, id) WHERE parent IS NULL",
    """CREATE TABLE retirement (
            kind TEXT NOT NULL CHECK (kind IN ('project', 'principal')),
            name TEXT NOT NULL,
            at BIGINT NOT NULL,
            PRIMARY KEY (kind, name))""",
    """INSERT INTO retirement (kind, name, at)
            SELECT 'project', project, MAX(at) FROM activity
            WHERE kind = 'project_deleted' AND project NOT IN (SELECT name FROM project) GROUP BY project""",
    """INSERT INTO retirement (kind, name, at)
            SELECT 'principal', gone.name, MAX(gone.at)
            FROM (SELECT %NAME% AS name, at FROM activity WHERE kind IN ('user_deleted', 'service_deleted')) AS gone
            WHERE gone.name NOT IN (SELECT name FROM principal) GROUP BY gone.name""",
)
"""`version` of a metric is higher than that of any other of its run when it changes, so that what has changed since a
version was seen is read by an index. `run_top` holds the runs that are no children. `retirement` keeps names that are
never used again, also those of before: by them the log, idempotency keys, tokens and scripts know what was deleted."""

NAME = {"sqlite": "json_extract(data, '$.name')", "postgresql": "data::json ->> 'name'"}


async def forwards(tx: Tx) -> None:
    """Extend and create the tables."""
    for statement in STATEMENTS:
        await tx.run(statement.replace("%NAME%", NAME[tx.dialect]))
