"""Sweeps in SQL: what plans read and write of a sweep's own row. Its trials are in `planned_trials`, and for readers in
`trials`."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trainyard_core.contracts.database import PluginRow, PluginTx
from trainyard_core.contracts.director import Write

__all__ = ["NewSweep", "SweepChange", "change", "deletion", "exists", "insertion", "load", "load_state", "warm_start"]

TABLES = (("sweeps_trial", "sweep"), ("sweeps_sweep", "run"))
"""With the column that names the sweep."""


class NewSweep(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep begins with. `study` is the JSON of its `SweepSpec`; `max_trials` is None where the algorithm ends
    by itself; `prefetch` is how many more are suggested than run at once. `external`: a program outside runs the trials
    and asks for them."""

    study: str
    seed: int
    max_trials: int | None
    concurrency: int
    prefetch: int = 0
    external: bool = False


class SweepChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan adds to the counts of a sweep, and what is so from then on."""

    created: int = 0
    succeeded: int = 0
    failed: int = 0
    stopped: int = 0
    unscored: int = 0
    exhausted: bool = False
    outcome: str = ""


def insertion(run: str, new: NewSweep) -> Write:
    """A new sweep, beside its run."""
    row = (run, new.study, new.seed, new.max_trials, new.concurrency, new.prefetch, int(new.external))
    return Write(
        "INSERT INTO sweeps_sweep (run, study, seed, max_trials, concurrency, prefetch, external)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [row],
    )


def deletion(run: str) -> list[Write]:
    """A sweep and its trials are deleted with its run."""
    return [Write(f"DELETE FROM {table} WHERE {column} = ?", [(run,)]) for table, column in TABLES]


async def load(tx: PluginTx, run: str) -> PluginRow | None:
    """A sweep's own row; None when that run is no sweep."""
    return await tx.one("SELECT * FROM sweeps_sweep WHERE run = ?", run)


async def load_state(tx: PluginTx, run: str) -> PluginRow | None:
    """The same without its study."""
    return await tx.one(
        "SELECT seed, max_trials, concurrency, prefetch, external, created, succeeded, failed, stopped, unscored,"
        " exhausted, outcome FROM sweeps_sweep WHERE run = ?",
        run,
    )


async def exists(tx: PluginTx, run: str) -> bool:
    """Whether that run is a sweep."""
    return await tx.one("SELECT 1 AS yes FROM sweeps_sweep WHERE run = ?", run) is not None


def change(run: str, by: SweepChange) -> Write:
    """What a plan changes of a sweep."""
    return Write(
        "UPDATE sweeps_sweep SET created = created + ?, succeeded = succeeded + ?, failed = failed + ?,"
        " stopped = stopped + ?, unscored = unscored + ?, exhausted = ?, outcome = ? WHERE run = ?",
        [(by.created, by.succeeded, by.failed, by.stopped, by.unscored, int(by.exhausted), by.outcome, run)],
        changes=1,
    )


def warm_start(options: Mapping[str, object]) -> list[str]:
    """The runs that the options of a sweep name to learn from."""
    found = options.get("warmStart")
    return [name for name in found if isinstance(name, str)] if isinstance(found, list | tuple) else []
