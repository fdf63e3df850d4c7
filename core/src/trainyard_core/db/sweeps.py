"""Sweeps in SQL. Their trials are in `planned_trials`, and for readers in `trials`.

Each plan of a sweep is one transaction that first moves the sweep's `version` by compare-and-set (`claim_version`): of
two who planned on the same view only one writes anything. The row of the sweep's own run comes last in it, as a child
that ends writes its own row first and its parent's then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Invalid
from trainyard_core.lifecycle import Reason

__all__ = [
    "NewSweep",
    "SweepChange",
    "claim_version",
    "exists",
    "get",
    "insert",
    "progressed",
    "rested",
    "sources",
    "stands",
    "think",
    "warm_start",
    "watches",
]

LEAST_ENDING = 4


class NewSweep(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep begins with. `study` is the JSON of its `Sweep`; `most` trials (None: as many as the algorithm
    makes), `parallel` of them at once and `ahead` more suggested; `asked`: a program outside asks for them; `watched`:
    metrics matter while a trial runs; `learns_from` are runs whose trials the optimizer is told of first."""

    study: str
    seed: int
    max_trials: int | None
    concurrency: int
    prefetch: int = 0
    external: bool = False
    watches_metrics: bool = False
    learns_from: tuple[str, ...] = ()


class SweepChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan adds to the counts of a sweep, and what is so from then on. `state` None leaves it as it is."""

    created: int = 0
    succeeded: int = 0
    failed: int = 0
    stopped: int = 0
    unscored: int = 0
    exhausted: bool = False
    outcome: str = ""
    state: bytes | None = None


async def insert(tx: Tx, run: str, new: NewSweep) -> None:
    """A new sweep, beside its run."""
    await tx.run(
        "INSERT INTO sweep (run, study, seed, max_trials, concurrency, prefetch, external, watches_metrics, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        run, new.study, new.seed, new.max_trials, new.concurrency, new.prefetch, int(new.external),
        int(new.watches_metrics), b"",
    )  # fmt: skip


async def get(tx: Tx, run: str) -> Row | None:
    """A sweep with what its run says of it now; None when that run is no sweep."""
    return await tx.one(
        "SELECT s.*, r.project, r.status, r.intent, r.intent_reason, r.intent_message, r.wake_at, r.wake_seq, r.name,"
        " r.created_by FROM sweep s JOIN run r ON r.id = s.run WHERE s.run = ?",
        run,
    )


async def exists(tx: Tx, run: str) -> bool:
    """Whether that run is a sweep."""
    return await tx.one("SELECT 1 AS yes FROM sweep WHERE run = ?", run) is not None


async def claim_version(tx: Tx, sweep: str, seen: int, change: SweepChange) -> bool:
    """Be the one who writes what was planned on a view; False when somebody else was."""
    row = await tx.one(
        "UPDATE sweep SET version = version + 1, created = created + ?, succeeded = succeeded + ?, failed = failed + ?,"
        " stopped = stopped + ?, unscored = unscored + ?, exhausted = ?, outcome = ?,"
        " state = COALESCE(?, state), lease_until = 0"
        " WHERE run = ? AND version = ? RETURNING version",
        change.created, change.succeeded, change.failed, change.stopped, change.unscored, int(change.exhausted),
        change.outcome, change.state, sweep, seen,
    )  # fmt: skip
    return row is not None


async def think(tx: Tx, sweep: str, lease_holder: str, *, at: int, until: int) -> bool:
    """Be the process that thinks about a sweep until a moment; False while another one does."""
    row = await tx.one(
        "UPDATE sweep SET lease_holder = ?, lease_until = ? WHERE run = ? AND (lease_holder = ? OR lease_until <= ?)"
        " RETURNING run",
        lease_holder, until, sweep, lease_holder, at,
    )  # fmt: skip
    return row is not None


async def progressed(tx: Tx, run: str, share: float | None, *, at: int) -> None:
    """How far a sweep is, from 0 to 1; None when nobody knows how many trials there will be."""
    await tx.run("UPDATE run SET progress = ?, updated_at = ? WHERE id = ?", share, at, run)


async def rested(tx: Tx, run: str, *, seen: int, until: int | None) -> bool:
    """There is nothing to do until the sweep is woken again or a moment has come, and nothing keeps it from it. False
    when it was woken meanwhile."""
    row = await tx.one(
        "UPDATE run SET wake_at = ?, reason = CASE WHEN reason = ? THEN '' ELSE reason END,"
        " message = CASE WHEN reason = ? THEN '' ELSE message END WHERE id = ? AND wake_seq = ? RETURNING id",
        until, Reason.UNPLANNED, Reason.UNPLANNED, run, seen,
    )  # fmt: skip
    return row is not None


async def stands(tx: Tx, run: str, message: str, *, at: int) -> None:
    """Say why a sweep does not go on at the moment."""
    await tx.run(
        "UPDATE run SET reason = ?, message = ?, updated_at = ? WHERE id = ? AND status = 'running'",
        Reason.UNPLANNED, message, at, run,
    )  # fmt: skip


def warm_start(options: Mapping[str, object]) -> list[str]:
    """The runs that the options of a sweep name to learn from."""
    found = options.get("warmStart")
    return [name for name in found if isinstance(name, str)] if isinstance(found, list | tuple) else []


async def sources(tx: Tx, project: str, names: Sequence[str]) -> list[str]:
    """The runs of a project that go by these names, which are ids or their endings. Raises Invalid for one that is not
    there, or is not the only one."""
    found = []
    for name in dict.fromkeys(names):
        rows = await tx.all("SELECT id FROM run WHERE project = ? AND id LIKE ? LIMIT 2", project, f"%{_plain(name)}")
        if len(rows) != 1 or len(name) < LEAST_ENDING:
            said = "there is no such run" if not rows else "more than one run ends so"
            raise Invalid(f"`warmStart`: '{name[:40]}': {said} in project '{project}'", fix="give the id of a run")
        found.append(rows[0]["id"])
    return found


def _plain(name: str) -> str:
    """Without what means something to LIKE: no id has it."""
    return name.replace("%", "?").replace("_", "?")


async def watches(tx: Tx, sweep: str) -> bool:
    """Whether metrics matter to it while its trials run."""
    return await tx.one("SELECT 1 AS yes FROM sweep WHERE run = ? AND watches_metrics = 1", sweep) is not None
