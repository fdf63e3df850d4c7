"""Why a run is where it is, and what would start it now. The same admission that would start it is asked to explain,
and asked what it would do if one thing were otherwise. A run that plans others waits for these, and for what they wait
for when none of them runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import islice

import msgspec

from trainyard.client.models import AttemptObservation, Blocker, Why
from trainyard_core.admission import (
    AgentOffer,
    Change,
    Snapshot,
    WaitingRun,
    before_in_other_queues,
    behind,
    changes,
    in_order,
    obstacles,
    takers,
)
from trainyard_core.agent.model import BATCH
from trainyard_core.clock import SECOND, rfc3339
from trainyard_core.contracts.director import Progress
from trainyard_core.db import admission, agents, attempts, directors, queues, tracking
from trainyard_core.db.engine import Row, Tx
from trainyard_core.lifecycle import FINAL, Hold, Reason, Status
from trainyard_core.settings import install
from trainyard_core.work import attempt_diagnosis, observation
from trainyard_core.work.admission import DatabaseSource, MovedRun, WaitingSource, plan
from trainyard_core.work.assignment import GOING

__all__ = ["why"]

TRIED = 4
"""How many changes are tried out, at most."""
TOLD = 2
"""How many of those that help are told, at most."""
QUIET = 30 * SECOND
"""After so long without data, a program that was started by hand may have died: it samples its machine more often."""
_progress = msgspec.json.Decoder(Progress)
_TEMPORARY = {"concurrency", "quota"}
"""Blockers that end by themselves, and whose limit can be raised."""


async def why(tx: Tx, row: Row, *, at: int, silence: float, schedulers: Collection[str]) -> Why:
    """What a run waits for, in one sentence, and piece by piece. `schedulers` are those that are installed here."""
    found = await _explained(tx, row, at, silence, schedulers)
    return msgspec.structs.replace(found, untrusted=True) if row["untrusted"] else found


async def _explained(tx: Tx, row: Row, at: int, silence: float, schedulers: Collection[str]) -> Why:
    status = Status(row["status"])
    if status in (Status.CREATED, Status.COMPILED):
        return _answer(row, _held(row))
    if status is Status.QUEUED:
        return await _queued(tx, row, at, silence, schedulers)
    if status is Status.RETRYING:
        return _answer(row, [_backing_off(row, at)])
    if status not in FINAL and (director := await directors.get(tx, row["id"])) is not None:
        return await _directing(tx, row, director, at, silence, schedulers)
    lost = _dropped(row, await tracking.dropped(tx, row["id"]))
    attempt = await attempts.current(tx, row["id"]) if status not in FINAL else None
    seen = None if attempt is None else observation.shown(attempt)
    if status is Status.RUNNING and not row["reason"] and not row["message"]:
        sent = await tracking.last_sent(tx, row["id"], row["attempt"])
        summary = _running(row, sent, at) + _added(seen)
    elif status is Status.SCHEDULED and attempt is not None and not row["reason"] and not row["message"]:
        summary = _submitted(attempt, seen)
    else:
        summary = _told(row, status)
    found = attempt_diagnosis.blockers(attempt) if attempt is not None and status in GOING else []
    return Why(run=row["id"], status=status, summary=summary + lost, blockers=found, observation=seen)


def _added(seen: AttemptObservation | None) -> str:
    """What the scheduler of a running attempt says beside that it runs."""
    said = (seen.message or seen.reason.replace("_", " ")) if seen else ""
    return f"; its scheduler says: {said}" if said else ""


def _submitted(attempt: Row, seen: AttemptObservation | None) -> str:
    """What an attempt waits for whose scheduler gave no reason."""
    agent = f"agent '{attempt['agent']}'"
    if seen is None:
        return f"{agent} has it and is submitting it to its scheduler"
    return f"{agent} has submitted it, and it has not started; its scheduler states no reason"


async def _directing(tx: Tx, row: Row, director: Row, at: int, silence: float, schedulers: Collection[str]) -> Why:
    """How far a parent is; when all children that go on wait, what the first of them waits for."""
    counts = await directors.counts(tx, row["id"])
    parts = [_told(row, Status(row["status"]))] if row["reason"] or row["message"] else []
    told = _progress.decode(director["progress"]).text
    parts.append(f"{told + ', ' if told else ''}{counts.open - counts.waiting} run, {counts.waiting} wait")
    first = await directors.first_open(tx, row["id"]) if counts.waiting and counts.waiting == counts.open else None
    if first is None:
        return Why(run=row["id"], status=row["status"], summary="; ".join(parts))
    held = await why(tx, first, at=at, silence=silence, schedulers=schedulers)
    parts.append(f"the first of them, {first['id'][-8:]}, is {held.status}: {held.summary}")
    return Why(
        run=row["id"],
        status=row["status"],
        summary="; ".join(parts),
        blockers=held.blockers,
        place=held.place,
        changes=held.changes,
    )


async def _queued(tx: Tx, row: Row, at: int, silence: float, schedulers: Collection[str]) -> Why:
    need, lookup = admission.waiting_run(row), DatabaseSource(tx)
    offers = await agents.offers(tx, at=at, silence=silence)
    world = await admission.world(tx, capacity=agents.capacity(offers))
    place = await _place(tx, need, world)
    blockers = obstacles(need, world, offers)
    if not blockers and not await _starts(lookup, need, world, takers(need, world, offers)):
        blockers = [behind(need, place)]
    far = bool(blockers) and blockers[0].code == "behind" and place >= BATCH
    helping = await _helping(tx, lookup, need, world, offers) if blockers and not far else []
    blockers = [_helpful(blocker, {change.code for change in helping}) for blocker in blockers]
    if not schedulers and not any(offer.alive for offer in offers):
        message = "no scheduler is installed here, so nothing can start runs"
        blockers.insert(0, Blocker(code="scheduler_missing", message=message, fix=install("scheduler")))
    return _answer(row, blockers, place=place + 1, changes=[change.text for change in helping])


def _helpful(blocker: Blocker, helping: Collection[str]) -> Blocker:
    """The blocker without the advice to raise a limit, when that alone would not start the run."""
    if blocker.code not in _TEMPORARY or blocker.code in helping:
        return blocker
    return msgspec.structs.replace(blocker, fix="wait for a run to end")


async def _place(tx: Tx, need: WaitingRun, world: Snapshot) -> int:
    """How many of all runs that wait come before it."""
    queue = world.queues.get(need.queue)
    if queue is None:
        return 0
    order = in_order(world, queue, await admission.waiting_in(tx, need.queue))
    own = next((count for count, each in enumerate(order) if each.run == need.run), len(order))
    waiting = await queues.waiting_most(tx, queue.live + own + 1, above=queue.priority)
    others = [(state, waiting.get(name, 0)) for name, state in world.queues.items()]
    return own + before_in_other_queues(queue, own, others)


async def _starts(source: WaitingSource, need: WaitingRun, world: Snapshot, offers: Iterable[AgentOffer]) -> bool:
    """Whether one of these agents would get the run if it asked now."""
    for offer in offers:
        grants = await plan(source, world, offer, most=BATCH)
        if any(grant.run == need.run for grant, _ in grants):
            return True
    return False


async def _helping(
    tx: Tx, lookup: DatabaseSource, need: WaitingRun, world: Snapshot, offers: Sequence[AgentOffer]
) -> list[Change]:
    """The changes after which it would start."""
    if need.queue not in world.queues:
        return []
    found: list[Change] = []
    for change in islice(changes(need, world, offers, await agents.holdings(tx)), TRIED):
        if await _would_start(lookup, need, change):
            found.append(change)
        if len(found) == TOLD:
            break
    return found


async def _would_start(lookup: DatabaseSource, need: WaitingRun, change: Change) -> bool:
    source = lookup if change.need.queue == need.queue else MovedRun(lookup, change.need)
    return await _starts(source, change.need, change.world, takers(change.need, change.world, change.offers))


def _answer(row: Row, blockers: list[Blocker], *, place: int | None = None, changes: Sequence[str] = ()) -> Why:
    first = blockers[0].message if blockers else "nothing is in its way; it should go on within a second"
    return Why(
        run=row["id"],
        status=row["status"],
        summary=first,
        blockers=blockers,
        place=place,
        changes=list(changes),
    )


def _held(row: Row) -> list[Blocker]:
    hold = Hold(row["hold"])
    return [Blocker(code="hold", message=f"it is held for {hold}")] if hold else []


def _backing_off(row: Row, at: int) -> Blocker:
    left = max(0, (row["wake_at"] or at) - at) / SECOND
    return Blocker(code="backoff", message=f"it is tried again in {left:.1f} s; {row['message']}")


def _told(row: Row, status: Status) -> str:
    detail = row["message"] or row["reason"].replace("_", " ")
    if status in FINAL:
        ended = f"{status} at {rfc3339(row['finished_at'])}" + (f": {detail}" if detail else "")
        return ended + (f"; see yard logs {row['id'][-8:]}" if status is Status.FAILED else "")
    if row["reason"] == Reason.UNREACHABLE:
        return row["message"] or "its agent has not been heard of"
    return detail or "nothing is in its way"


def _running(row: Row, sent: int, at: int) -> str:
    """Since when it runs and when its last data came. A program that was started by hand has no agent that would see it
    die: when it is silent, that is said."""
    begun = f"running since {rfc3339(row['started_at'])}"
    silent = max(0, at - max(sent, row["started_at"] or 0))
    if not row["managed"] and silent > QUIET:
        died = f"its program{_process(row)} may have died: `yard sync` there ends the run"
        return f"no data for {silent // SECOND} s; {died}"
    return f"{begun}; last data {silent // SECOND} s ago" if sent else f"{begun}; no data yet"


def _process(row: Row) -> str:
    """Where a program runs, in words, as far as it has recorded that."""
    origin = msgspec.json.decode(row["meta"]).get("origin")
    known = origin if isinstance(origin, dict) else {}
    host, pid = known.get("host"), known.get("pid")
    return (f" on {host}" if host else "") + (f" (pid {pid})" if pid else "")


def _dropped(row: Row, count: int) -> str:
    """What is not to be seen of it; a run that ended without these records says so in its own message."""
    if not count or row["reason"] == Reason.INCOMPLETE:
        return ""
    return f"; {count} records (values, lines, events) were dropped, as there was no room for them where it runs"
