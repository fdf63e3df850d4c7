"""Creates a run from what a client sent: check and compile outside, then one transaction for the run, its first
transitions and its idempotency key.

The same key with the same body answers with the run that the first request made, after any crash; with another
body it is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import msgspec

from trainyard.client.models import CreateRun, FieldProblem
from trainyard.compile.job import MOST_PRIORITY
from trainyard.compile.operation import CompiledOperation
from trainyard.compile.resolved import ResolvedOperation, Role, stored, used_connections
from trainyard_core.admission import split_queue
from trainyard_core.allowance import check_allowed
from trainyard_core.auth import Actor
from trainyard_core.clock import SECOND, instant
from trainyard_core.db import activities, deletions, directors, plugin_writes, queues, references, runs
from trainyard_core.db.engine import Database, Row, Tx, UniqueViolation
from trainyard_core.errors import Conflict, Invalid, NotFound, choice
from trainyard_core.ids import is_run_id, new_id
from trainyard_core.lifecycle import Hold, Status, Step
from trainyard_core.policy import Policy
from trainyard_core.work.amendment import Amendments, compile_amended
from trainyard_core.work.compilation import OperationSource, ReferenceLookup, look_up, read
from trainyard_core.work.connections import check_usable
from trainyard_core.work.idempotency import Claim
from trainyard_core.work.kinds import RunKinds
from trainyard_core.work.model import View
from trainyard_core.work.rules import decide
from trainyard_core.work.run_record import check_description, check_tags, described

__all__ = ["Insert", "RunCheck", "add", "assemble", "create_run", "prepare", "prepared"]

DEFAULT_CPU = 1.0
"""Cores of a run whose operation requests none: admission counts them, and its attempts get them."""
Insert = Callable[[Tx, runs.NewRun, Policy], Awaitable[None]]
"""Inserts a prepared run within a transaction."""
RunCheck = Callable[[runs.NewRun], Awaitable[runs.NewRun]]
"""Checks a prepared run before anything is written, and returns it with warnings. Raises Invalid."""
_encode = msgspec.json.Encoder().encode
_decode_names = msgspec.json.Decoder(list[str]).decode


async def create_run(
    database: Database,
    project: str,
    body: CreateRun,
    *,
    key: str,
    actor: Actor,
    policy: Policy,
    at: int,
    kinds: RunKinds,
    lookup: ReferenceLookup,
    amendments: Amendments,
    insert: Insert | None = None,
    checks: RunCheck | None = None,
) -> tuple[Row, bool]:
    """The run, and whether it is new. Idempotent by (token, project, key) when there is a key. `insert` is `add`, or
    what does more; `checks` asks the schedulers.

    Raises Invalid with the place of each problem, NotFound for an unknown project, IdempotencyReused, Conflict for a
    taken id.
    """
    new = await prepared(lookup, amendments, project, body, actor, at, kinds)
    if checks is not None:
        new = await checks(new)
    claim = Claim(actor, within=project, key=key, digest=_digest(body), at=at) if key else None
    try:
        return await database.write(lambda tx: _insert(tx, new, claim, policy, insert or add), name="create")
    except UniqueViolation as error:
        raise await database.read(lambda tx: _taken(tx, new)) from error


async def _taken(tx: Tx, new: runs.NewRun) -> Conflict:
    """The error of an id that is taken. A run of another project is not told from one that has been deleted."""
    row = await runs.get(tx, new.id)
    if row is not None and row["project"] == new.project:
        return Conflict(f"there is a run '{new.id}' already", fix="leave `id` out, or use the run that is there")
    return _used(new.id)


def _used(run: str) -> Conflict:
    return Conflict(
        f"run '{run}' has been deleted or is not of this project; its id is never used again",
        fix="leave `id` out to make another run",
    )


async def _insert(tx: Tx, new: runs.NewRun, claim: Claim | None, policy: Policy, insert: Insert) -> tuple[Row, bool]:
    if claim is not None and not await claim.take(tx, new.id):
        return await _made_before(tx, claim), False
    await insert(tx, new, policy)
    return await runs.inserted(tx, new.id), True


async def add(tx: Tx, new: runs.NewRun, policy: Policy) -> None:
    """Insert a prepared run and take it as far as it goes at once. Raises NotFound for a project that is not open,
    Invalid for an unknown queue, Conflict for the id of a deleted run."""
    await _check_names(tx, new)
    await _check_connections(tx, new)
    if new.director is not None:
        await _check_references(tx, new.project, new.director)
        new = msgspec.structs.replace(new, queue="")  # it takes no place itself; its children wait in that queue
    new = msgspec.structs.replace(new, tracker=policy.tracker)
    await runs.insert(tx, new, *_first_steps(new, policy))
    if new.has_chosen_id:
        await _check_unused(tx, new.id)
    if new.director is not None:
        await directors.insert(tx, new.id, new.director)
        await plugin_writes.apply(tx, new.director.plugin, new.director.opening.writes)
        await runs.wake_now(tx, new.id, at=new.at)
    await _record_references(tx, new)


async def _check_connections(tx: Tx, new: runs.NewRun) -> None:
    """Raises Invalid for a connection that is not there, or that the project or the run may not use."""
    notified = tuple(dict.fromkeys(name for each in new.notifications for name in each.connections))
    if not new.connections and not notified:
        return
    row = await tx.one("SELECT connections FROM project WHERE name = ?", new.project)
    assert row is not None, "its name was looked up"
    allowed = _decode_names(row["connections"])
    usable = partial(check_usable, tx, project=new.project, allowed=allowed, untrusted=new.untrusted)
    await usable(new.connections)
    await usable(notified, field="plugins.notifications")


async def _check_references(tx: Tx, project: str, director: directors.NewDirector) -> None:
    for field, names in director.opening.references.items():
        await directors.find_runs(tx, project, names, field=field)


async def _check_unused(tx: Tx, run: str) -> None:
    """Refuses the id of a deleted run, whose purge would take the new run's data. Called after the insert, which waits
    for a deletion that has not been committed yet."""
    if await deletions.is_deleted(tx, run):
        raise _used(run)


async def _record_references(tx: Tx, new: runs.NewRun) -> None:
    """What went in by reference, or into the run that this one was made from, and what is said of it."""
    if new.uses and (gone := await references.record(tx, new.project, new.id, new.uses)):
        raise Conflict(f"{gone.kind} '{gone.name}:{gone.version}' has just been deleted", fix="use another version")
    if new.warnings:
        await activities.append(tx, *(_warned(new, warning) for warning in new.warnings))
    if new.cloned_from and not new.uses:
        await references.inherit(tx, new.id, new.cloned_from)


def _warned(new: runs.NewRun, warning: str) -> activities.NewActivity:
    data = {"message": warning}
    return activities.NewActivity(project=new.project, run=new.id, kind="warning", actor="core", at=new.at, data=data)


async def _made_before(tx: Tx, claim: Claim) -> Row:
    """The run that this request made when it came first."""
    row = await runs.get(tx, (await claim.find(tx)).run)
    if row is None:
        raise Conflict("the run that this key made has been deleted", fix="use a new key to make another")
    return row


def _first_steps(new: runs.NewRun, policy: Policy) -> list[Step]:
    """Where the rules take a run at once: what reconcile would do right after it was inserted, decided before."""
    view = View(
        run=new.id,
        directs=new.director is not None,
        status=Status.CREATED,
        hold=Hold(new.hold),
        managed=new.managed,
        resolved=new.resolved != "null",
    )
    steps: list[Step] = []
    while found := decide(view, policy, new.at).steps:
        steps += found
        view = msgspec.structs.replace(view, status=found[-1].to)
    return steps


async def _check_names(tx: Tx, new: runs.NewRun) -> None:
    """Unknown names are refused with what exists."""
    keep = " FOR KEY SHARE" if tx.dialect == "postgresql" else ""  # neither is removed before the run is there
    found = await tx.one(
        f"SELECT (SELECT queues FROM project WHERE name = ? AND archived_at IS NULL{keep}) AS allowed,"
        f" (SELECT 1 FROM queue WHERE name = ?{keep}) AS queue",
        new.project,
        new.queue,
    )
    assert found is not None
    if found["allowed"] is None:
        raise NotFound(f"no open project '{new.project}'", fix="see yard projects ls; create it: yard projects create")
    if not new.managed or (new.director is not None and not new.director.opening.queued):
        return  # nothing of it waits in a queue
    if not found["queue"]:
        message = choice("queue", new.queue, await queues.names(tx))
        raise Invalid(
            message, fix=f"yard queues set {new.queue}", problems=[FieldProblem(field="queue", message=message)]
        )
    check_allowed("queue", new.queue, _decode_names(found["allowed"]), project=new.project)


async def prepared(
    lookup: ReferenceLookup,
    amendments: Amendments,
    project: str,
    body: CreateRun,
    actor: Actor,
    at: int,
    kinds: RunKinds,
) -> runs.NewRun:
    """`prepare` with what the operation refers to."""
    if body.managed:
        check_description(body.description)
        check_tags(body.tags)
    sources = await look_up(lookup, project, actor, body, read(body)) if body.managed else None
    return await prepare(amendments, project, body, actor, at, kinds, sources=sources)


async def prepare(
    amendments: Amendments,
    project: str,
    body: CreateRun,
    actor: Actor,
    at: int,
    kinds: RunKinds,
    *,
    sources: OperationSource | None = None,
    iteration: int | None = None,
) -> runs.NewRun:
    """Check and compile what was sent, outside of any transaction. Raises Invalid with the place of each problem, and
    what plugins refuse it with.

    Without `sources`, what was sent must refer to nothing: the stored operation of a run never does. `iteration` is the
    number of the trial that is made again."""
    if body.id and not is_run_id(body.id):
        raise Invalid(f"`id` must be a UUID in lower case, not '{body.id}'", fix="leave it out to get one")
    if body.managed and body.resumes:
        raise Invalid("`resumes` is for a run with `managed: false`", fix=f"POST .../runs/{body.resumes}/resume")
    run = body.id or new_id()
    if body.managed:
        given, compiled = await compile_amended(
            amendments, run, project, body, sources or read(body), actor, iteration=iteration
        )
        new = assemble(run, project, given, compiled, actor, at, kinds)
    else:
        new = _tracked(run, project, body, actor, at)
    return msgspec.structs.replace(new, has_chosen_id=True) if body.id else new


def assemble(
    run: str, project: str, body: CreateRun, compiled: CompiledOperation, actor: Actor, at: int, kinds: RunKinds
) -> runs.NewRun:
    """The run of a compiled operation. Raises Invalid for one whose children cannot be planned here."""
    resolved = compiled.resolved
    (agent, queue), (text, digest) = split_queue(resolved.queue), stored(resolved)
    return runs.NewRun(
        id=run,
        project=project,
        kind=resolved.kind,
        actor=actor.name,
        at=at,
        name=resolved.name or "",
        description=body.description or resolved.description or "",
        queue=queue,
        agent=agent,
        priority=_priority(body, resolved),
        hold="" if compiled.approved else Hold.APPROVAL,
        spec=_spec(body, compiled),
        resolved=text,
        compile_options=_given(body),
        uses=compiled.uses,
        warnings=compiled.warnings,
        connections=used_connections(resolved),
        notifications=resolved.notifications,
        params=dict(resolved.inputs),
        tags=list(resolved.tags),
        digest=digest,
        cpu=resolved.resources.cpu or DEFAULT_CPU,
        memory=resolved.resources.memory,
        gpu=resolved.resources.gpu,
        resources=resolved.resources.other,
        largest_copy=_largest_copy(resolved.roles),
        max_retries=resolved.max_retries,
        timeout_us=None if resolved.timeout is None else int(resolved.timeout * SECOND),
        director=kinds.opening(run, resolved),
        child=compiled.trial,
        untrusted=body.untrusted,
    )


def _largest_copy(roles: Sequence[Role]) -> dict[str, float]:
    """What the largest of several copies requests, by name; empty for a run of one program."""
    if sum(role.replicas for role in roles) <= 1:
        return {}
    found: dict[str, float] = {}
    for asked in (role.requests for role in roles):
        amounts = {"cpu": asked.cpu, "memory": asked.memory, "gpu": asked.gpu, **asked.other}
        found.update({name: amount for name, amount in amounts.items() if amount > found.get(name, 0)})
    return found


def _priority(body: CreateRun, resolved: ResolvedOperation) -> int:
    """What was sent beside the operation wins over what is in it."""
    if body.priority is None:
        return resolved.priority
    if abs(body.priority) > MOST_PRIORITY:
        raise Invalid(f"`priority` is out of range: {body.priority}", fix=f"use at most {MOST_PRIORITY} either way")
    return body.priority


def _spec(body: CreateRun, compiled: CompiledOperation) -> str:
    """The operation as it is stored: as it was sent, or once something else went into it, as it came out of that. So
    it can be compiled again when what went in has changed."""
    if compiled.uses or body.presets or body.patches:
        return _encode(compiled.document.data).decode()
    return _encode({"content": body.content, "file": body.file} if body.content else body.operation).decode()


def _given(body: CreateRun) -> str:
    """What came beside the operation's text, as JSON, so that the run can be made again from both."""
    rest = msgspec.structs.replace(
        body, content="", file="", operation=None, id="", created_at="", presets=[], patches=[]
    )
    return _encode(rest).decode()


def _tracked(run: str, project: str, body: CreateRun, actor: Actor, at: int) -> runs.NewRun:
    """A run that somebody else runs and that is only tracked here."""
    if body.content or body.operation or body.presets or body.patches:
        fix = "leave out `content`, `operation`, `presets` and `patches`"
        raise Invalid("a run with `managed: false` has no operation", fix=fix)
    fit = described(body)
    return runs.NewRun(
        id=run,
        project=project,
        kind="tracked",
        actor=actor.name,
        at=at,
        name=fit.name,
        description=fit.description,
        managed=False,
        params=fit.params,
        tags=fit.tags,
        meta=fit.meta,
        created_at=_created_at(body.created_at, at),
        untrusted=body.untrusted,
    )


def _created_at(text: str, at: int) -> int:
    """When an offline run began, by its own clock; never later than now."""
    if not text:
        return at
    try:
        return min(at, instant(text))
    except ValueError as error:
        raise Invalid(
            f"`created_at` is not a time: '{text[:80]}'", fix="use RFC 3339 from 1970 on: 2026-01-31T12:00:00Z"
        ) from error


def _digest(body: CreateRun) -> str:
    return hashlib.sha256(_encode(body)).hexdigest()
