"""What the schedulers of agents state of themselves."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

__all__ = ["forwards"]


async def forwards(tx: Tx) -> None:
    """Add `agent.facts`: JSON, what the agent's scheduler states of itself."""
    await tx.run("ALTER TABLE agent ADD COLUMN facts TEXT NOT NULL DEFAULT '{}'")
