"""What a project may use of what everybody has: its queues and connections, as lists of patterns with `*`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from trainyard.client.models import FieldProblem
from trainyard_core.errors import Invalid

__all__ = ["check_allowed"]


def check_allowed(kind: str, name: str, patterns: Sequence[str], *, project: str) -> None:
    """Raises Invalid for a name (of a `queue` or `connection`) that no pattern of the project's list matches."""
    if name in patterns or "*" in patterns or any(fnmatchcase(name, pattern) for pattern in patterns):
        return
    message = f"project '{project}' may not use {kind} '{name}'; it may use: {', '.join(patterns) or 'none'}"
    options = " ".join(f"--{kind} '{each}'" for each in (*patterns, name))
    fix = f"use one of these, or have an admin allow it: yard projects edit {project} {options}"
    raise Invalid(message, fix=fix, problems=[FieldProblem(field=kind, message=message, fix=fix)])
