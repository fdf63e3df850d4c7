"""Refuses names that a new queue, agent, person or service account may not have."""

from __future__ import annotations

from trainyard.names import PLAIN_NAME, BadName, check_plain_name
from trainyard_core.errors import Invalid

__all__ = ["check_name"]


def check_name(kind: str, name: str) -> None:
    """Raises Invalid for what cannot be the name of such a thing."""
    try:
        check_plain_name(kind, name)
    except BadName as error:
        raise Invalid(str(error), fix=f"use {PLAIN_NAME}") from error
