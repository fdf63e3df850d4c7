"""What the runs of this server's own agent can reach: all that its operating system's user can, and so the data
directory with the admin's token. That is right on a laptop and has to be known where several people work.
"""

from __future__ import annotations

import structlog

from trainyard_core.db import principals
from trainyard_core.runtime import Runtime

__all__ = ["warn"]

log = structlog.get_logger("trainyard.reach")


async def warn(runtime: Runtime) -> None:
    """Say so when there is more than one person or program, and this server's agent starts runs as its own user."""
    people = await runtime.database.read(principals.count)
    if people > 1 and _shares_user(runtime):
        log.warning(
            "whoever may create a run here can act as the admin: runs have this server's user and can read its token",
            people=people,
            data=str(runtime.settings.data),
            fix='set agent = "" and run `yard agent` as another user or on another machine (docs/access.md)',
        )


def _shares_user(runtime: Runtime) -> bool:
    """Whether this server has an agent whose runs have its user."""
    offered = runtime.registry.schedulers.by_name.get(runtime.settings.scheduler)
    return bool(runtime.settings.agent) and offered is not None and offered[1].shares_user
