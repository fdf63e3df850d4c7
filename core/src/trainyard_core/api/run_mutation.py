"""How routes do something to one run: on its locked row, in one transaction with the answer, and then agents are
called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar import Response

from trainyard.client import models
from trainyard.names import MESSAGE_CHARS, storable
from trainyard_core.api.access import ApiRequest, runtime_of
from trainyard_core.api.change import change
from trainyard_core.db.engine import Row, Tx
from trainyard_core.work.actions import ActionContext, locked
from trainyard_core.work.run_view import whole

__all__ = ["Work", "act", "by_of"]

Work = Callable[[Tx, Row, ActionContext], Awaitable[None]]


def by_of(request: ApiRequest, message: str = "") -> ActionContext:
    """Who asks, now."""
    runtime = runtime_of(request)
    return ActionContext(
        actor=request.user.name,
        at=runtime.clock.now(),
        policy=runtime.policy,
        message=storable(message, MESSAGE_CHARS),
    )


async def act(request: ApiRequest, run: str, work: Work, *, name: str, message: str = "") -> Response[models.RunRecord]:
    """Do `work` to a run and answer with the run. `name` is the fault point. Raises what `work` raises, NotFound when
    the run has been deleted meanwhile."""
    by = by_of(request, message)

    async def acted(tx: Tx) -> models.RunRecord:
        await work(tx, await locked(tx, run), by)
        return await whole(tx, run)

    answer = await change(request, acted, name=name)
    runtime_of(request).notifier.notify_agents(orders=True)
    return answer
