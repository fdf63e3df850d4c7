"""Lineage: where a run comes from, what came of it, and the artifacts that went in and out."""

from __future__ import annotations

import msgspec

from trainyard.client.models.artifact import Artifact

__all__ = ["Lineage", "RelatedRun"]


class RelatedRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run that another is related to. `how` is `restart`, `resume` or `copy` for clones. A run that was deleted has
    the status `deleted` and no name."""

    id: str
    status: str
    name: str = ""
    how: str = ""


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """The runs around a run. `original` is what it was made from, `clones` what was made from it; `upstream` are runs
    whose results it uses, `downstream` those that use its own. `taken` are artifacts that another run holds, `made`
    its own. Each list is cut at `most` items; `cut` names those that were."""

    run: str
    original: RelatedRun | None = None
    parent: RelatedRun | None = None
    clones: list[RelatedRun] = []
    children: list[RelatedRun] = []
    upstream: list[RelatedRun] = []
    downstream: list[RelatedRun] = []
    taken: list[Artifact] = []
    made: list[Artifact] = []
    most: int = 500
    cut: list[str] = []
