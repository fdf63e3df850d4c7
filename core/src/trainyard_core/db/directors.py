"""Directors in SQL: the parents whose children are planned, the leases on them, and the children that a plan is made
of.

Each plan is one transaction that first moves the parent's `version` by compare-and-set, under its lease's `epoch`
(`claim_version`): of two plans that were made on one view one is written, and of one who has lost the lease none. The
row of the parent's own run comes last in it, as a child that ends writes its own row first and its parent's then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from trainyard_core.contracts.director import ChildCounts, Opening, Write
from trainyard_core.db.batch import batches, marks
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Invalid
from trainyard_core.lifecycle import Reason

__all__ = [
    "DirectorChange",
    "HowFar",
    "NewDirector",
    "children",
    "claim_version",
    "counts",
    "delete",
    "exists",
    "explain",
    "find_runs",
    "first_open",
    "get",
    "insert",
    "key_to_run",
    "lease",
    "metrics",
    "note_ends",
    "open_metrics",
    "progressed",
    "release",
    "release_all",
    "renew",
    "rest",
    "unplanned",
    "wait_for_lease",
    "watches",
]

LEAST_ENDING = 4
METRIC = "run, name, last, min, max, value_count, attempt"
CHILD = (
    "id, parent, key, name, status, reason, message, params, outputs, intent, reported_status, started_at, finished_at"
)
_encode = msgspec.json.Encoder().encode
_names = msgspec.json.Decoder(list[str])
_writes = msgspec.json.Decoder(list[Write])


class NewDirector(msgspec.Struct, frozen=True, kw_only=True):
    """A parent to be inserted, beside its run: whose plugin plans it, and what it begins with."""

    plugin: str
    kind: str
    opening: Opening


class DirectorChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan adds to the counts, and what is so from then on; None leaves it as it is."""

    created: int = 0
    ended: ChildCounts = ChildCounts()
    state: bytes | None = None
    watches: str | None = None
    progress: str | None = None


class HowFar(NamedTuple):
    """How far a parent is, from 0 to 1, and since when."""

    share: float
    at: int


class ChildrenNow(NamedTuple):
    """Children that have not ended, and those of them that still wait in their queue."""

    open: int
    waiting: int


async def insert(tx: Tx, run: str, new: NewDirector) -> None:
    """A new parent, beside its run. The plugin's own statements are the caller's."""
    opening = new.opening
    await tx.run(
        "INSERT INTO director (run, plugin, kind, state, watches, progress, on_delete) VALUES (?, ?, ?, ?, ?, ?, ?)",
        run, new.plugin, new.kind, opening.state, _text(sorted(opening.watches)), _text(opening.progress),
        _text([*opening.on_delete]),
    )  # fmt: skip


async def get(tx: Tx, run: str) -> Row | None:
    """A parent with what its run says of it now; None when that run plans no children."""
    return await tx.one(
        "SELECT d.*, r.project, r.status, r.intent, r.intent_reason, r.intent_message, r.wake_at, r.wake_seq, r.name,"
        " r.created_by, r.untrusted FROM director d JOIN run r ON r.id = d.run WHERE d.run = ?",
        run,
    )


async def exists(tx: Tx, run: str) -> bool:
    """Whether that run plans child runs."""
    return await tx.one("SELECT 1 AS yes FROM director WHERE run = ?", run) is not None


async def unplanned(tx: Tx, run: str) -> list[Row]:
    """Its children that go on, or have ended and are in no written plan yet, the oldest first."""
    return await tx.all(f"SELECT {CHILD} FROM run WHERE parent = ? AND end_planned = 0 ORDER BY id", run)


async def children(tx: Tx, runs: Sequence[str], *, parent: str) -> list[Row]:
    """Children of a parent by their runs."""
    found: list[Row] = []
    for some in batches([*runs]):
        found += await tx.all(f"SELECT {CHILD} FROM run WHERE id IN ({marks(some)}) AND parent = ?", *some, parent)
    return found


async def open_metrics(tx: Tx, run: str) -> list[Row]:
    """The metrics of what `unplanned` reads, in brief: `last` and, as NULL what is no number, `min` and `max`."""
    return await tx.all(
        f"SELECT {METRIC} FROM metric WHERE run IN (SELECT id FROM run WHERE parent = ? AND end_planned = 0)"
        " ORDER BY run, name",
        run,
    )


async def metrics(tx: Tx, runs: Sequence[str], names: Sequence[str] | None = None) -> list[Row]:
    """The metrics of these runs in brief, as `open_metrics` has them; of these names, if they are given."""
    found: list[Row] = []
    among = "" if names is None else f" AND name IN ({marks(names)})"
    for some in batches([*runs]):
        found += await tx.all(
            f"SELECT {METRIC} FROM metric WHERE run IN ({marks(some)}){among} ORDER BY run, name",
            *some, *(names or ()),
        )  # fmt: skip
    return found


async def lease(tx: Tx, run: str, holder: str, *, at: int, until: int) -> Row | None:
    """Take the lease on a parent: its `epoch`. None while another one holds it."""
    return await tx.one(
        "UPDATE director SET lease_holder = ?, lease_until = ?, epoch = epoch + 1"
        " WHERE run = ? AND (lease_holder = ? OR lease_until <= ?) RETURNING epoch",
        holder, until, run, holder, at,
    )  # fmt: skip


async def renew(tx: Tx, run: str, *, epoch: int, until: int) -> bool:
    """Hold it for longer; False for a lease that was lost."""
    changed = await tx.run("UPDATE director SET lease_until = ? WHERE run = ? AND epoch = ?", until, run, epoch)
    return changed > 0


async def release(tx: Tx, run: str, *, epoch: int) -> None:
    """Let others have it."""
    await tx.run("UPDATE director SET lease_until = 0 WHERE run = ? AND epoch = ?", run, epoch)


async def release_all(tx: Tx, holder: str) -> None:
    """Let others have all that one process holds."""
    await tx.run("UPDATE director SET lease_until = 0 WHERE lease_holder = ? AND lease_until > 0", holder)


async def wait_for_lease(tx: Tx, run: str, *, now: int, at: int) -> None:
    """Have a parent that another worker plans looked at once its lease ends, should that worker have died. `now` is the
    time of leases, `at` that of wake-ups."""
    row = await tx.one("SELECT lease_until FROM director WHERE run = ?", run)
    if row is not None:
        until = at + max(0, row["lease_until"] - now)
        await tx.run("UPDATE run SET wake_at = ? WHERE id = ? AND wake_at <= ?", until, run, at)


async def claim_version(tx: Tx, run: str, change: DirectorChange, *, seen: int, epoch: int) -> bool:
    """Be the one who writes what was planned on a view; False when somebody else was, or the lease was lost."""
    ended = change.ended
    changed = await tx.run(
        "UPDATE director SET version = version + 1, created = created + ?, succeeded = succeeded + ?,"
        " failed = failed + ?, stopped = stopped + ?, skipped = skipped + ?, state = COALESCE(?, state),"
        " watches = COALESCE(?, watches), progress = COALESCE(?, progress)"
        " WHERE run = ? AND version = ? AND epoch = ?",
        change.created, ended.succeeded, ended.failed, ended.stopped, ended.skipped, change.state, change.watches,
        change.progress, run, seen, epoch,
    )  # fmt: skip
    return changed > 0


async def note_ends(tx: Tx, runs: Iterable[str]) -> None:
    """A written plan has taken note of these ends."""
    await tx.many("UPDATE run SET end_planned = 1 WHERE id = ?", [(run,) for run in runs])


async def key_to_run(tx: Tx, parent: str, key: str) -> str:
    """The run of the child with that key; empty when there is none."""
    row = await tx.one("SELECT id FROM run WHERE parent = ? AND key = ?", parent, key)
    return "" if row is None else row["id"]


async def progressed(tx: Tx, run: str, how_far: HowFar) -> None:
    """How far a parent is."""
    await tx.run("UPDATE run SET progress = ?, updated_at = ? WHERE id = ?", *how_far, run)


async def rest(tx: Tx, run: str, *, seen: int, until: int | None, epoch: int, how_far: HowFar | None = None) -> bool:
    """There is nothing to do until the parent is woken again or a moment has come, and nothing keeps it from it; its
    lease ends. `how_far` it is then (None: as before). False when it was woken meanwhile."""
    share, at = how_far or (None, None)
    changed = await tx.run(
        "UPDATE run SET wake_at = ?, progress = COALESCE(?, progress), updated_at = COALESCE(?, updated_at),"
        " reason = CASE WHEN reason = ? THEN '' ELSE reason END,"
        " message = CASE WHEN reason = ? THEN '' ELSE message END WHERE id = ? AND wake_seq = ?",
        until, share, at, Reason.UNPLANNED, Reason.UNPLANNED, run, seen,
    )  # fmt: skip
    if changed and epoch:
        await release(tx, run, epoch=epoch)
    return changed > 0


async def explain(tx: Tx, run: str, message: str, *, at: int) -> None:
    """Say why a parent does not go on at the moment."""
    await tx.run(
        "UPDATE run SET reason = ?, message = ?, updated_at = ? WHERE id = ? AND status = 'running'",
        Reason.UNPLANNED, message, at, run,
    )  # fmt: skip


async def watches(tx: Tx, run: str) -> frozenset[str]:
    """The metrics that wake a parent when a child logs them; empty for a run that plans no children."""
    row = await tx.one("SELECT watches FROM director WHERE run = ? AND watches <> '[]'", run)
    return frozenset() if row is None else frozenset(_names.decode(row["watches"]))


async def counts(tx: Tx, run: str) -> ChildrenNow:
    """The children that have not ended, counted."""
    row = await tx.one(
        "SELECT COUNT(*) AS open, COALESCE(SUM(CASE WHEN status IN ('created', 'compiled', 'queued', 'retrying')"
        " THEN 1 ELSE 0 END), 0) AS waiting FROM run WHERE parent = ? AND end_planned = 0"
        " AND status NOT IN ('succeeded', 'failed', 'stopped', 'skipped')",
        run,
    )
    assert row is not None
    return ChildrenNow(int(row["open"]), int(row["waiting"]))


async def first_open(tx: Tx, run: str) -> Row | None:
    """The oldest child that has not ended."""
    return await tx.one(
        "SELECT * FROM run WHERE parent = ? AND end_planned = 0"
        " AND status NOT IN ('succeeded', 'failed', 'stopped', 'skipped') ORDER BY id LIMIT 1",
        run,
    )


async def find_runs(tx: Tx, project: str, names: Sequence[str], *, field: str = "run") -> list[str]:
    """The runs of a project that go by these names, which are ids or their endings and stand in a field of the
    operation. Raises Invalid for one that is not there, or is not the only one."""
    found = []
    for name in dict.fromkeys(names):
        rows = await tx.all("SELECT id FROM run WHERE project = ? AND id LIKE ? LIMIT 2", project, f"%{_plain(name)}")
        if len(rows) != 1 or len(name) < LEAST_ENDING:
            said = "there is no such run" if not rows else "more than one run ends so"
            raise Invalid(f"`{field}`: '{name[:40]}': {said} in project '{project}'", fix="give the id of a run")
        found.append(rows[0]["id"])
    return found


def _plain(name: str) -> str:
    """Without what means something to LIKE: no id has it."""
    return name.replace("%", "?").replace("_", "?")


async def delete(tx: Tx, run: str) -> tuple[str, list[Write]]:
    """Take a parent out; its plugin, and what that wants done with its own tables, once it has any."""
    row = await tx.one("DELETE FROM director WHERE run = ? RETURNING plugin, on_delete", run)
    if row is None or await tx.one("SELECT 1 AS yes FROM migration WHERE app = ? LIMIT 1", row["plugin"]) is None:
        return "", []
    return row["plugin"], _writes.decode(row["on_delete"])


def _text(value: object) -> str:
    return _encode(value).decode()
