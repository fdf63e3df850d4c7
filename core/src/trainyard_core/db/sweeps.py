"""Sweeps and their trials in SQL.

Each plan of a sweep is one transaction that first moves the sweep's `version` by compare-and-set (`claim_version`): of
two who planned on the same view only one writes anything. The row of the sweep's own run comes last in it, as a child
that ends writes its own row first and its parent's then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Invalid

__all__ = [
    "Change",
    "NewTrial",
    "Opening",
    "Settled",
    "claim_version",
    "drop_prepared",
    "ended",
    "ended_runs",
    "exists",
    "get",
    "going",
    "insert",
    "insert_trials",
    "last_failure",
    "metrics",
    "news",
    "next_tuner",
    "progressed",
    "rested",
    "run_of",
    "settle",
    "sources",
    "stands",
    "start",
    "tell",
    "think",
    "warm_start",
    "watches",
]

LEAST_ENDING = 4
STANDS = "optimizer"
"""The reason of a sweep that waits for its algorithm to work again."""
_encode = msgspec.json.Encoder().encode


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep begins with. `study` is the JSON of its `Sweep`; `most` trials (None: as many as the algorithm
    makes), `parallel` of them at once and `ahead` more suggested; `asked`: a program outside asks for them; `watched`:
    metrics matter while a trial runs; `learns_from` are runs whose trials the optimizer is told of first."""

    study: str
    seed: int
    most: int | None
    parallel: int
    ahead: int = 0
    asked: bool = False
    watched: bool = False
    learns_from: tuple[str, ...] = ()


class NewTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A trial to be inserted: prepared, or open with its run."""

    key: str
    number: int
    params: dict[str, object]
    run: str | None = None
    tuner: bool = False
    note: str = ""
    continues: str = ""


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """How a trial went: its phase, the final values by name, and why, in words."""

    key: str
    phase: str
    figures: dict[str, float] = {}
    value: float | None = None
    reason: str = ""
    message: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan adds to the counts of a sweep, and what is so from then on. `state` None leaves it as it is."""

    made: int = 0
    succeeded: int = 0
    failed: int = 0
    stopped: int = 0
    unjudged: int = 0
    exhausted: bool = False
    ending: str = ""
    state: bytes | None = None


async def insert(tx: Tx, run: str, new: Opening) -> None:
    """A new sweep, beside its run."""
    await tx.run(
        "INSERT INTO sweep (run, study, seed, most, parallel, ahead, asked, watched, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        run, new.study, new.seed, new.most, new.parallel, new.ahead, int(new.asked), int(new.watched), b"",
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


async def going(tx: Tx, sweep: str) -> list[Row]:
    """Its trials that are prepared or open, by number, each with where its run is."""
    return await tx.all(
        "SELECT t.key, t.number, t.run, t.tuner, t.phase, t.params, t.note, t.continues, t.told, t.told_step, r.status,"
        " r.reason, r.message, r.outputs, r.intent FROM trial t LEFT JOIN run r ON r.id = t.run"
        " WHERE t.sweep = ? AND t.phase IN ('prepared', 'open') ORDER BY t.number",
        sweep,
    )


async def news(tx: Tx, sweep: str) -> list[Row]:
    """Its trials that have ended and are not in the optimizer's state yet, by number, with their run's outputs."""
    return await tx.all(
        "SELECT t.key, t.number, t.run, t.tuner, t.phase, t.params, t.figures, t.reason, t.told_step, r.outputs"
        " FROM trial t LEFT JOIN run r ON r.id = t.run WHERE t.sweep = ? AND t.told < 2"
        " AND t.phase IN ('succeeded', 'failed', 'stopped') ORDER BY t.number",
        sweep,
    )


async def metrics(tx: Tx, sweep: str) -> list[Row]:
    """The metrics of its open trials in brief, by run and name: `last` and, as NULL what is no number, `low` and
    `high`."""
    return await tx.all(
        "SELECT m.run, m.name, m.last, m.low, m.high, m.total FROM metric m WHERE m.run IN"
        " (SELECT t.run FROM trial t WHERE t.sweep = ? AND t.phase IN ('prepared', 'open')) ORDER BY m.run, m.name",
        sweep,
    )


async def last_failure(tx: Tx, sweep: str) -> str:
    """What was said of the trial that failed last; empty when none did."""
    row = await tx.one(
        "SELECT reason, message FROM trial WHERE sweep = ? AND phase = 'failed' AND tuner = 0"
        " ORDER BY ended_at DESC, number DESC LIMIT 1",
        sweep,
    )
    return "" if row is None else row["message"] or row["reason"]


async def claim_version(tx: Tx, sweep: str, seen: int, change: Change) -> bool:
    """Be the one who writes what was planned on a view; False when somebody else was."""
    row = await tx.one(
        "UPDATE sweep SET version = version + 1, made = made + ?, succeeded = succeeded + ?, failed = failed + ?,"
        " stopped = stopped + ?, unjudged = unjudged + ?, exhausted = ?, ending = ?,"
        " state = COALESCE(?, state), planner_until = 0"
        " WHERE run = ? AND version = ? RETURNING version",
        change.made, change.succeeded, change.failed, change.stopped, change.unjudged, int(change.exhausted),
        change.ending, change.state, sweep, seen,
    )  # fmt: skip
    return row is not None


async def insert_trials(tx: Tx, sweep: str, trials: Iterable[NewTrial], *, at: int) -> None:
    """New trials."""
    await tx.many(
        "INSERT INTO trial (sweep, key, number, run, tuner, phase, params, note, continues, made_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (sweep, t.key, t.number, t.run, int(t.tuner), "open" if t.run else "prepared", _text(t.params), t.note,
             t.continues, at)
            for t in trials
        ],
    )  # fmt: skip


async def start(tx: Tx, sweep: str, started: Iterable[tuple[str, str]]) -> None:
    """Prepared trials (by key) have their runs now."""
    await tx.many(
        "UPDATE trial SET run = ?, phase = 'open' WHERE sweep = ? AND key = ? AND phase = 'prepared'",
        [(run, sweep, key) for key, run in started],
    )


async def settle(tx: Tx, sweep: str, settled: Iterable[Settled], *, at: int) -> None:
    """Open trials have ended."""
    await tx.many(
        "UPDATE trial SET phase = ?, figures = ?, value = ?, reason = ?, message = ?, ended_at = ?"
        " WHERE sweep = ? AND key = ? AND phase = 'open'",
        [(s.phase, _text(s.figures), s.value, s.reason, s.message, at, sweep, s.key) for s in settled],
    )


async def tell(tx: Tx, sweep: str, told: Iterable[tuple[str, bool, int]]) -> None:
    """The optimizer's state has these trials in it: by key, whether it knows of their end, and up to which step."""
    await tx.many(
        "UPDATE trial SET told = ?, told_step = ? WHERE sweep = ? AND key = ?",
        [(2 if ended else 1, step, sweep, key) for key, ended, step in told],
    )


async def drop_prepared(tx: Tx, sweep: str) -> None:
    """Trials that have no run yet will have none."""
    await tx.run("DELETE FROM trial WHERE sweep = ? AND phase = 'prepared'", sweep)


async def think(tx: Tx, sweep: str, planner: str, *, at: int, until: int) -> bool:
    """Be the process that thinks about a sweep until a moment; False while another one does."""
    row = await tx.one(
        "UPDATE sweep SET planner = ?, planner_until = ? WHERE run = ? AND (planner = ? OR planner_until <= ?)"
        " RETURNING run",
        planner, until, sweep, planner, at,
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
        until, STANDS, STANDS, run, seen,
    )  # fmt: skip
    return row is not None


async def stands(tx: Tx, run: str, message: str, *, at: int) -> None:
    """Say why a sweep does not go on at the moment."""
    await tx.run(
        "UPDATE run SET reason = ?, message = ?, updated_at = ? WHERE id = ? AND status = 'running'",
        STANDS, message, at, run,
    )  # fmt: skip


async def next_tuner(tx: Tx, sweep: str) -> int:
    """A number for another run of a tuner: below 0, so that the numbers of trials have no holes."""
    row = await tx.one("SELECT COALESCE(MIN(number), 0) AS n FROM trial WHERE sweep = ?", sweep)
    assert row is not None
    return min(0, int(row["n"])) - 1


async def ended_runs(tx: Tx, sweep: str, *, limit: int) -> list[Row]:
    """The runs of its newest trials that have ended, the newest first: how each run ended, and how many points it has
    logged. Those whose run is deleted are left out."""
    return await tx.all(
        "SELECT t.run, r.status, (SELECT COALESCE(SUM(m.total), 0) FROM metric m WHERE m.run = t.run) AS total"
        " FROM trial t JOIN run r ON r.id = t.run WHERE t.sweep = ? AND t.tuner = 0"
        " AND t.phase IN ('succeeded', 'failed', 'stopped') ORDER BY t.number DESC LIMIT ?",
        sweep,
        limit,
    )


async def run_of(tx: Tx, sweep: str, key: str) -> str:
    """The run of a trial; empty when there is none."""
    row = await tx.one("SELECT run FROM trial WHERE sweep = ? AND key = ?", sweep, key)
    return "" if row is None else row["run"] or ""


async def ended(tx: Tx, sweep: str, *, limit: int) -> list[Row]:
    """Its trials that have ended, by number."""
    return await tx.all(
        "SELECT key, phase, params, figures, reason FROM trial WHERE sweep = ? AND tuner = 0"
        " AND phase IN ('succeeded', 'failed', 'stopped') ORDER BY number LIMIT ?",
        sweep,
        limit,
    )


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
    return await tx.one("SELECT 1 AS yes FROM sweep WHERE run = ? AND watched = 1", sweep) is not None


def _text(value: object) -> str:
    return _encode(value).decode()
