"""What a run tracked, by attempt: the attempt of each writer and upload, the row that a metric's last value comes from,
and what the attempt that holds a metric has logged of it."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

STATEMENTS = (
    "ALTER TABLE writer ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE upload ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0",
    "UPDATE writer SET attempt = (SELECT attempt FROM run WHERE run.id = writer.run)",
    "UPDATE upload SET attempt = (SELECT attempt FROM run WHERE run.id = upload.run)",
    "ALTER TABLE metric ADD COLUMN last_time BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE metric ADD COLUMN last_writer TEXT%BYTES% NOT NULL DEFAULT ''",
    "ALTER TABLE metric ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE metric_attempt (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            first_step BIGINT NOT NULL,
            last DOUBLE PRECISION,
            last_step BIGINT NOT NULL,
            last_time BIGINT NOT NULL,
            last_writer TEXT%BYTES% NOT NULL,
            low DOUBLE PRECISION,
            high DOUBLE PRECISION,
            total BIGINT NOT NULL,
            finite BIGINT NOT NULL,
            PRIMARY KEY (run, name))%KEYED%""",
)
"""`attempt` of a writer or an upload is 0 where there are no attempts: in runs that are only tracked. Those that there
are count as the current attempt's. `last_time` and `last_writer` of a metric are those
of the row that its last value comes from: of rows of one step, the latest counts. `metric.attempt` is the attempt that
holds it, 0 in a run of one attempt that continues no other; others have a row in `metric_attempt`, with what that
attempt alone has logged: what came before it counts below `first_step` only."""


async def forwards(tx: Tx) -> None:
    """Add the columns and the table."""
    bytes_, keyed = {"sqlite": ("", " WITHOUT ROWID"), "postgresql": (' COLLATE "C"', "")}[tx.dialect]
    for statement in STATEMENTS:
        await tx.run(statement.replace("%BYTES%", bytes_).replace("%KEYED%", keyed))
