"""Creates a run from what a client sent: check and compile outside, then one transaction for the run, its first
transitions and its idempotency key.

The same key with the same body answers with the run that the first request made, after any crash; with another
body it is refused.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from trainyard.client.models import CreateRun, Fault
from trainyard.compile.operation import compile_operation
from trainyard.compile.resolved import Code, ResolvedOperation, canonical_json, digest
from trainyard.spec.document import Document
from trainyard.spec.error import Finding, SpecError
from trainyard.spec.load import load_text
from trainyard_core.auth import Actor
from trainyard_core.clock import SECOND
from trainyard_core.db import deletions, queues, runs
from trainyard_core.db.engine import Database, Row, Tx, UniqueViolation
from trainyard_core.errors import Conflict, Invalid, NotFound, choice
from trainyard_core.ids import is_run_id, new_id
from trainyard_core.lifecycle import Hold, Status, Step
from trainyard_core.work.idempotency import Claim
from trainyard_core.work.rules import Policy, decide
from trainyard_core.work.view import View

__all__ = ["add", "create_run", "prepare"]

DEFAULT_CPU = 1.0
_encode = msgspec.json.Encoder().encode


async def create_run(
    database: Database, project: str, body: CreateRun, *, key: str, actor: Actor, policy: Policy, at: int
) -> tuple[Row, bool]:
    """The run, and whether it is new. Idempotent by (actor, project, key) when there is a key.

    Raises Invalid with the place of each fault, NotFound for an unknown project, IdempotencyReused, Conflict for a
    taken id.
    """
    new = prepare(project, body, actor, at)
    claim = Claim(scope=f"{actor.name}@{project}", key=key, digest=_digest(body), at=at) if key else None
    try:
        return await database.write(lambda tx: _insert(tx, new, claim, policy), name="create")
    except UniqueViolation as error:
        raise Conflict(
            f"there is a run '{new.id}' already", fix="leave `id` out, or use the run that is there"
        ) from error


async def _insert(tx: Tx, new: runs.NewRun, claim: Claim | None, policy: Policy) -> tuple[Row, bool]:
    if claim is not None and not await claim.take(tx, new.id):
        return await _made_before(tx, claim), False
    return await add(tx, new, policy), True


async def add(tx: Tx, new: runs.NewRun, policy: Policy) -> Row:
    """Insert a prepared run and take it as far as it goes at once. Raises NotFound for a project that is not open,
    Invalid for an unknown queue."""
    await _check_names(tx, new)
    if not new.managed and await deletions.is_deleted(tx, new.id):
        raise Conflict(f"run '{new.id}' has been deleted", fix="leave `id` out to make another run")
    return await runs.insert(tx, new, *_first_steps(new, policy))


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
    found = await tx.one(
        "SELECT (SELECT 1 FROM project WHERE name = ? AND archived_at IS NULL) AS project,"
        " (SELECT 1 FROM queue WHERE name = ?) AS queue",
        new.project,
        new.queue,
    )
    assert found is not None
    if not found["project"]:
        raise NotFound(f"no open project '{new.project}'", fix="see yard projects ls; create it: yard projects create")
    if new.managed and not found["queue"]:
        message = choice("queue", new.queue, await queues.names(tx))
        raise Invalid(message, fix=f"yard queues set {new.queue}", faults=[Fault(field="queue", message=message)])


def prepare(project: str, body: CreateRun, actor: Actor, at: int) -> runs.NewRun:
    """Check and compile what was sent, outside of any transaction. Raises Invalid with the place of each fault."""
    if body.id and not is_run_id(body.id):
        raise Invalid(f"`id` must be a UUID in lower case, not '{body.id}'", fix="leave it out to get one")
    run = body.id or new_id()
    if not body.managed:
        return _tracked(run, project, body, actor, at)
    resolved = _compile(run, project, body)
    return runs.NewRun(
        id=run,
        project=project,
        kind=resolved.kind,
        actor=actor.name,
        at=at,
        name=resolved.name or "",
        description=body.description or resolved.description or "",
        queue=resolved.queue,
        spec=_encode({"content": body.content, "file": body.file} if body.content else body.operation).decode(),
        resolved=canonical_json(resolved).decode(),
        given=_given(body),
        inputs=dict(resolved.inputs),
        tags=list(resolved.tags),
        digest=digest(resolved),
        cpu=resolved.resources.cpu or DEFAULT_CPU,
        memory=resolved.resources.memory,
        gpu=resolved.resources.gpu,
        max_retries=resolved.max_retries,
        timeout_us=None if resolved.timeout is None else int(resolved.timeout * SECOND),
    )


def _given(body: CreateRun) -> str:
    """What came beside the operation's text, as JSON, so that the run can be made again from both."""
    rest = msgspec.structs.replace(body, content="", file="", operation=None, id="", created_at="")
    return _encode(rest).decode()


def _tracked(run: str, project: str, body: CreateRun, actor: Actor, at: int) -> runs.NewRun:
    """A run that somebody else runs and that is only tracked here."""
    if body.content or body.operation:
        raise Invalid("a run with `managed: false` has no operation", fix="leave out `content` and `operation`")
    return runs.NewRun(
        id=run,
        project=project,
        kind="tracked",
        actor=actor.name,
        at=at,
        name=body.name,
        description=body.description,
        managed=False,
        inputs=body.params,
        tags=body.tags,
        created_at=_created_at(body.created_at, at),
    )


def _created_at(text: str, at: int) -> int:
    """When an offline run began, by its own clock; never later than now."""
    if not text:
        return at
    try:
        return min(at, int(datetime.fromisoformat(text).timestamp() * SECOND))
    except ValueError as error:
        raise Invalid(f"`created_at` is not a time: '{text}'", fix="use RFC 3339, 2026-01-31T12:00:00Z") from error


def _compile(run: str, project: str, body: CreateRun) -> ResolvedOperation:
    """The resolved operation. Raises Invalid with every finding's file, line, column, field and fix."""
    if bool(body.content) == (body.operation is not None):
        raise Invalid(
            "give the operation either as `content` (YAML) or as `operation` (JSON)", fix="send one of the two"
        )
    try:
        code = msgspec.convert(body.code, Code) if body.code else None
        document = (
            load_text(body.content, file=body.file or "operation.yaml")
            if body.content
            else Document.from_mapping(body.operation or {})
        )
        return compile_operation(
            document,
            globals=_globals(run, project, body),
            params=body.params,
            name=body.name or None,
            queue=body.queue or None,
            tags=tuple(body.tags),
            code=code,
        )
    except SpecError as error:
        first = error.findings[0]
        more = f" (and {len(error.findings) - 1} more)" if len(error.findings) > 1 else ""
        raise Invalid(f"{first}{more}", faults=[_fault(finding) for finding in error.findings]) from error
    except msgspec.ValidationError as error:
        raise Invalid(
            f"`code`: {error}", fix="kind is none, folder (with path) or git (with url and commit)"
        ) from error


def _globals(run: str, project: str, body: CreateRun) -> dict[str, str]:
    return {"uuid": run, "name": body.name, "project_name": project}


def _fault(finding: Finding) -> Fault:
    return Fault(
        message=finding.message,
        field=finding.field,
        file=finding.file or "",
        line=finding.line or 0,
        column=finding.column or 0,
        fix=finding.fix or "",
    )


def _digest(body: CreateRun) -> str:
    return hashlib.sha256(_encode(body)).hexdigest()
