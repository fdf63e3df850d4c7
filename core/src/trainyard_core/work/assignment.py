"""Assignment of waiting runs to agents, and what an agent reports and is ordered to do about them.

Each function is one transaction's work. An assignment makes a new attempt, and the attempt's number is its epoch:
reports of an older one are recorded and ignored.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trainyard.client.models import NewAttemptStream
from trainyard_core.admission import AgentOffer, Grant, WaitingRun
from trainyard_core.agent.held_attempts import digest
from trainyard_core.agent.model import BATCH, KnownAttempts, Order, Orders, StreamRequest
from trainyard_core.clock import SECOND
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase
from trainyard_core.db import activities, admission, agents, attempt_streams, deletions, queues, runs, tracking, uptime
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.row_locks import keep
from trainyard_core.errors import NotFound
from trainyard_core.lifecycle import FINAL, Reason, Status, Step
from trainyard_core.policy import Policy
from trainyard_core.work.admission import DatabaseSource, plan
from trainyard_core.work.observation import StoredObservation, stored
from trainyard_core.work.reconcile import reconcile

__all__ = ["GOING", "assign", "decide", "grant", "orders", "released", "report", "report_exit"]

GOING = frozenset({Status.SCHEDULED, Status.STARTING, Status.RUNNING})
"""Statuses in which the current attempt is wanted. In others it is to be stopped, was lost, or is over."""
_STATES = {"submitted": "submitted", "starting": "submitted", "running": "running"}
"""The state of an attempt after an observation of a phase; `pending` changes nothing of it."""
KEEP_UNDELIVERED = 7 * 24 * 3600 * SECOND
LISTENED = 600 * SECOND
"""For so long somebody must have listened before anything is given up: after a longer absence all that waits has its
time to come."""
_asked = msgspec.json.Decoder(NewAttemptStream).decode
_exit = msgspec.json.Decoder(Exit)
_encode = msgspec.json.Encoder().encode


async def assign(tx: Tx, agent: str, *, policy: Policy, at: int, most: int = BATCH) -> list[AttemptRef]:
    """Give an agent the waiting runs that fit it now, in the order of admission."""
    grants = await decide(tx, agent, policy=policy, at=at, most=most)
    return [ref for granted, need in grants if (ref := await grant(tx, agent, granted, need, at))]


async def decide(tx: Tx, agent: str, *, policy: Policy, at: int, most: int = BATCH) -> list[tuple[Grant, WaitingRun]]:
    """What an agent should be given now. Agents that ask at once take turns until their transactions end."""
    offers = await agents.offers(tx, at=at, silence=policy.silence)
    if not _has_room(offers, agent) or not await keep(tx, "agent", agent):
        return []
    if await queues.lock(tx):
        offers = await agents.offers(tx, at=at, silence=policy.silence)
    world = await admission.world(tx, capacity=agents.capacity(offers))
    offer = next(offer for offer in offers if offer.agent == agent)
    return await plan(DatabaseSource(tx), world, offer, most=most)


def _has_room(offers: Sequence[AgentOffer], agent: str) -> bool:
    """Whether a closer look is worth its while: most calls find an agent that is full."""
    return any(offer.agent == agent and not offer.draining and offer.free.cpu > 0 for offer in offers)


async def grant(tx: Tx, agent: str, granted: Grant, need: WaitingRun, at: int) -> AttemptRef | None:
    """Make an attempt of a run for an agent. None when the run does not wait any more."""
    number = await runs.claim(tx, granted.run, at=at, actor=f"agent:{agent}")
    if number is None:
        return None
    await tx.run(
        "INSERT INTO attempt (run, number, agent, state, cpu, memory, gpu, gpus, resources, created_at)"
        " VALUES (?, ?, ?, 'assigned', ?, ?, ?, ?, ?, ?)",
        granted.run, number, agent, need.cpu, need.memory, need.gpu, _encode(granted.devices).decode(),
        admission.resources_text(need.resources), at,
    )  # fmt: skip
    return AttemptRef(granted.run, number)


async def orders(tx: Tx, agent: str, *, at: int, known: KnownAttempts | None = None) -> Orders | None:
    """Heartbeat: what an agent should do about the attempts that it holds; with `known`, and as long as it holds as
    many here, about those only that do not simply go on. None when the agent is not known and must register."""
    if not await agents.seen(tx, agent, at=at):
        return None
    orphans = await deletions.orphans(tx, agent)
    whole = known is None or not await _agrees(tx, agent, known, orphans)
    held = await agents.held(tx, agent, all_of_them=whole)
    mine = [await _order(tx, row, at) for row in held]
    mine += [Order(ref=AttemptRef(row["run"], row["number"]), todo="diagnose") for row in held if _is_asked(row)]
    mine += [_order_of_stream(row) for row in await attempt_streams.asked(tx, agent, at=at)]
    return Orders(items=mine + [_order_of_orphan(row) for row in orphans], whole=whole)


async def _agrees(tx: Tx, agent: str, known: KnownAttempts, orphans: Sequence[Row]) -> bool:
    """Whether an agent knows of the attempts that it holds, as far as it has told."""
    if await agents.held_count(tx, agent) + len(orphans) != known.count:
        return False
    return not known.digest or known.digest == digest(await agents.held_refs(tx, agent))


def _is_asked(row: Row) -> bool:
    """Whether somebody waits for a diagnosis of the attempt."""
    asked_at = row["diagnosis_asked_at"]
    return asked_at is not None and row["state"] != "exited" and (row["diagnosed_at"] or 0) < asked_at


def _order_of_stream(row: Row) -> Order:
    request = StreamRequest(id=row["id"], asked=_asked(row["request"]))
    return Order(ref=AttemptRef(row["run"], row["number"]), todo="stream", stream=request)


def _order_of_orphan(row: Row) -> Order:
    """An attempt of a deleted run: nothing of it is wanted any more."""
    return Order(ref=AttemptRef(row["run"], row["number"]), todo="release" if row["exited"] else "stop")


async def _order(tx: Tx, row: Row, at: int) -> Order:
    ref = AttemptRef(row["run"], row["number"])
    superseded = row["number"] != row["current"]
    if row["state"] == "exited":
        over = row["status"] in FINAL or superseded or row["status"] in (Status.RETRYING, Status.QUEUED)
        return Order(ref=ref, todo="release" if over and await _delivered(tx, row, at) else "observe")
    if row["status"] not in GOING or superseded:
        return Order(ref=ref, todo="stop", reason=row["intent_reason"])
    return Order(ref=ref, todo="submit" if row["state"] == "assigned" else "observe")


async def _delivered(tx: Tx, row: Row, at: int) -> bool:
    """Whether nothing of an ended attempt is missing here. What is missing is waited for, long after the run has
    ended without it."""
    heard_at = row["drain_until"] or row["finished_at"]
    if at - heard_at > KEEP_UNDELIVERED and at - (await uptime.get(tx)).counts_from(at) > LISTENED:
        return True
    return await tracking.ingested(tx, row["run"], _exit.decode(row["exit"]).writers)


async def released(tx: Tx, refs: Sequence[AttemptRef]) -> None:
    """The scheduler holds nothing for these attempts any more."""
    await tx.many("UPDATE attempt SET released = 1 WHERE run = ? AND number = ?", [(r.run, r.attempt) for r in refs])
    await deletions.orphans_released(tx, refs)


async def report(tx: Tx, agent: str, seen: Sequence[Observation], *, policy: Policy, at: int, actor: str = "") -> None:
    """Write down what an agent observed, and bring the runs on. Idempotent; late and foreign reports change
    nothing. `actor` is who says so, if it is not the agent."""
    for observation in seen:
        await _report_one(tx, agent, observation, policy, at, actor or f"agent:{agent}")


async def report_exit(tx: Tx, ref: AttemptRef, end: Exit, *, policy: Policy, at: int, actor: str) -> None:
    """Write down how an attempt ended, as its runner says, as if its agent had observed it. Idempotent: an end that is
    known stays as it is. Raises NotFound for an attempt that is not there."""
    row = await tx.one("SELECT agent FROM attempt WHERE run = ? AND number = ?", ref.run, ref.attempt)
    if row is None:
        raise NotFound(f"no attempt {ref.attempt} of run {ref.run}", fix="it has been deleted; nothing can be reported")
    seen = Observation(ref=ref, phase=Phase.EXITED, reason=end.reason, message=end.message, exit=end)
    await report(tx, row["agent"], [seen], policy=policy, at=at, actor=actor)


async def _report_one(tx: Tx, agent: str, seen: Observation, policy: Policy, at: int, actor: str) -> None:
    await runs.lock(tx, seen.ref.run)
    row = await tx.one(
        "SELECT a.state, a.agent, a.phase, a.phase_reason, a.phase_message, a.detail, r.status, r.attempt, r.project"
        " FROM run r"
        " JOIN attempt a ON a.run = r.id AND a.number = ? WHERE r.id = ?",
        seen.ref.attempt,
        seen.ref.run,
    )
    if row is None and seen.phase in (Phase.EXITED, Phase.GONE):
        await deletions.orphan_ended(tx, seen.ref)
    if row is None or row["agent"] != agent or row["state"] == "exited":
        return
    if row["attempt"] != seen.ref.attempt or row["status"] in FINAL:
        await _late(tx, row, actor, seen, at)
        return
    await _record(tx, actor, seen, row, policy, at)
    await reconcile(tx, seen.ref.run, policy=policy, at=at)


async def _record(tx: Tx, actor: str, seen: Observation, row: Row, policy: Policy, at: int) -> None:
    ref, status = seen.ref, Status(row["status"])
    new = stored(seen)
    if seen.phase in (Phase.EXITED, Phase.GONE):
        await _record_end(tx, seen, new, status, policy, at, actor)
        return
    if seen.phase is Phase.PENDING and row["state"] != "assigned":
        return
    await _record_phase(tx, ref, new, row, at)
    if seen.phase is Phase.RUNNING:
        if status in (Status.SCHEDULED, Status.STARTING):
            await runs.advance(tx, ref.run, Step(Status.RUNNING), at=at, actor=actor)
    elif status is Status.SCHEDULED:
        if seen.phase is Phase.STARTING:
            await runs.advance(tx, ref.run, Step(Status.STARTING, new.reason, new.message), at=at, actor=actor)
        else:
            await runs.explain(tx, ref.run, status=status, reason=new.reason, message=new.message, at=at)


async def _record_phase(tx: Tx, ref: AttemptRef, new: StoredObservation, row: Row, at: int) -> None:
    """Store the observation of an attempt that has not ended, if it says something new. Neither the state nor the
    phase goes back: what is earlier comes late."""
    state = _STATES.get(new.phase, row["state"])
    if not new.changes(row) or (row["state"] == "running" and state != "running"):
        return
    await tx.run(
        "UPDATE attempt SET state = ?, started_at = COALESCE(started_at, ?), phase = ?, phase_reason = ?,"
        " phase_message = ?, detail = ?, observed_at = ? WHERE run = ? AND number = ? AND state <> 'exited'",
        state, at if state == "running" else None, new.phase, new.reason, new.message, new.detail, at,
        ref.run, ref.attempt,
    )  # fmt: skip


async def _record_end(
    tx: Tx, seen: Observation, new: StoredObservation, status: Status, policy: Policy, at: int, actor: str
) -> None:
    end = seen.exit or Exit(
        reason=Reason.LOST, message=seen.message or "its scheduler has no trace of it", retryable=True
    )
    started, finished = await _times(tx, seen.ref, end, at)
    await tx.run(
        "UPDATE attempt SET state = 'exited', exit = ?, exit_code = ?, signal = ?, reason = ?, message = ?,"
        " drain_until = ?, started_at = ?, finished_at = ?, phase = ?, phase_reason = ?, phase_message = ?, detail = ?,"
        " observed_at = ? WHERE run = ? AND number = ?",
        _encode(end).decode(), end.code, end.signal, end.reason, end.message, at + int(policy.drain * SECOND),
        started, finished, new.phase, new.reason, new.message, new.detail, at, seen.ref.run, seen.ref.attempt,
    )  # fmt: skip
    if started is not None and status in (Status.SCHEDULED, Status.STARTING):
        await runs.advance(tx, seen.ref.run, Step(Status.RUNNING), at=at, actor=actor, started_at=started)


async def _times(tx: Tx, ref: AttemptRef, end: Exit, at: int) -> tuple[int | None, int]:
    """When an attempt that has ended began, and ended, by this side's clock. Of its agent's clock only the time between
    the two counts: what was first heard of at its end began that much earlier."""
    row = await tx.one("SELECT started_at, created_at FROM attempt WHERE run = ? AND number = ?", ref.run, ref.attempt)
    assert row is not None
    if end.started_at is None or end.finished_at is None:
        return row["started_at"], at
    lasted = max(0, int((end.finished_at - end.started_at) * SECOND))
    if row["started_at"] is not None:
        return row["started_at"], min(at, row["started_at"] + lasted)
    return max(row["created_at"], at - lasted), at


async def _late(tx: Tx, row: Row, actor: str, seen: Observation, at: int) -> None:
    """The report of an attempt that nobody waits for: its end is kept for people to read, and its slot is freed."""
    if seen.phase not in (Phase.EXITED, Phase.GONE):
        return
    end = seen.exit or Exit(reason=Reason.LOST)
    new = stored(seen)
    await tx.run(
        "UPDATE attempt SET state = 'exited', exit = ?, exit_code = ?, signal = ?, reason = ?, finished_at = ?,"
        " phase = ?, phase_reason = ?, phase_message = ?, detail = ?, observed_at = ?"
        " WHERE run = ? AND number = ?",
        _encode(end).decode(), end.code, end.signal, end.reason, at,
        new.phase, new.reason, new.message, new.detail, at, seen.ref.run, seen.ref.attempt,
    )  # fmt: skip
    data = {"attempt": seen.ref.attempt, "phase": seen.phase, "reason": end.reason}
    told = activities.NewActivity(
        project=row["project"], run=seen.ref.run, kind="late_report", actor=actor, at=at, data=data
    )
    await activities.append(tx, told)
