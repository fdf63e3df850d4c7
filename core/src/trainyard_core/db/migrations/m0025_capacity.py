"""What agents have as their schedulers state it, devices that are counted, and runs of several copies."""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard_core.db.engine import Row, Tx

__all__ = ["forwards"]

_BEFORE = ("cpu", "memory", "gpu", "resources")
_UNLIMITED = {"cpu": 1e6, "memory": 1 << 50}
"""What stood for no limit."""
_STATEMENTS = (
    # how many devices it holds; `gpus` says which, and is `null` where its scheduler chooses
    "ALTER TABLE attempt ADD COLUMN gpu INTEGER NOT NULL DEFAULT 0",
    "UPDATE attempt SET gpu = json_array_length(%GPUS%) WHERE gpus <> '[]'",
    "DROP INDEX attempt_resources",
    """CREATE INDEX attempt_resources ON attempt (agent, gpus, resources, cpu, memory, gpu, state, released)
            WHERE released = 0 AND state <> 'exited'""",
    # JSON: what the largest of several copies asks for, by name; {}: it is one program
    "ALTER TABLE run ADD COLUMN largest_copy TEXT NOT NULL DEFAULT '{}'",
    "DROP INDEX run_waiting_resources",
    """CREATE INDEX run_waiting_resources ON run (queue, project, agent, resources, largest_copy, priority DESC, id,
            cpu, memory, gpu, status) WHERE status = 'queued'""",
)


async def forwards(tx: Tx) -> None:
    """Add `agent.capacity` in place of four columns, `attempt.gpu` and `run.largest_copy`."""
    await tx.run("ALTER TABLE agent ADD COLUMN capacity TEXT NOT NULL DEFAULT '{}'")  # JSON: see contracts.capacity
    for row in await tx.all("SELECT name, scheduler, cpu, memory, gpu, resources FROM agent"):
        text = msgspec.json.encode(_capacity(row)).decode()
        await tx.run("UPDATE agent SET capacity = ? WHERE name = ?", text, row["name"])
    for column in _BEFORE:
        await tx.run(f"ALTER TABLE agent DROP COLUMN {column}")
    gpus = "gpus" if tx.dialect == "sqlite" else "gpus::json"
    for statement in _STATEMENTS:
        await tx.run(statement.replace("%GPUS%", gpus))


def _capacity(row: Row) -> dict[str, Any]:
    """What an agent has, where it has said so."""
    if not row["scheduler"]:
        return {}
    limits = {name: row[name] for name in ("cpu", "memory") if 0 < row[name] < _UNLIMITED[name]}
    return {**limits, "gpu": row["gpu"], "other": msgspec.json.decode(row["resources"]), "devices": "indexed"}
