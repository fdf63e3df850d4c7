"""A new run from an old one: restart (the same operation again), resume (it continues the old run's series, outputs
and artifacts), copy (again, with the old run's artifacts).

The operation is compiled anew from what was stored when the old run was made, so that params, name and queue may be
given anew. Artifacts are taken by reference: a row that says who holds the bytes.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import msgspec

from trainyard.client.models import CloneRun
from trainyard.names import SYSTEM_METRICS
from trainyard.track.frames import Summary
from trainyard.track.omissions import omission
from trainyard_core.auth import Actor
from trainyard_core.contracts.tracker import Tracker
from trainyard_core.db import clone_rows, deletions, edges, runs, tracking
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.errors import Conflict, Invalid
from trainyard_core.lifecycle import FINAL
from trainyard_core.policy import Policy
from trainyard_core.work import resume
from trainyard_core.work.actions import ActionContext, locked, note
from trainyard_core.work.amendment import Amendments
from trainyard_core.work.creation import Insert, RunCheck, add, prepare
from trainyard_core.work.kinds import RunKinds
from trainyard_core.work.run_record import LAST_LINES, meta_of
from trainyard_core.work.stored_operation import body_of, stored

__all__ = ["COPY", "RESTART", "RESUME", "Clone", "continuation", "insert", "plan", "resuming"]

MOST_STEP = 1 << 62
RESTART, RESUME, COPY = "restart", "resume", "copy"
_decode = msgspec.json.decode


class Clone(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is ready to be inserted, and the metrics that it begins with."""

    source: str
    new: runs.NewRun
    metrics: list[Summary] = []


async def plan(
    database: Database,
    tracker: Tracker | None,
    row: Row,
    kind: str,
    changes: CloneRun,
    *,
    actor: Actor,
    at: int,
    kinds: RunKinds,
    amendments: Amendments,
    checks: RunCheck | None = None,
) -> Clone:
    """Compile the new run, and look up what it begins with. Writes nothing. Raises Conflict for a run that cannot be
    made again, Invalid for what is given, and what plugins refuse it with."""
    check(row, kind, changes)
    operation = await database.read(lambda tx: stored(tx, row["id"]))
    body, iteration = body_of(operation, changes, row["description"]), _iteration(row)
    new = await prepare(amendments, row["project"], body, actor, at, kinds, iteration=iteration)
    new = msgspec.structs.replace(new, untrusted=new.untrusted or bool(row["untrusted"]))
    if checks is not None:
        new = await checks(new)
    new = msgspec.structs.replace(new, priority=row["priority"], cloned_from=row["id"], clone_kind=kind)
    if iteration is not None:
        new = msgspec.structs.replace(new, meta={"trial": {"number": iteration}})
    if kind != RESUME:
        return Clone(source=row["id"], new=new)
    metrics = await _metrics(database, tracker, row, changes.step)
    fork = changes.step if changes.step is not None else _last_step(metrics)
    return Clone(source=row["id"], new=_continued(new, row, fork), metrics=metrics)


def _iteration(row: Row) -> int | None:
    """The number that the run had as a trial, or that the trial had which it was made from: its templates may read it.
    It is in no sweep itself."""
    trial = _decode(row["meta"]).get("trial")
    number = trial.get("number") if isinstance(trial, dict) else None
    return number if isinstance(number, int) else None


async def continuation(tx: Tx, new: runs.NewRun, source: Row) -> Clone:
    """A new run that goes on where another one ended: its outputs, artifacts and series are the new one's, too, and so
    are its name and params where the new run has none of its own."""
    metrics = await clone_rows.summaries(tx, source["id"])
    fork = _last_step(metrics)
    new = msgspec.structs.replace(
        new,
        name=new.name or source["name"],
        params={**_decode(source["params"]), **new.params},
        untrusted=new.untrusted or bool(source["untrusted"]),
    )
    new = msgspec.structs.replace(_continued(new, source, fork), cloned_from=source["id"], clone_kind=RESUME)
    return Clone(source=source["id"], new=new, metrics=metrics)


def _last_step(metrics: Sequence[Summary]) -> int | None:
    """The last step that the program has logged; None when it has logged nothing."""
    return max((each.last_step for each in metrics if not each.name.startswith(SYSTEM_METRICS)), default=None)


def resuming(source: str) -> Insert:
    """Inserts tracked runs that continue the run `source` of their project."""

    async def insert_resumed(tx: Tx, new: runs.NewRun, policy: Policy) -> None:
        row = await runs.get(tx, source)
        if row is not None and row["project"] == new.project:
            by = ActionContext(actor=new.actor, at=new.at, policy=policy)
            await insert(tx, await continuation(tx, new, row), by)
            return
        if not await deletions.is_deleted(tx, source):
            raise Invalid(f"no run '{source}' in project '{new.project}', which `resumes` names", fix="yard sync")
        omitted = [omission("resumes", "", f"left out: run {source} has been deleted")]
        await add(tx, msgspec.structs.replace(new, meta=meta_of(omitted, new.meta)), policy)

    return insert_resumed


def check(row: Row, kind: str, changes: CloneRun) -> None:
    """Raises Conflict and Invalid for what can be told from the row."""
    if not row["managed"]:
        raise Conflict(f"run {row['id']} was started by hand, so yard cannot {kind} it", fix=_by_hand(row, kind))
    if kind != RESTART and row["status"] not in FINAL:
        raise Conflict(
            f"run {row['id']} is still {row['status']}, so it cannot be used for a {kind}",
            fix="wait for its end or stop it; `restart` works at any time",
        )
    if kind != RESUME and changes.step is not None:
        raise Invalid("`step` is for resume only", fix="leave it out")
    if changes.step is not None and abs(changes.step) >= MOST_STEP:
        raise Invalid(f"`step` is out of range: {changes.step}", fix="use a step that the run has logged")


def _by_hand(row: Row, kind: str) -> str:
    """How a person runs a program again that was started by hand."""
    origin = _decode(row["meta"]).get("origin")
    words = origin.get("command") if isinstance(origin, dict) else None
    command = f": {shlex.join(map(str, words))}" if isinstance(words, list) and words else ""
    if kind == RESUME:
        return f'run it again with init(resume="{row["id"]}"){command}'
    return f"run it again{command}"


async def insert(tx: Tx, clone: Clone, by: ActionContext) -> None:
    """Insert a planned run with all it begins with. Raises NotFound when its source has been deleted, and what
    `creation.add` raises."""
    new, source = clone.new, await locked(tx, clone.source)
    await add(tx, new, by.policy)
    await edges.connect(tx, new.id, clone.source, edges.CLONED, at=by.at, data={"how": new.clone_kind})
    if new.clone_kind in (RESUME, COPY):
        until = new.fork_step if new.clone_kind == RESUME else None
        await clone_rows.take_artifacts(tx, source=clone.source, run=new.id, until=until)
    if clone.metrics:
        await tracking.merge_metrics(tx, new.id, clone.metrics)
    await note(tx, source, "cloned", by, how=new.clone_kind, run=new.id)


def _continued(new: runs.NewRun, row: Row, fork: int | None) -> runs.NewRun:
    """What a resumed run begins with, beside metrics and artifacts."""
    return msgspec.structs.replace(
        new,
        outputs=_decode(row["outputs"]),
        meta={**_meta_to_keep(row), **new.meta},
        tags=list(dict.fromkeys([*_decode(row["tags"]), *new.tags])),
        fork_step=fork,
    )


def _meta_to_keep(row: Row) -> dict[str, Any]:
    """The meta of a run without the output of its own end."""
    return {name: value for name, value in _decode(row["meta"]).items() if name != LAST_LINES}


async def _metrics(database: Database, tracker: Tracker | None, row: Row, step: int | None) -> list[Summary]:
    """The old run's metrics in brief, up to a step. Without one they are those of its row; with one they are read."""
    known = await database.read(lambda tx: clone_rows.summaries(tx, row["id"]))
    if step is None or tracker is None or all(each.last_step <= step for each in known):
        return known
    links = await database.read(lambda tx: resume.links_of(tx, row))
    names = [each.name for each in known]
    found = await resume.read_series(tracker, links, names, last=step, points=1)
    return resume.in_brief(found)
