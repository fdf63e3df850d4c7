"""A version of a component or preset on its way in and out: what may be registered and said of it, and how it is
shown."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trainyard.client import models
from trainyard.compile.content import content_digest
from trainyard.compile.reference import LATEST, Kind, is_version
from trainyard.spec.error import SpecError
from trainyard.spec.load import load_text
from trainyard.spec.model import is_name
from trainyard_core.contracts.database import PluginRow
from trainyard_core.contracts.wire import rfc3339
from trainyard_core.errors import Invalid, choice, invalid

__all__ = ["check", "check_tags", "check_text", "digest_of", "shown", "whole"]

STAGES = ("testing", "staging", "production")
MOST_TAGS, LONGEST_TAG, LONGEST_TEXT = 100, 128, 10_000
_decode = msgspec.json.decode


def digest_of(kind: Kind, data: models.RegisterComponent) -> str:
    """Check name, version and content. Raises Invalid with every finding of the content."""
    if not is_name(data.name):
        raise Invalid(f"'{data.name[:80]}' cannot be the name of a {kind}", fix="use letters, digits, '-' and '_'")
    if not is_version(data.version) or data.version == LATEST:
        fix = "use letters, digits, '-', '_', '.' and '+', such as 1.0; 'latest' is always the newest"
        raise Invalid(f"'{data.version[:80]}' cannot be a version", fix=fix)
    try:
        return content_digest(kind, load_text(data.content, file=data.file or f"{kind}.yaml"))
    except SpecError as error:
        raise invalid(error) from error


def check(data: models.EditComponent) -> None:
    """Raises Invalid for what cannot be said of a version."""
    if data.stage is not None and data.stage not in STAGES:
        raise Invalid(choice("stage", data.stage, STAGES), fix=f"use one of {', '.join(STAGES)}")
    check_tags(data.tags or ())
    check_text(data.description or "")


def check_tags(tags: Sequence[str]) -> list[str]:
    """The tags, each once. Raises Invalid."""
    if len(tags) > MOST_TAGS or any(not 0 < len(tag) <= LONGEST_TAG for tag in tags):
        raise Invalid(f"there are at most {MOST_TAGS} tags, each of 1 to {LONGEST_TAG} characters", fix="use fewer")
    return list(dict.fromkeys(tags))


def check_text(text: str) -> str:
    """The description. Raises Invalid."""
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"`description` has {len(text)} characters; the limit is {LONGEST_TEXT}", fix="shorten it")
    return text


def whole(row: PluginRow) -> models.Component:
    """A version with its content."""
    return msgspec.structs.replace(shown(row), content=row["content"])


def shown(row: PluginRow) -> models.Component:
    """A version in a list."""
    return models.Component(
        project=row["project"],
        name=row["name"],
        version=row["version"],
        digest=row["digest"],
        description=row["description"],
        tags=_decode(row["tags"]),
        stage=row["stage"],
        deprecated=bool(row["deprecated"]),
        archived=row["archived_at"] is not None,
        created_by=row["created_by"],
        created_at=rfc3339(row["created_at"]) or "",
        updated_at=rfc3339(row["updated_at"]) or "",
    )
