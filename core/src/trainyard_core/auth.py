"""Who may do what. Pure: an actor, an action and a run in, yes or no out.

Actions are `read`, `write` (create and change), `track` (frames and artifacts of a run) and `admin` (queues,
projects). A run's own token reads and tracks that run and nothing else.
"""

from __future__ import annotations

from trainyard_core.db.tokens import Actor

__all__ = ["ADMIN", "READ", "TRACK", "WRITE", "may"]

READ, WRITE, TRACK, ADMIN = "read", "write", "track", "admin"
_ROLES = {
    "admin": {READ, WRITE, TRACK, ADMIN},
    "member": {READ, WRITE, TRACK},
    "viewer": {READ},
    "run": {READ, TRACK},
}


def may(actor: Actor, action: str, *, run: str = "") -> bool:
    """Whether `actor` may do `action`, to `run` if one is meant."""
    if actor.role == "run" and (not run or run != actor.run):
        return False
    return action in _ROLES.get(actor.role, set())
