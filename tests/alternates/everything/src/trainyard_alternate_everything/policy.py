"""The plugin's policy for operations (a name that nobody may use, a tag that all get) and what it resolves: components
of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.plugin import OperationContext, Reference, Refusal, Resolution
from trainyard_core.errors import Forbidden

__all__ = ["amend", "resolve"]

COMPONENT = "version: 1.1\nkind: component\nrun: {kind: job, container: {command: [sh, -c, 'echo from everything']}}\n"
FORBIDDEN = "forbidden"


def amend(operation: Mapping[str, Any], context: OperationContext) -> Mapping[str, Any] | None:
    """Refuse one name; give all others a tag."""
    if operation.get("name") == FORBIDDEN:
        raise Forbidden(f"in project '{context.project}' no run is called '{FORBIDDEN}'", fix="use another name")
    tags = [*(operation.get("tags") or []), "everything"]
    return {**operation, "tags": tags}


async def resolve(platform: Platform, references: Sequence[Reference]) -> Sequence[Resolution | Refusal | None]:
    """Components whose name begins with `any-`; those called `any-other` are refused."""
    return [_answer(reference) for reference in references]


def _answer(reference: Reference) -> Resolution | Refusal | None:
    name = reference.text.partition(":")[0]
    if not name.startswith("any-"):
        return None
    if name == "any-other":
        return Refusal(message=f"component '{name}' is not for you", fix="use any-one")
    digest = hashlib.sha256(COMPONENT.encode()).hexdigest()
    return Resolution(name=name, version="1", digest=digest, content=COMPONENT)
