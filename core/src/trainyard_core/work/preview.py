"""What a run would be if it were created now: it is compiled and inserted like any other, admission is asked about it,
and then everything is taken back. So a preview cannot differ from what creating would do."""

from __future__ import annotations

from collections.abc import Collection
from typing import Never

import msgspec

from trainyard.client.models import CreateRun, Preview, UsedComponent, Why
from trainyard_core.auth import Actor
from trainyard_core.db import runs
from trainyard_core.db.engine import Database, Tx
from trainyard_core.db.runs import NewRun
from trainyard_core.errors import Invalid
from trainyard_core.ids import new_id
from trainyard_core.policy import Policy
from trainyard_core.work.amendment import Amendments, compile_amended
from trainyard_core.work.compilation import ReferenceLookup, look_up, read
from trainyard_core.work.creation import RunCheck, add, assemble
from trainyard_core.work.kinds import RunKinds
from trainyard_core.work.why import why

__all__ = ["preview"]


async def preview(
    database: Database,
    project: str,
    body: CreateRun,
    *,
    actor: Actor,
    policy: Policy,
    at: int,
    schedulers: Collection[str],
    kinds: RunKinds,
    lookup: ReferenceLookup,
    amendments: Amendments,
    checks: RunCheck,
) -> Preview:
    """Writes nothing. Raises what creating the run would raise, Invalid for a run that is only tracked."""
    if not body.managed:
        raise Invalid("a run with `managed: false` is not started from here", fix="create it; a preview would be empty")
    run = new_id()
    sources = await look_up(lookup, project, actor, body, read(body))
    body, compiled = await compile_amended(amendments, run, project, body, sources, actor)
    new = await checks(assemble(run, project, body, compiled, actor, at, kinds))
    return Preview(
        operation=dict(compiled.document.data),
        resolved=msgspec.to_builtins(compiled.resolved),
        digest=new.digest,
        queue=new.queue,
        hold=new.hold,
        warnings=[*new.warnings],
        uses=[
            UsedComponent(kind=use.kind, name=use.name, version=use.version, digest=use.digest) for use in compiled.uses
        ],
        forecast=await _forecast(database, new, policy=policy, at=at, schedulers=schedulers),
    )


class _Rollback(Exception):
    """Ends the transaction, so that nothing of it stays."""

    def __init__(self, forecast: Why) -> None:
        super().__init__()
        self.forecast = forecast


async def _forecast(database: Database, new: NewRun, *, policy: Policy, at: int, schedulers: Collection[str]) -> Why:
    """Whether the run would start now, or what it would wait for once nothing holds it."""
    waiting = msgspec.structs.replace(new, hold="", uses=())

    async def work(tx: Tx) -> Never:
        await add(tx, waiting, policy)
        raise _Rollback(
            await why(tx, await runs.inserted(tx, waiting.id), at=at, silence=policy.silence, schedulers=schedulers)
        )

    try:
        await database.write(work, name="preview")
    except _Rollback as seen:
        return seen.forecast
