"""Policy and defaults that plugins bring: an operation is shown to them when it refers to nothing any more, before it
is accepted, and is accepted as they give it back. What a sweep or another run makes of an accepted operation is not
shown again; what a person makes of one, by restart, resume or copy, is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from trainyard.client.models import CreateRun
from trainyard.compile.operation import CompiledOperation
from trainyard_core.auth import Actor
from trainyard_core.contracts.plugin import OperationContext
from trainyard_core.errors import Unavailable
from trainyard_core.hook_guard import HookFailed
from trainyard_core.work.compilation import OperationSource, compile_run, read

__all__ = ["Amendments", "compile_amended"]


class Amendments(Protocol):
    """What plugins make of operations."""

    async def amend_operation(
        self, operation: Mapping[str, Any], context: OperationContext
    ) -> Mapping[str, Any] | None:
        """The operation as it is to be accepted; None: as it is. Raises HookFailed for a plugin that fails to say, and
        whatever error of `trainyard_core.errors` a plugin refuses it with."""


async def compile_amended(
    amendments: Amendments,
    run: str,
    project: str,
    body: CreateRun,
    sources: OperationSource,
    actor: Actor,
    *,
    iteration: int | None = None,
) -> tuple[CreateRun, CompiledOperation]:
    """As `compile_run`, of the operation that plugins make of it, with the body that asks for that one. Raises
    Unavailable when a plugin fails to decide, and what a plugin refuses it with."""
    compiled = compile_run(run, project, body, sources, iteration=iteration)
    amended = await _amended(amendments, compiled, body, OperationContext(project=project, actor=actor))
    if amended is None:
        return body, compiled
    body = msgspec.structs.replace(body, content="", file="", operation=dict(amended), presets=[], patches=[], queue="")
    again = compile_run(run, project, body, read(body), iteration=iteration)
    resolved = msgspec.structs.replace(again.resolved, component=compiled.resolved.component)
    return body, dataclasses.replace(again, resolved=resolved, uses=compiled.uses, warnings=compiled.warnings)


async def _amended(
    amendments: Amendments, compiled: CompiledOperation, body: CreateRun, context: OperationContext
) -> Mapping[str, Any] | None:
    """The operation is shown with the queue that was asked for beside it."""
    given = {"queue": body.queue} if body.queue else {}
    try:
        return await amendments.amend_operation({**compiled.document.data, **given}, context)
    except HookFailed as error:
        raise Unavailable(
            f"plugin '{error.plugin}' fails to decide about the operation",
            fix="try again; an admin sees why: yard plugins ls",
        ) from error
